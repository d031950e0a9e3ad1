"""Reads X's refusals.

X names its problems three ways at once: by status, by the end of a ``type`` URI (whose host has
changed and will again), and by an English sentence. All its 403 answers share one ``type``, so
there only the sentence tells a duplicate from a prohibition. Older paths still answer with numbered
errors. Source: docs.x.com, fundamentals/response-codes-and-errors and fundamentals/rate-limits.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
from pydantic import BaseModel, ValidationError

from channels.contract import BadCredentials, ChannelError, OutcomeUnknown, Refused, Throttled
from channels.http import not_absurd, unix_time

PROVIDER = "X"
DEFAULT_WINDOW = timedelta(minutes=15)
_WINDOWS = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")

_RATE_LIMIT = 88
_DUPLICATE = 187
_ACCOUNT = frozenset({32, 64, 89, 99, 135, 215, 220, 261, 326})
"""Numbered errors about the app or the account: bad keys, suspended, locked, no right to write."""


class _Numbered(BaseModel):
    code: int | None = None


class _Problem(BaseModel):
    title: str = ""
    detail: str = ""
    type: str = ""
    period: str = ""
    errors: list[_Numbered] = []

    def named(self, name: str) -> bool:
        return self.type.rstrip("/").rpartition("/")[2] == name

    def numbered(self, *codes: int) -> bool:
        return any(one.code in codes for one in self.errors)


def own_words(response: httpx.Response, now: datetime) -> ChannelError | None:
    """X's own meaning of an answer; None where the plain reading is right."""
    try:
        problem = _Problem.model_validate_json(response.content)
    except ValidationError:
        problem = _Problem()
    status = response.status_code
    if not 400 <= status < 500:
        return None
    if status == 402 or problem.named("credits") or problem.named("credits-depleted"):
        return BadCredentials(
            "X: the account's credits are used up (402).",
            "Top them up in the developer portal, then retry the channel.",
        )
    if problem.named("usage-capped"):
        return _capped(problem, now)
    if status == 429 or problem.numbered(_RATE_LIMIT):
        return Throttled(
            "X: the account has posted or asked as often as it may for now (429).",
            until=reset_of(response.headers, now),
        )
    if problem.numbered(_DUPLICATE) or "duplicate content" in problem.detail.lower():
        return OutcomeUnknown(
            "X: it says that the account has posted these words before, so an earlier attempt "
            "may have gone out.",
            "Look for it on the account before doing anything else.",
        )
    if status == 401 or problem.numbered(*_ACCOUNT):
        return BadCredentials(
            f"X: it does not accept our keys ({status}).",
            "Make new ones in the developer portal, and see that this machine's clock is right: "
            "a signature is only good for a few minutes.",
        )
    if problem.named("client-forbidden"):
        return BadCredentials(
            "X: the app may not use this part of the API (403).",
            "Give the app read and write permission in the developer portal, then make new tokens.",
        )
    if status == 400:
        return Refused(
            "X: it considers the request invalid (400): most often the post is too long.",
            "Shorten the post and propose it again.",
        )
    if status == 403:
        return Refused(
            "X: it forbids this post (403).",
            "Read the account's notices on x.com; change the words and propose it again.",
        )
    return None


def reset_of(headers: httpx.Headers, now: datetime) -> datetime:
    """When a throttled account may go on: the last reset among its exhausted windows.

    X keeps a short window and one of 24 hours, and reports each with headers of its own; without
    such a header, the documented 15 minutes apply.
    """
    exhausted = [
        reset
        for window in _WINDOWS
        if headers.get(f"{window}-remaining", "").strip() == "0"
        and (reset := unix_time(headers.get(f"{window}-reset")))
    ]
    short = unix_time(headers.get("x-rate-limit-reset"))
    until = max(exhausted) if exhausted else short or now + DEFAULT_WINDOW
    return not_absurd(until, now)


def _capped(problem: _Problem, now: datetime) -> ChannelError:
    if problem.period.lower() == "daily":
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return Throttled("X: the account's usage cap for today is reached.", until=midnight)
    return BadCredentials(
        "X: the account's usage cap for this month is reached.",
        "Raise the cap in the developer portal, then retry the channel.",
    )
