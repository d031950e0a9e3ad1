"""Reads an exchange over httpx: a response, or one of the errors of a channel.

Every adapter that uses httpx goes through this module, so that "nothing went out" and "nobody
knows" mean the same everywhere. Two verbs, because the same broken connection means different
things:

``publish_over``
    The request changes what the public sees and must not be made twice. Once a byte of it may have
    left, no answer is ``OutcomeUnknown``.
``ask_over``
    The request only reads, or may be repeated (deleting what is gone already changes nothing). No
    answer is ``Unreachable``: try again.

====================================================  ================  ===============
what happened                                         publish_over      ask_over
====================================================  ================  ===============
no connection: DNS, refused, TLS, proxy, full pool    Unreachable       Unreachable
writing, reading or closing failed; broken protocol   OutcomeUnknown    Unreachable
the address is no URL we can use                      Refused           Refused
3xx (a redirected POST would become a GET)            Refused           Refused
401                                                   BadCredentials    BadCredentials
402                                                   BadCredentials    BadCredentials
408, 5xx, an answer nobody can read                   OutcomeUnknown    Unreachable
429                                                   Throttled         Throttled
any other 4xx                                         Refused           Refused
====================================================  ================  ===============

An adapter passes ``own``, the meaning of its provider's own answers of 300 and above; where that
returns None, the table applies. Errors never quote the provider and have no cause: the text of an
httpx or h11 exception may contain a header, hence a key.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cache
from math import ceil
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from channels.contract import (
    BadCredentials,
    ChannelError,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
)

Clock = Callable[[], datetime]
OwnReading = Callable[[httpx.Response], ChannelError | None]
Shape = TypeVar("Shape", bound=BaseModel)

DEFAULT_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=48)
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?")


class Effect(StrEnum):
    """What a request changes, and so what it means if no answer came."""

    PUBLISHES = "publishes"
    REPEATABLE = "repeatable"


NOTHING_WENT_OUT: tuple[type[httpx.RequestError], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
"""Raised before the first byte of a request: httpx reports DNS and TLS as ``ConnectError``."""


def utc_now() -> datetime:
    """The time, for adapters that were not given another clock."""
    return datetime.now(UTC)


def new_client(*, connect: float, read: float, pool: int = 16) -> httpx.AsyncClient:
    """A pooled client for one adapter: seconds to connect and to wait for bytes; no redirects."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(read, connect=connect, pool=read),
        limits=httpx.Limits(max_connections=pool, max_keepalive_connections=pool),
        follow_redirects=False,
        verify=_certificates(),
    )


@cache
def _certificates() -> ssl.SSLContext:
    # Reading those of the system takes a twentieth of a second: too long for every client of every
    # channel, which is built to look at a playbook, too.
    return httpx.create_ssl_context()


async def publish_over(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    provider: str,
    own: OwnReading | None = None,
    clock: Clock = utc_now,
) -> httpx.Response:
    """Make a request that must not be made twice; return its 2xx response or raise."""
    return await _exchange(client, request, Effect.PUBLISHES, provider, own, clock)


async def ask_over(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    provider: str,
    own: OwnReading | None = None,
    clock: Clock = utc_now,
) -> httpx.Response:
    """Make a request that may be made again; return its 2xx response or raise."""
    return await _exchange(client, request, Effect.REPEATABLE, provider, own, clock)


async def _exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    effect: Effect,
    provider: str,
    own: OwnReading | None,
    clock: Clock,
) -> httpx.Response:
    try:
        response = await client.send(request, follow_redirects=False)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise no_answer(error, effect, provider) from None
    if response.is_success:
        return response
    meant = own(response) if own else None
    raise meant or plain_reading(response, effect, provider, clock())


def no_answer(error: Exception, effect: Effect, provider: str) -> ChannelError:
    """The meaning of an httpx exception; ``error`` itself is named by its class only."""
    kind = type(error).__name__
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Refused(
            f"{provider}: its configured address is not an http or https URL.",
            "Correct the channel's BASE_URL variable and restart the worker.",
        )
    if isinstance(error, NOTHING_WENT_OUT):
        return Unreachable(
            f"{provider}: no connection ({kind}); nothing went out.",
            "It is tried again; if it goes on, check the network and the provider's status page.",
        )
    return silence(effect, provider, f"the connection broke ({kind})")


def silence(effect: Effect, provider: str, how: str) -> ChannelError:
    """The error for a request that left and got no clear answer."""
    if effect is Effect.PUBLISHES:
        return OutcomeUnknown(
            f"{provider}: the request left and {how}; nobody knows whether it was taken.",
            "Look at the provider before sending it again.",
        )
    return Unreachable(f"{provider}: {how}.", "It is asked again.")


def plain_reading(
    response: httpx.Response, effect: Effect, provider: str, now: datetime
) -> ChannelError:
    """The meaning of a status of 300 and above where the provider has no words of its own."""
    return meaning_of_status(
        response.status_code, effect, provider, throttled_until(response.headers, now)
    )


def meaning_of_status(status: int, effect: Effect, provider: str, until: datetime) -> ChannelError:
    """The meaning of a bare status; ``until`` is when a throttled request may be made again."""
    if 300 <= status < 400:
        return Refused(
            f"{provider}: it answered {status}, a redirect, and those are never followed.",
            "Correct the channel's BASE_URL variable: it should be the final address.",
        )
    if status == 401:
        return BadCredentials(
            f"{provider}: it does not accept our credentials (401).",
            "Renew them, restart the worker, then run the check again.",
        )
    if status == 402:
        return BadCredentials(
            f"{provider}: the account is out of credit (402).",
            "Top it up with the provider, then retry the channel.",
        )
    if status == 429:
        return Throttled(f"{provider}: too many requests (429).", until=until)
    if status == 408 or status >= 500:
        return silence(effect, provider, f"the answer was {status}")
    return Refused(
        f"{provider}: it refused the request ({status}).",
        "Check the copy and the account's permissions; this does not go away by itself.",
    )


def body_of(response: httpx.Response, shape: type[Shape], effect: Effect, provider: str) -> Shape:
    """The body of a 2xx response as a model; a body nobody can read counts as no answer."""
    try:
        return shape.model_validate_json(response.content)
    except ValidationError:
        raise silence(effect, provider, "the answer could not be read") from None


def throttled_until(
    headers: httpx.Headers, now: datetime, default: timedelta = DEFAULT_WAIT
) -> datetime:
    """When a throttled request may be made again, by ``Retry-After`` or ``X-RateLimit-Reset``."""
    after = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(after):
        # RFC 9110 knows whole seconds only, and some providers send fractions: never too early.
        return not_absurd(now + timedelta(seconds=ceil(min(float(after), 1e7))), now)
    if after:
        try:
            return not_absurd(parsedate_to_datetime(after).astimezone(UTC), now)
        except ValueError:
            pass
    reset = unix_time(headers.get("x-ratelimit-reset") or headers.get("x-rate-limit-reset"))
    return not_absurd(reset, now) if reset else now + default


def unix_time(text: str | None) -> datetime | None:
    """Seconds since 1970 in a header as a time, or None if it is no such number."""
    try:
        return datetime.fromtimestamp(float(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def not_absurd(until: datetime, now: datetime) -> datetime:
    """``until``, but at least a second and at most two days away.

    A provider's clock may lag behind ours, and one broken header must not silence a channel.
    """
    return min(max(until, now + timedelta(seconds=1)), now + LONGEST_WAIT)
