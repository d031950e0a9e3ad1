"""A provider for the contract suite that needs no server: httpx, answered in memory.

Enough for any channel that speaks HTTP through httpx. Give it ``serve``, which answers a request
well and adds what it published to ``taken``, and ``make``, which builds a channel on a client.

Whether a request publishes is told by what it does: it publishes if ``serve`` changes ``taken``, by
whatever method. So ``serve`` keeps in ``taken`` all that is published and nothing else: a search by
POST, a token or an uploaded image leaves ``taken`` as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

import httpx

from channels.contract import Channel
from channels.contract_suite.stand_in import (
    LATER,
    TAKEN,
    Letter,
    LookFault,
    Misbehaviour,
    NotPlayed,
    Post,
)

Make = Callable[[httpx.AsyncClient], Channel]
Serve = Callable[[httpx.Request, list[str]], httpx.Response]
ReadLetters = Callable[[Sequence[str]], list[Letter]]
ReadPosts = Callable[[Sequence[str]], list[Post]]
Say = Callable[[Sequence[str]], list[str]]

SECONDS = 90
UNREADABLE = b"<html>all is well, dear sender</html>"
_RETRY_AFTER = {"retry-after": str(SECONDS)}
_SENT_ELSEWHERE = httpx.Response(302, headers={"location": "https://elsewhere.example"})
_ANSWERS: dict[Misbehaviour | LookFault, httpx.Response] = {
    Misbehaviour.THROTTLES: httpx.Response(
        429, headers=_RETRY_AFTER, text="slow down, dear sender"
    ),
    Misbehaviour.THROTTLES_WITHOUT_RESET: httpx.Response(429, text="slow down, dear sender"),
    Misbehaviour.REFUSES: httpx.Response(422, text="not these words, dear sender"),
    Misbehaviour.CALLS_INVALID: httpx.Response(400, text="what is this, dear sender"),
    Misbehaviour.FORBIDS: httpx.Response(403, text="not this one, dear sender"),
    Misbehaviour.KNOWS_NO_SUCH_PLACE: httpx.Response(404, text="nobody here, dear sender"),
    Misbehaviour.CALLS_TOO_LARGE: httpx.Response(413, text="too much, dear sender"),
    Misbehaviour.CREDENTIALS_DEAD: httpx.Response(401, text="who are you, dear sender"),
    Misbehaviour.REDIRECTS: _SENT_ELSEWHERE,
    Misbehaviour.FAILS_BEFORE: httpx.Response(503, text="we are down, dear sender"),
    Misbehaviour.FAILS_AFTER: httpx.Response(500, text="something broke, dear sender"),
    Misbehaviour.GIVES_UP_AFTER: httpx.Response(408, text="too slow, dear sender"),
    Misbehaviour.GATEWAY_FAILS_AFTER: httpx.Response(502, text="no answer, dear sender"),
    Misbehaviour.BUSY_AFTER: httpx.Response(503, headers=_RETRY_AFTER, text="busy, dear sender"),
    Misbehaviour.GATEWAY_TIMES_OUT_AFTER: httpx.Response(504, text="no answer, dear sender"),
    Misbehaviour.UNREADABLE_AFTER: httpx.Response(200, content=UNREADABLE),
    Misbehaviour.EMPTY_AFTER: httpx.Response(200),
    Misbehaviour.WITHOUT_ID_AFTER: httpx.Response(200, json={"note": "thank you, dear sender"}),
    LookFault.FORBIDDEN: httpx.Response(403, text="not for you, dear sender"),
    LookFault.CREDENTIALS_DEAD: httpx.Response(401, text="who are you, dear sender"),
    LookFault.THROTTLES: httpx.Response(429, headers=_RETRY_AFTER, text="slow down, dear sender"),
    LookFault.FAILS: httpx.Response(500, text="something broke, dear sender"),
    LookFault.WITHOUT_LIST: httpx.Response(200, json={"note": "all is well, dear sender"}),
    LookFault.UNREADABLE: httpx.Response(200, content=UNREADABLE),
    LookFault.GONE: httpx.Response(404, text="nobody here, dear sender"),
    LookFault.REDIRECTS: _SENT_ELSEWHERE,
    LookFault.EMPTY: httpx.Response(200),
    LookFault.NULL: httpx.Response(200, json=None),
}
_BROKEN: dict[Misbehaviour | LookFault, type[httpx.RequestError]] = {
    Misbehaviour.UNREACHED: httpx.ConnectTimeout,
    Misbehaviour.SILENT_BEFORE: httpx.ReadTimeout,
    Misbehaviour.SILENT_AFTER: httpx.ReadTimeout,
    Misbehaviour.DROPS_BEFORE: httpx.RemoteProtocolError,
    Misbehaviour.DROPS_AFTER: httpx.RemoteProtocolError,
    Misbehaviour.BREAKS_OFF_AFTER: httpx.ReadError,
    LookFault.SILENT: httpx.ReadTimeout,
    LookFault.DROPS: httpx.RemoteProtocolError,
}


class MockProvider:
    """Misbehaves once when told to; ``secrets`` of the channel come before its own words.

    ``serve`` shows at most ``page_size`` posts at once, as the provider does; None says that a look
    asks for one thing by its key. ``letters`` reads what ``serve`` took, for a channel of mail;
    ``posts`` does for a channel of posts. ``say`` lets strangers speak, for a channel that listens,
    and ``take_away`` lets them delete it, for one that replies. ``never`` are faults that this
    provider does not have, such as an answer without an id. ``is_look`` tells requests that read
    from those that publish, where what ``serve`` does to ``taken`` does not.
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
        posts: ReadPosts | None = None,
        say: Say | None = None,
        take_away: Callable[[str], None] | None = None,
        never: Collection[Misbehaviour | LookFault] = (),
        is_look: Callable[[httpx.Request], bool] | None = None,
    ) -> None:
        self._make = make
        self._serve = serve
        self._letters = letters
        self._posts = posts
        self._say = say
        self._take_away = take_away
        self._never = never
        self._is_look = is_look
        self._taken: list[str] = []
        self._tried = 0
        self._next: Misbehaviour | None = None
        self._looks: LookFault | None = None
        self.secrets = (*secrets, "dear sender")
        self.page_size = page_size

    def channel(self) -> Channel:
        return self._make(httpx.AsyncClient(transport=httpx.MockTransport(self._answer)))

    def channel_to_nowhere(self) -> Channel:
        def refuse(request: httpx.Request) -> httpx.Response:
            self._tried += 1
            raise httpx.ConnectError("connection refused", request=request)

        return self._make(httpx.AsyncClient(transport=httpx.MockTransport(refuse)))

    async def misbehave(self, how: Misbehaviour) -> None:
        self._refuse_never(how)
        self._next = how

    async def misbehave_at_looks(self, how: LookFault) -> None:
        self._refuse_never(how)
        self._looks = how

    async def accepted(self) -> list[str]:
        return list(self._taken)

    async def tried(self) -> int:
        return self._tried

    async def posts(self) -> list[Post] | None:
        return self._posts(self._taken) if self._posts else None

    async def letters(self) -> list[Letter]:
        if self._letters is None:
            raise TypeError("for a channel of mail, give MockProvider the argument letters=")
        return self._letters(self._taken)

    async def say(self, texts: Sequence[str]) -> list[str]:
        if self._say is None:
            raise TypeError("for a channel that listens, give MockProvider the argument say=")
        return self._say(texts)

    async def answers_to(self, mention: str) -> list[str]:
        return [one.text for one in await self.posts() or () if one.answers == mention]

    async def take_away(self, mention: str) -> None:
        if self._take_away is None:
            raise TypeError("for a channel that replies, give MockProvider the argument take_away=")
        self._take_away(mention)

    def _refuse_never(self, how: Misbehaviour | LookFault) -> None:
        if how in self._never:
            raise NotPlayed(f"this provider never {how}")

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        # A provider takes a moment, in which others get their turn.
        await asyncio.sleep(0)
        after = list(self._taken)
        well = self._serve(request, after)
        how: Misbehaviour | LookFault | None
        if self._is_look(request) if self._is_look else after == self._taken:
            how = self._looks
            if how in LATER:
                self._looks, how = LATER[how], None
        else:
            self._tried += 1
            how, self._next = self._next, None
        if how is None or how in TAKEN:
            self._taken[:] = after
        if how is None:
            return well
        if how in _BROKEN:
            raise _BROKEN[how]("no answer, dear sender", request=request)
        answer = _ANSWERS[how]
        # Each answer is a new one: httpx reads a response once.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
