"""A provider for the contract suite that needs no server: httpx, answered in memory.

Enough for any channel that speaks HTTP through httpx. Give it ``serve``, which answers a request
well and adds what it published to ``taken``, and ``make``, which builds a channel on a client.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx

from channels.contract import Channel
from channels.contract_suite.stand_in import Misbehaviour

SECONDS = 90
_ANSWERS = {
    Misbehaviour.THROTTLES: httpx.Response(
        429, headers={"retry-after": str(SECONDS)}, text="slow down, dear sender"
    ),
    Misbehaviour.THROTTLES_WITHOUT_RESET: httpx.Response(429, text="slow down, dear sender"),
    Misbehaviour.REFUSES: httpx.Response(422, text="not these words, dear sender"),
    Misbehaviour.CREDENTIALS_DEAD: httpx.Response(401, text="who are you, dear sender"),
    Misbehaviour.REDIRECTS: httpx.Response(302, headers={"location": "https://elsewhere.example"}),
    Misbehaviour.FAILS_BEFORE: httpx.Response(503, text="we are down, dear sender"),
}
_TAKEN_FIRST = (Misbehaviour.SILENT_AFTER, Misbehaviour.DROPS_AFTER, Misbehaviour.FAILS_AFTER)


class MockProvider:
    """Misbehaves once when told to; ``secrets`` of the channel come before its own words."""

    wait = timedelta(seconds=SECONDS)

    def __init__(
        self,
        make: Callable[[httpx.AsyncClient], Channel],
        serve: Callable[[httpx.Request, list[str]], httpx.Response],
        *,
        secrets: tuple[str, ...],
    ) -> None:
        self._make = make
        self._serve = serve
        self._taken: list[str] = []
        self._next: Misbehaviour | None = None
        self.secrets = (*secrets, "dear sender")

    def channel(self) -> Channel:
        return self._make(httpx.AsyncClient(transport=httpx.MockTransport(self._answer)))

    def channel_to_nowhere(self) -> Channel:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("connection refused", request=request)

        return self._make(httpx.AsyncClient(transport=httpx.MockTransport(refuse)))

    async def misbehave(self, how: Misbehaviour) -> None:
        self._next = how

    async def accepted(self) -> list[str]:
        return list(self._taken)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or self._next is None:
            return self._serve(request, self._taken)
        how, self._next = self._next, None
        if how in _TAKEN_FIRST:
            self._serve(request, self._taken)
        match how:
            case Misbehaviour.SILENT_BEFORE | Misbehaviour.SILENT_AFTER:
                raise httpx.ReadTimeout("no answer", request=request)
            case Misbehaviour.DROPS_BEFORE | Misbehaviour.DROPS_AFTER:
                raise httpx.RemoteProtocolError("hung up", request=request)
            case Misbehaviour.FAILS_AFTER:
                return httpx.Response(500, text="something broke, dear sender")
            case _:
                return _ANSWERS[how]
