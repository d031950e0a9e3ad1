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

from channels.contract import BadCredentials, ChannelError, PerhapsPosted, Refused, Throttled
from channels.http import not_absurd, unix_time
from domain.explanation import explained

PROVIDER = "X"
DEFAULT_WINDOW = timedelta(minutes=15)
_WINDOWS = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")

_RATE_LIMIT = 88
_DUPLICATE = 187
_KEYS = frozenset({32, 89, 99, 135, 215, 220, 416})
_LOCKED = frozenset({64, 326})
_NO_WRITING = frozenset({261})
_NOT_ENROLLED = frozenset({453})
_DAILY = frozenset({185})

_ACCOUNT_WORDS = ("locked", "suspended", "log in", "login", "unlock", "verify your", "deactivated")
"""In the sentence of a 403 that is about the account and not about the post."""


class _Numbered(BaseModel):
    code: int | None = None


class _Problem(BaseModel):
    title: str = ""
    detail: str = ""
    type: str = ""
    reason: str = ""
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
    if status == 429 or problem.numbered(_RATE_LIMIT, *_DAILY):
        return Throttled(
            "X: the account has posted or asked as often as it may for now (429).",
            until=reset_of(response.headers, now),
        )
    if problem.numbered(_DUPLICATE) or "duplicate content" in problem.detail.lower():
        return PerhapsPosted(
            "X: it says that the account has posted these words before, so an earlier attempt "
            "may have gone out.",
            otherwise=explained(
                "X: it takes this for a repetition of another post (403).",
                "Change some words and propose it again.",
            ),
        )
    if about_us := _about_us(problem, status):
        return about_us
    if status == 400:
        return Refused(
            "X: it considers the request invalid (400): most often the post is too long.",
            "Shorten the post and propose it again.",
        )
    if status == 403:
        return Refused(
            "X: it forbids this (403), and does not say whether the account, the app or the post "
            "is meant.",
            "Log in to the account on x.com and read its notices. If there are none, change the "
            "words and propose it again.",
        )
    return None


def lacks_permission(response: httpx.Response) -> bool:
    """Whether a refusal is about what the keys may do, and not about the account or a limit."""
    if response.status_code != 403:
        return False
    try:
        problem = _Problem.model_validate_json(response.content)
    except ValidationError:
        return True
    words = problem.detail.lower()
    about_account = problem.numbered(*_LOCKED) or any(one in words for one in _ACCOUNT_WORDS)
    enrolled = problem.reason != "client-not-enrolled" and not problem.numbered(*_NOT_ENROLLED)
    return enrolled and not about_account and not problem.named("usage-capped")


def _about_us(problem: _Problem, status: int) -> ChannelError | None:
    """What is wrong with the keys, the app or the account; None if that is not said."""
    # The account first: its numbers also come with a 401.
    words = problem.detail.lower()
    if problem.numbered(*_LOCKED) or (
        status == 403 and any(one in words for one in _ACCOUNT_WORDS)
    ):
        return BadCredentials(
            f"X: the account is locked or suspended ({status}).",
            "Log in to it on x.com and do what is asked there, then retry the channel.",
        )
    if problem.numbered(*_NO_WRITING) or problem.type.rstrip("/").endswith("-permissions"):
        return BadCredentials(
            f"X: the app may read, but not post ({status}).",
            "Give the app read and write permission in the developer portal, make new access "
            "tokens after that, and restart the worker.",
        )
    if problem.reason == "client-not-enrolled" or problem.numbered(*_NOT_ENROLLED):
        return BadCredentials(
            f"X: the app is not attached to a project with access to this API ({status}).",
            "Attach it to a project in the developer portal, then retry the channel.",
        )
    if problem.named("client-forbidden"):
        return BadCredentials(
            f"X: the app may not use this part of the API ({status}).",
            "Look at the app's access level and permissions in the developer portal.",
        )
    if status == 401 or problem.numbered(*_KEYS):
        return BadCredentials(
            f"X: it does not accept our keys ({status}).",
            "Make new ones in the developer portal, and see that this machine's clock is right: "
            "a signature is only good for a few minutes.",
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
