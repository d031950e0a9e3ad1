"""Reads the Graph API's refusals: by their code, which means more than the status.

Source: developers.facebook.com, graph-api/guides/error-handling and graph-api/overview/
rate-limiting; subcodes 1390008 and 1404082 from other projects' issues. What decides the design:
codes 1 and 2, and a plain HTTP 500, have been answered to posts that were published; people who
tried again published seven times (arsduo/koala, issue 699).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import orjson
from pydantic import BaseModel, ValidationError

from channels.contract import BadCredentials, ChannelError, PerhapsPosted, Refused, Throttled
from channels.facebook.graph import PROVIDER, GraphAnswer
from channels.http import Effect, meaning_of_status, not_absurd, silence
from domain.explanation import explained

DEFAULT_WAIT = timedelta(minutes=60)
TOO_FAST_WAIT = timedelta(hours=3)

_BUSY = frozenset({1, 2})
_THROTTLED = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
_TOKEN = frozenset({102, 190})
_SECRET = frozenset({104})
_SECRET_PROOF = "appsecret_proof"
"""The name of the parameter, which is in the answer whatever its language."""
_PERMISSION = frozenset({3, 10, *range(200, 300)})
_SAID_BEFORE = 506
_BLOCKED = 368
_LINK = 1609005
_NO_SUCH_PARAMETER = 100

_TOO_FAST_SUBCODE = 1390008
_SAID_BEFORE_SUBCODE = 1404082
_MISSING_SUBCODE = 33

_TOKEN_STORY = {
    458: "the app was removed from the account",
    459: "the account must pass a security check",
    460: "the password was changed",
    463: "the token has expired",
    464: "the account is not confirmed",
    467: "the token was revoked",
    492: "its owner lost their role on the Page",
}


class Gone(Refused):
    """The object does not exist, or not for us."""


class NoPermission(Refused):
    """The token lacks a permission."""


class _Problem(BaseModel):
    message: str = ""
    code: int | None = None
    error_subcode: int | None = None
    is_transient: bool = False


class _Usage(BaseModel):
    estimated_time_to_regain_access: float = 0.0


def meaning_of(answer: GraphAnswer, effect: Effect, now: datetime) -> ChannelError | None:
    """The error that an answer means, or None for a success."""
    if answer.error is None:
        if 200 <= answer.status < 300:
            return None
        return meaning_of_status(answer.status, effect, PROVIDER, now + DEFAULT_WAIT)
    try:
        problem = _Problem.model_validate(answer.error)
    except ValidationError:
        problem = _Problem()
    code, subcode = problem.code, problem.error_subcode
    if code in _THROTTLED:
        return Throttled(
            f"{PROVIDER}: the Page has used up its calls for now (code {code}).",
            until=_regained(answer.headers, now),
            next_step="No request is made before then: more requests would prolong the block.",
        )
    if code == _SAID_BEFORE or subcode == _SAID_BEFORE_SUBCODE:
        return PerhapsPosted(
            f"{PROVIDER}: it says that the Page has just posted the same, so an earlier attempt "
            "may have gone out.",
            otherwise=explained(
                f"{PROVIDER}: it takes this for a repetition of another post (code {code}).",
                "Change some words and propose it again.",
            ),
        )
    if code == _BLOCKED and subcode == _TOO_FAST_SUBCODE:
        return Throttled(
            f"{PROVIDER}: the Page posts too fast for it (code 368).", until=now + TOO_FAST_WAIT
        )
    if code in _SECRET or (code == _NO_SUCH_PARAMETER and _SECRET_PROOF in problem.message):
        return BadCredentials(
            f"{PROVIDER}: it does not accept the proof that comes with our token (code {code}): "
            "the app secret is missing here, or is not that of the app which made the token.",
            "Copy the secret from the app's settings at Meta into FRONTFOOT_FACEBOOK_APP_SECRET "
            "and restart the worker.",
        )
    if code in _TOKEN:
        story = _TOKEN_STORY.get(subcode or 0, "it is not valid any more")
        return BadCredentials(
            f"{PROVIDER}: it does not accept the Page's token: {story} (code {code}).",
            "Make a new Page token, set FRONTFOOT_FACEBOOK_PAGE_TOKEN and restart the worker.",
        )
    if code in _BUSY:
        return silence(effect, PROVIDER, f"it answered that it failed (code {code})")
    return _refusal(problem, answer.status, effect, now)


def _refusal(problem: _Problem, status: int, effect: Effect, now: datetime) -> ChannelError:
    code = problem.code
    if code == _NO_SUCH_PARAMETER and problem.error_subcode == _MISSING_SUBCODE:
        return Gone(
            f"{PROVIDER}: there is no such object, or the token may not see it (code 100).",
            "Check FRONTFOOT_FACEBOOK_PAGE_ID and the token's permissions.",
        )
    if code == _BLOCKED:
        # Meta gives this code to a repetition too, and not always with a subcode.
        return PerhapsPosted(
            f"{PROVIDER}: it has blocked this (code 368), perhaps because the Page has posted the "
            "same before.",
            otherwise=explained(
                f"{PROVIDER}: it has blocked this as abusive (code 368).",
                "Read the Page's support inbox; appeal there, or change the words.",
            ),
        )
    if code == _LINK:
        return Refused(
            f"{PROVIDER}: it cannot read the link (code {_LINK}).",
            "See that the link opens for everybody, or revise the message without it.",
        )
    if code in _PERMISSION:
        return NoPermission(
            f"{PROVIDER}: the token lacks a permission (code {code}).",
            "Give it pages_manage_posts, pages_read_engagement and, for replies, "
            "pages_manage_engagement, then retry the channel.",
        )
    # Last, because these two only matter for codes that we do not know.
    if problem.is_transient or status >= 500:
        return silence(effect, PROVIDER, f"it answered that it failed (code {code})")
    if status == 401:
        return meaning_of_status(status, effect, PROVIDER, now)
    what = f"{PROVIDER}: it refused the request (code {code})."
    if effect is Effect.PUBLISHES:
        return Refused(what, "Compare the code with Meta's error reference; read the copy again.")
    return Refused(
        what,
        "Compare the code with Meta's error reference; check FRONTFOOT_FACEBOOK_PAGE_ID and "
        "FRONTFOOT_FACEBOOK_VERSION.",
    )


def _regained(headers: Mapping[str, str], now: datetime) -> datetime:
    """When the Page may call again: the longest wait in the usage header, which is in minutes."""
    lowered = {name.lower(): value for name, value in headers.items()}
    minutes = 0.0
    try:
        usage = orjson.loads(lowered.get("x-business-use-case-usage", "{}"))
        for entries in usage.values():
            for entry in entries:
                wait = _Usage.model_validate(entry).estimated_time_to_regain_access
                minutes = max(minutes, wait)
    except (orjson.JSONDecodeError, AttributeError, TypeError, ValidationError):
        pass
    return not_absurd(now + (timedelta(minutes=minutes) if minutes > 0 else DEFAULT_WAIT), now)
