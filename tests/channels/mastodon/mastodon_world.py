"""A channel to Mastodon: the contract suite's provider, and one whose provider is one function."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from channels.contract import Channel, Publication
from channels.contract_suite.stand_in import LATER, LookFault, Misbehaviour, NotPlayed
from channels.mastodon import MastodonChannel, MastodonSettings
from domain.message import Copy
from tests.channels.mastodon.mastodon_server import PAGE, TOKEN, Books
from tests.channels.one_shot import Canned, Cans, OneShotTransport
from tests.channels.sandbox_provider import (
    CONNECT_TIMEOUT,
    HIDDEN,
    OF_ANY_SERVER,
    READ_TIMEOUT,
    closed_port,
)

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
MARK = "Update 2, 20 Nov 14:05 UTC"
LINK = "https://status.acme.example/incidents/2026-11-20-leak"
TEXT = f"We shut the leak & rotate keys.\n\n<b>Nobody</b> lost money.\n{MARK}\n{LINK}"
COPY = Copy(channel="mastodon", text=TEXT, mark=MARK, link=LINK)
PUBLICATION = Publication("0123456789abcdef.1", COPY)
ME = Canned(200, b'{"id":"109","acct":"acme"}')

PLAYED = (Misbehaviour.REDIRECTS, Misbehaviour.UNREADABLE_AFTER)
"""What the small server can do by itself."""


class MastodonProvider:
    """The small server, as the contract suite asks for it."""

    secrets = (TOKEN, "dear sender")
    page_size = PAGE

    def __init__(self, url: str, books: Books) -> None:
        self._url = url
        self._books = books
        self._cans = Cans()
        self.wait: timedelta = books.wait
        books.late = READ_TIMEOUT * 1.4

    def channel(self) -> Channel:
        return self.at()

    def channel_to_nowhere(self) -> Channel:
        return self.at(closed_port())

    async def misbehave(self, how: Misbehaviour) -> None:
        if how is Misbehaviour.FORBIDS:
            raise NotPlayed("Mastodon's 403 is about the token or the account, never about words")
        if how in OF_ANY_SERVER and how not in PLAYED:
            self._cans.stock.append(OF_ANY_SERVER[how])
        elif how in (Misbehaviour.UNREACHED, Misbehaviour.BREAKS_OFF_AFTER):
            raise NotPlayed(f"this server never {how}")
        else:
            self._books.next = how

    async def misbehave_at_looks(self, how: LookFault) -> None:
        if how in HIDDEN and how not in (LookFault.WITHOUT_LIST, LookFault.UNREADABLE):
            self._cans.looks = HIDDEN[how]
        elif how is LookFault.DROPS or (how in LATER and how is not LookFault.FAILS_LATER):
            raise NotPlayed(f"this server never {how}")
        else:
            self._books.looks = how

    async def accepted(self) -> list[str]:
        return [json.dumps(one, ensure_ascii=False) for one in self._books.taken]

    async def say(self, texts: Sequence[str]) -> list[str]:
        account = {"id": "77", "acct": "ann@other.example", "display_name": "Ann"}
        return [self._books.notify(text, account) for text in texts]

    async def take_away(self, mention: str) -> None:
        self._books.gone.add(mention)

    async def answers_to(self, mention: str) -> list[str]:
        taken = self._books.taken
        return [one["status"] for one in taken if one.get("in_reply_to_id") == mention]

    def at(self, url: str | None = None) -> MastodonChannel:
        """A channel that speaks to ``url``, or to the small server."""
        settings = MastodonSettings(base_url=url or self._url, token=TOKEN)
        timeout = httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
        client = httpx.AsyncClient(transport=OneShotTransport(self._cans), timeout=timeout)
        return MastodonChannel(settings, client=client)


class World:
    """A channel, and the requests that it made of a Mastodon that answers as ``serve`` says."""

    def __init__(self, serve: Canned | Callable[[httpx.Request], Canned], **settings: Any) -> None:
        self.requests: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            can = serve(request) if callable(serve) else serve
            return httpx.Response(can.status, headers=can.headers, content=can.body)

        self.channel = MastodonChannel(
            MastodonSettings(
                **{"base_url": "https://social.example", "token": "token", **settings}
            ),
            client=httpx.AsyncClient(transport=httpx.MockTransport(handle)),
            clock=lambda: NOW,
        )


def post(content: str, number: str = "11", at: datetime = NOW) -> dict[str, str]:
    """A post as Mastodon shows it, without what nobody here reads."""
    return {
        "id": number,
        "url": f"https://social.example/@acme/{number}",
        "created_at": at.isoformat(timespec="milliseconds"),
        "content": content,
    }


def complaint(error: str) -> bytes:
    """The body of an error."""
    return json.dumps({"error": error}).encode()
