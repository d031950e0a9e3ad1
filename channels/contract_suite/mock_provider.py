"""A provider for the contract suite that needs no server: httpx, answered in memory.

Enough for any channel that speaks HTTP through httpx. Give it ``serve``, which answers a request
well and adds what it published to ``taken``, and ``make``, which builds a channel on a client.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import httpx

from channels.contract import Channel
from channels.contract_suite.stand_in import TAKEN, Letter, LookFault, Misbehaviour

Make = Callable[[httpx.AsyncClient], Channel]
Serve = Callable[[httpx.Request, list[str]], httpx.Response]
ReadLetters = Callable[[Sequence[str]], list[Letter]]

SECONDS = 90
UNREADABLE = b"<html>all is well, dear sender</html>"
_ANSWERS: dict[Misbehaviour | LookFault, httpx.Response] = {
    Misbehaviour.THROTTLES: httpx.Response(
        429, headers={"retry-after": str(SECONDS)}, text="slow down, dear sender"
    ),
    Misbehaviour.THROTTLES_WITHOUT_RESET: httpx.Response(429, text="slow down, dear sender"),
    Misbehaviour.REFUSES: httpx.Response(422, text="not these words, dear sender"),
    Misbehaviour.CALLS_INVALID: httpx.Response(400, text="what is this, dear sender"),
    Misbehaviour.FORBIDS: httpx.Response(403, text="not this one, dear sender"),
    Misbehaviour.CREDENTIALS_DEAD: httpx.Response(401, text="who are you, dear sender"),
    Misbehaviour.REDIRECTS: httpx.Response(302, headers={"location": "https://elsewhere.example"}),
    Misbehaviour.FAILS_BEFORE: httpx.Response(503, text="we are down, dear sender"),
    Misbehaviour.FAILS_AFTER: httpx.Response(500, text="something broke, dear sender"),
    Misbehaviour.UNREADABLE_AFTER: httpx.Response(200, content=UNREADABLE),
    LookFault.FORBIDDEN: httpx.Response(403, text="not for you, dear sender"),
    LookFault.CREDENTIALS_DEAD: httpx.Response(401, text="who are you, dear sender"),
    LookFault.THROTTLES: httpx.Response(
        429, headers={"retry-after": str(SECONDS)}, text="slow down, dear sender"
    ),
    LookFault.FAILS: httpx.Response(500, text="something broke, dear sender"),
    LookFault.WITHOUT_LIST: httpx.Response(200, json={"note": "all is well, dear sender"}),
    LookFault.UNREADABLE: httpx.Response(200, content=UNREADABLE),
}
_AFTERWARDS: dict[LookFault | None, LookFault] = {LookFault.FAILS_LATER: LookFault.FAILS}


def is_get(request: httpx.Request) -> bool:
    """Whether a request only reads, as with most providers."""
    return request.method == "GET"


class MockProvider:
    """Misbehaves once when told to; ``secrets`` of the channel come before its own words.

    ``serve`` shows at most ``page_size`` posts at once, as the provider does; None says that a look
    asks for one thing by its key. ``letters`` reads what ``serve`` took, for a channel of mail.
    ``is_look`` tells requests that read from those that publish.
    """

    wait = timedelta(seconds=SECONDS)

    def __init__(
        self,
        make: Make,
        serve: Serve,
        *,
        secrets: tuple[str, ...],
        page_size: int | None = None,
        letters: ReadLetters | None = None,
        is_look: Callable[[httpx.Request], bool] = is_get,
    ) -> None:
        self._make = make
        self._serve = serve
        self._letters = letters
        self._is_look = is_look
        self._taken: list[str] = []
        self._next: Misbehaviour | None = None
        self._looks: LookFault | None = None
        self.secrets = (*secrets, "dear sender")
        self.page_size = page_size

    def channel(self) -> Channel:
        return self._make(httpx.AsyncClient(transport=httpx.MockTransport(self._answer)))

    def channel_to_nowhere(self) -> Channel:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("connection refused", request=request)

        return self._make(httpx.AsyncClient(transport=httpx.MockTransport(refuse)))

    async def misbehave(self, how: Misbehaviour) -> None:
        self._next = how

    async def misbehave_at_looks(self, how: LookFault) -> None:
        self._looks = how

    async def accepted(self) -> list[str]:
        return list(self._taken)

    async def letters(self) -> list[Letter]:
        if self._letters is None:
            raise TypeError("for a channel of mail, give MockProvider the argument letters=")
        return self._letters(self._taken)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        how: Misbehaviour | LookFault | None
        if self._is_look(request):
            how, self._looks = self._looks, _AFTERWARDS.get(self._looks, self._looks)
        else:
            how, self._next = self._next, None
        if how is None or how is LookFault.FAILS_LATER or how in TAKEN:
            well = self._serve(request, self._taken)
            if how is None or how is LookFault.FAILS_LATER:
                return well
        match how:
            case Misbehaviour.SILENT_BEFORE | Misbehaviour.SILENT_AFTER | LookFault.SILENT:
                raise httpx.ReadTimeout("no answer, dear sender", request=request)
            case Misbehaviour.DROPS_BEFORE | Misbehaviour.DROPS_AFTER:
                raise httpx.RemoteProtocolError("hung up, dear sender", request=request)
        return _ANSWERS[how]
