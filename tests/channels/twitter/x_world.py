"""A channel to X whose provider is one function, and the shapes of X's answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from channels.contract import Publication
from channels.twitter import TwitterChannel, TwitterSettings
from domain.message import Copy
from tests.channels.one_shot import Canned

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
MARK = "Update 2, 20 Nov 14:05 UTC"
TEXT = f"We shut the leak & rotate keys. {MARK}\nhttps://acme.example/status"
COPY = Copy(channel="twitter", text=TEXT, mark=MARK, link="https://acme.example/status")
PUBLICATION = Publication("incident/x/message/2/twitter", COPY)
ME = Canned(200, b'{"data":{"id":"42","username":"Acme","name":"Acme"}}')


class World:
    """A channel, and the requests that it made of an X that answers as ``serve`` says."""

    def __init__(self, serve: Canned | Callable[[httpx.Request], Canned], **settings: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.now = NOW

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            can = serve(request) if callable(serve) else serve
            return httpx.Response(can.status, headers=can.headers, content=can.body)

        keys = {name: name for name in ("consumer_key", "consumer_secret", "token", "token_secret")}
        self.channel = TwitterChannel(
            TwitterSettings(**{"user_id": "7", **keys, **settings}),
            client=httpx.AsyncClient(transport=httpx.MockTransport(handle)),
            clock=lambda: self.now,
        )


def page(*posts: dict[str, Any], token: str | None = None, **more: Any) -> Canned:
    meta = {"result_count": len(posts), **({"next_token": token} if token else {})}
    return Canned(200, orjson.dumps({"data": list(posts), "meta": meta, **more}))


def post(text: str, number: str = "11", **more: Any) -> dict[str, Any]:
    return {"id": number, "text": text, "created_at": "2026-11-20T14:05:09.000Z", **more}


def id_at(at: datetime) -> int:
    """The first id that X can give in that millisecond: the time since 2010 is in front."""
    return (int(at.timestamp() * 1000) - 1_288_834_974_657) << 22
