"""What Mastodon's answers mean, where the plain reading of a status is not enough.

Its errors are ``{"error": "…"}``, in the language that the request asked for; only one English
sentence is looked at, and only to tell a token of an app from a post that is not taken.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
from pydantic import BaseModel, ValidationError

from channels.contract import BadCredentials, ChannelError, Refused, Throttled
from channels.http import not_absurd, throttled_until

PROVIDER = "Mastodon"
UNTOLD_WAIT = timedelta(minutes=5)
"""The window of the limit that a request meets, where the server does not say when it ends."""


class NotThere(Refused):
    """What was asked for is not there."""


class NothingToPostTo(Refused):
    """A post or an answer met a 404: no such API, a known key, or what is answered is missing."""


class _Complaint(BaseModel):
    error: str = ""


def own_words(answer: httpx.Response, now: datetime) -> ChannelError | None:
    """Mastodon's own meaning of an answer; None where the plain reading is right."""
    match answer.status_code:
        case 403:
            return BadCredentials(
                "Mastodon: it forbids this (403): the token lacks a scope, or the account is "
                "suspended, disabled or not confirmed.",
                "Look at the account on its server, make a token with read and write:statuses, "
                "restart the worker, then retry the channel.",
            )
        case 404 if answer.request.method == "POST":
            return NothingToPostTo(
                "Mastodon: there is nothing to post to (404): the server has no such API, or this "
                "very post was made and deleted within the last hour.",
                "Check FRONTFOOT_MASTODON_BASE_URL; or change a word of the post.",
            )
        case 404:
            return NotThere("Mastodon: there is no such thing (404).")
        case 422 if "authenticated user" in _complaint(answer):
            return BadCredentials(
                "Mastodon: the token belongs to an app and not to an account (422).",
                "Make a token for the account, restart the worker, then retry the channel.",
            )
        case 422:
            return Refused(
                "Mastodon: it does not take this post (422): too long for this server, or against "
                "a rule of its own.",
                "Run the channel's check, which compares the limits; then change the copy.",
            )
        case 429:
            return Throttled("Mastodon: too many requests (429).", until=_reset_of(answer, now))
    return None


def _reset_of(answer: httpx.Response, now: datetime) -> datetime:
    """When a throttled request may be made again, by ``X-RateLimit-Reset`` in ISO 8601."""
    try:
        reset = datetime.fromisoformat(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return throttled_until(answer.headers, now, UNTOLD_WAIT)
    return not_absurd(reset if reset.tzinfo else reset.replace(tzinfo=UTC), now)


def _complaint(answer: httpx.Response) -> str:
    try:
        return _Complaint.model_validate_json(answer.content).error
    except ValidationError:
        return ""
