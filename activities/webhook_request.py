"""One request to an endpoint: where it may go, how long it may take, and how it ended.

Somebody of the company wrote the address, and it is reached from inside the company's network. So
the address that the host name leads to is looked at, and exactly that one is connected to: a name
cannot lead elsewhere a moment later. Redirects are not followed, and proxies are not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import timedelta

import httpx

from channels.http import throttled_until, utc_now
from domain.endpoint import is_public
from domain.outbox import AttemptEnd, Ended

ANSWERED_WITHIN = timedelta(seconds=15)
CONNECTED_WITHIN = timedelta(seconds=5)

BODY_READ = 4_096
"""Bytes of an answer that are read, and forgotten: whoever wrote it sees it taken."""

_BODY_WITHIN = 1.0
_NO_WAIT = timedelta()

Answered = tuple[httpx.Response | None, Ended]
"""How a request ended, with the answer that is still to be closed."""


class WebhookRequests:
    """Makes requests; ``private`` lets them go to addresses that are not of the internet.

    No connection is kept: two endpoints may share an address, and a connection is verified for the
    name of one of them.
    """

    def __init__(self, *, private: bool = False, within: timedelta = ANSWERED_WITHIN) -> None:
        self._private = private
        self._within = within.total_seconds()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=CONNECTED_WITHIN.total_seconds()),
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
            verify=httpx.create_ssl_context(),
        )

    async def close(self) -> None:
        """Let go of what is open."""
        await self._client.aclose()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Ended:
        """Post ``body`` and tell how it ended; it never raises for what an endpoint does."""
        started = time.monotonic()
        ended = Ended(end=AttemptEnd.NO_ANSWER)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._within):
                response, ended = await self._anywhere(httpx.URL(url), headers, body)
            if response is not None:
                # It has answered, however long the rest takes.
                await _forget(response)
        took = round((time.monotonic() - started) * 1_000)
        return ended.model_copy(update={"milliseconds": took})

    async def _anywhere(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Answered:
        """Try each address of the host, the next one only if nobody listens at the one before."""
        addresses = await _addresses(url)
        if not addresses:
            return None, Ended(end=AttemptEnd.NO_ADDRESS)
        allowed = [one for one in addresses if self._private or is_public(one)]
        answered: Answered = None, Ended(end=AttemptEnd.PRIVATE)
        for address in allowed:
            answered = await self._at(address, url, headers, body)
            if answered[1].end is not AttemptEnd.UNREACHABLE:
                break
        return answered

    async def _at(
        self, address: str, url: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> Answered:
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            headers={**headers, "Host": url.netloc.decode("ascii")},
            content=body,
            # The certificate has to be that of the name.
            extensions={"sni_hostname": _host(url)},
        )
        try:
            response = await self._client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            end = AttemptEnd.NO_TRUST if _is_tls(error) else AttemptEnd.UNREACHABLE
            return None, Ended(end=end)
        except httpx.HTTPError:
            return None, Ended(end=AttemptEnd.BROKEN)
        now = utc_now()
        wait = throttled_until(response.headers, now, _NO_WAIT) - now
        return response, Ended(
            end=AttemptEnd.ANSWERED,
            status=response.status_code,
            retry_after=wait.total_seconds() or None,
        )


async def _forget(response: httpx.Response) -> None:
    """Read a little of the body, and close: what an answer says is not looked at."""
    try:
        with contextlib.suppress(httpx.HTTPError):
            async with asyncio.timeout(_BODY_WITHIN):
                async for _ in response.aiter_raw(BODY_READ):
                    break
    finally:
        await response.aclose()


def _host(url: httpx.URL) -> str:
    """The host as it was written, in ASCII: ``url.host`` reads an ``xn--`` name as what it spells.

    Written back by an older rule, that may be another host: ``xn--strae-oqa.de``, with its ß, is
    not ``strasse.de``.
    """
    return url.raw_host.decode("ascii")


async def _addresses(url: httpx.URL) -> list[str]:
    """What the host name leads to, each address once."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(_host(url), url.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _is_tls(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
