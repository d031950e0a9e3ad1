"""The sandbox as the contract suite's provider: one class for each of our three channels."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from channels.contract import Channel
from channels.contract_suite.mock_provider import UNREADABLE
from channels.contract_suite.stand_in import Letter, LookFault, Misbehaviour, NotPlayed
from channels.facebook import FacebookChannel, FacebookSettings
from channels.sendgrid import SendGridChannel, SendGridSettings
from channels.twitter import TwitterChannel, TwitterSettings
from tests.channels.one_shot import Canned, Cans, OneShotAdapter, OneShotTransport
from tests.channels.sendgrid.letters import letters_of

READ_TIMEOUT = 0.5
CONNECT_TIMEOUT = 5.0
"""Nothing here waits for it to run out, and a busy machine may take longer than to read."""
WAIT = timedelta(minutes=2)

REDIRECT = Canned(302, headers={"location": "https://elsewhere.example/"})
OF_ANY_SERVER = {
    Misbehaviour.REDIRECTS: REDIRECT,
    Misbehaviour.KNOWS_NO_SUCH_PLACE: Canned(404, b"dear sender"),
    Misbehaviour.CALLS_TOO_LARGE: Canned(413, b"dear sender"),
    Misbehaviour.GIVES_UP_AFTER: Canned(408, b"dear sender", taken=True),
    Misbehaviour.GATEWAY_FAILS_AFTER: Canned(502, b"dear sender", taken=True),
    Misbehaviour.BUSY_AFTER: Canned(503, b"dear sender", {"retry-after": "90"}, taken=True),
    Misbehaviour.GATEWAY_TIMES_OUT_AFTER: Canned(504, b"dear sender", taken=True),
    Misbehaviour.UNREADABLE_AFTER: Canned(200, UNREADABLE, taken=True),
    Misbehaviour.EMPTY_AFTER: Canned(200, taken=True),
    Misbehaviour.WITHOUT_ID_AFTER: Canned(
        200, b'{"note":"dear sender"}', {"content-type": "application/json"}, taken=True
    ),
}
"""Answers that any server or gateway may give, beside those of the provider itself."""
HIDDEN = {
    LookFault.GONE: Canned(404, b"dear sender"),
    LookFault.REDIRECTS: REDIRECT,
    LookFault.EMPTY: Canned(200),
    LookFault.NULL: Canned(200, b"null", {"content-type": "application/json"}),
    LookFault.WITHOUT_LIST: Canned(
        200, b'{"note":"dear sender"}', {"content-type": "application/json"}
    ),
    LookFault.UNREADABLE: Canned(200, UNREADABLE),
}
"""Looks that go wrong in a way that the sandbox does not have."""


def faults(how: Misbehaviour) -> dict[str, Any] | None:
    """The sandbox's fault for a misbehaviour, or None where it has none."""
    match how:
        case Misbehaviour.THROTTLES:
            return {"kind": "throttle", "seconds": WAIT.total_seconds()}
        case Misbehaviour.CREDENTIALS_DEAD:
            return {"kind": "dead_token"}
        case Misbehaviour.SILENT_BEFORE:
            return {"kind": "network_hang"}
        case Misbehaviour.SILENT_AFTER:
            return {"kind": "latency", "seconds": READ_TIMEOUT * 1.4}
        case Misbehaviour.DROPS_BEFORE:
            return {"kind": "drop_before"}
        case Misbehaviour.DROPS_AFTER:
            return {"kind": "drop_after"}
        case Misbehaviour.FAILS_BEFORE:
            return {"kind": "error_before", "status": 503}
        case Misbehaviour.FAILS_AFTER:
            return {"kind": "error_after", "status": 500}
        case _:
            return None


def look_faults(how: LookFault) -> dict[str, Any] | None:
    """The sandbox's fault for a look that goes wrong, or None where it has none."""
    match how:
        case LookFault.THROTTLES:
            return {"kind": "throttle", "seconds": WAIT.total_seconds()}
        case LookFault.CREDENTIALS_DEAD:
            return {"kind": "dead_token"}
        case LookFault.FAILS:
            return {"kind": "error_before", "status": 500}
        case LookFault.FAILS_LATER:
            return {"kind": "error_before", "status": 500, "after": 1}
        case LookFault.SILENT:
            return {"kind": "network_hang"}
        case _:
            return None


def canned(stock: Mapping[Any, Canned], how: Misbehaviour | LookFault) -> Canned:
    """The answer for ``how``; raises ``NotPlayed`` where there is none."""
    if how not in stock:
        raise NotPlayed(f"the sandbox never {how}")
    return stock[how]


def closed_port() -> str:
    """An address on this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


class SandboxProvider:
    """What the three have in common."""

    name: str
    operations: tuple[str, ...]
    canned: ClassVar[dict[Misbehaviour, Canned]]
    forbidden: ClassVar[Canned]
    secrets: tuple[str, ...]
    wait = WAIT
    page_size: int | None = None

    def __init__(self, url: str) -> None:
        self.url = url
        self.cans = Cans()
        self._posted = 0

    def channel(self) -> Channel:
        return self.at(self.url)

    def channel_to_nowhere(self) -> Channel:
        return self.at(closed_port())

    def at(self, url: str) -> Channel:
        """A channel that speaks to ``url``."""
        raise NotImplementedError

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=OneShotTransport(self.cans),
            timeout=httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT),
        )

    async def misbehave(self, how: Misbehaviour) -> None:
        fault = faults(how)
        if fault is None:
            self.cans.stock.append(canned({**OF_ANY_SERVER, **self.canned}, how))
            return
        for operation in self.operations:
            rule = {"provider": self.name, "operation": operation, "times": 1, **fault}
            await self._admin("POST", "faults", rule)

    async def misbehave_at_looks(self, how: LookFault) -> None:
        fault = look_faults(how)
        if fault is None:
            self.cans.looks = canned({**HIDDEN, LookFault.FORBIDDEN: self.forbidden}, how)
            return
        await self._admin("POST", "faults", {"provider": self.name, "operation": "list", **fault})

    async def accepted(self) -> list[str]:
        books = (await self._admin("GET", "books")).json()
        return [json.dumps(post) for post in books[self.name]["posts"]]

    async def say(self, texts: Sequence[str]) -> list[str]:
        return await self._crowd({"provider": self.name}, texts)

    async def write(self, texts: Sequence[str], *, by_us: bool = False) -> list[str]:
        order = {"provider": self.name, "private": True, "by_us": by_us}
        return [self.mention_id(one) for one in await self._crowd(order, texts)]

    def mention_id(self, message: str) -> str:
        """The id of the mention that a private message becomes."""
        return message

    async def change(self, number: str, text: str | None) -> str:
        """A stranger edits what they said, or deletes it; the id that it has then."""
        answer = await self._admin("POST", "crowd/change", {"id": number, "text": text})
        return str(answer.json()["id"])

    async def take_away(self, mention: str) -> None:
        await self._admin("POST", "crowd/change", {"id": mention, "text": None})

    async def answers_to(self, mention: str) -> list[str]:
        books = (await self._admin("GET", "books")).json()[self.name]
        ours = [*books["posts"], *books.get("comments", [])]
        return [one["text"] for one in ours if one.get("reply_to") == mention]

    async def _crowd(self, order: dict[str, Any], texts: Sequence[str]) -> list[str]:
        body = {**order, "count": len(texts), "texts": list(texts)}
        return list((await self._admin("POST", "crowd", body)).json()["ids"])

    async def _admin(self, method: str, path: str, body: object = None) -> httpx.Response:
        async with httpx.AsyncClient(transport=OneShotTransport(Cans())) as client:
            answer = await client.request(method, f"{self.url}/_sandbox/{path}", json=body)
        return answer.raise_for_status()


NO_BODY = (
    Misbehaviour.UNREADABLE_AFTER,
    Misbehaviour.EMPTY_AFTER,
    Misbehaviour.WITHOUT_ID_AFTER,
)


class SandboxMail(SandboxProvider):
    name, operations = "sendgrid", ("send",)
    secrets = ("SG.sandbox-key", "grant is invalid", "Service unavailable", "beyond its limits")
    forbidden = Canned(403, b'{"errors":[{"field":null,"message":"beyond its limits"}]}')
    canned: ClassVar = {
        Misbehaviour.CALLS_INVALID: Canned(
            400, b'{"errors":[{"field":"from","message":"beyond its limits"}]}'
        ),
        Misbehaviour.FORBIDS: forbidden,
        Misbehaviour.THROTTLES_WITHOUT_RESET: Canned(
            429, b'{"errors":[{"field":null,"message":"beyond its limits"}]}'
        ),
        Misbehaviour.REFUSES: Canned(
            413, b'{"errors":[{"field":null,"message":"beyond its limits"}]}'
        ),
    }

    async def misbehave(self, how: Misbehaviour) -> None:
        if how in NO_BODY:
            raise NotPlayed("SendGrid's 202 has no body, so there is nothing to be read")
        await super().misbehave(how)

    async def say(self, texts: Sequence[str]) -> list[str]:
        return await self._crowd({"provider": "email"}, texts)

    async def letters(self) -> list[Letter]:
        return [one for body in self.cans.sent for one in letters_of(json.loads(body))]

    def at(self, url: str) -> Channel:
        settings = SendGridSettings(
            api_key="SG.sandbox-key",
            base_url=url,
            activity_feed=True,
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
        )
        return SendGridChannel(settings, client=self.client())

    async def accepted(self) -> list[str]:
        lines = (await self._admin("GET", "books/mail.ndjson")).text.splitlines()
        return [line for line in lines if line]


class SandboxX(SandboxProvider):
    name, operations = "twitter", ("post",)
    secrets = ("sandbox-consumer-secret", "sandbox-token", "beyond its limits")
    page_size = 100
    forbidden = Canned(
        403, b'{"title":"Forbidden","detail":"beyond its limits","type":"about:blank"}'
    )
    canned: ClassVar = {
        Misbehaviour.CALLS_INVALID: Canned(
            400, b'{"title":"Invalid Request","detail":"beyond its limits","type":"about:blank"}'
        ),
        Misbehaviour.FORBIDS: forbidden,
        Misbehaviour.THROTTLES_WITHOUT_RESET: Canned(
            429, b'{"title":"Too Many Requests","detail":"beyond its limits","type":"about:blank"}'
        ),
        Misbehaviour.REFUSES: Canned(
            422, b'{"title":"Unprocessable","detail":"beyond its limits","type":"about:blank"}'
        ),
    }

    def mention_id(self, message: str) -> str:
        return f"dm-{message}"

    def at(self, url: str) -> Channel:
        settings = TwitterSettings(
            consumer_key="sandbox-consumer-key",
            consumer_secret="sandbox-consumer-secret",
            token="sandbox-token",
            token_secret="sandbox-token-secret",
            # Asking who we are comes first otherwise, and a look would fail at that.
            user_id="7000000001",
            handle="acme",
            base_url=url,
            read_timeout=READ_TIMEOUT,
        )
        return TwitterChannel(settings, client=self.client())


class SandboxPage(SandboxProvider):
    name, operations = "facebook", ("post", "comment")
    secrets = ("sandbox-page-token", "sandbox-app-secret", "OAuthException", "beyond its limits")
    page_size = 25
    forbidden = Canned(
        403,
        b'{"error":{"message":"beyond its limits","type":"OAuthException","code":200}}',
        {"content-type": "application/json"},
    )
    canned: ClassVar = {
        Misbehaviour.CALLS_INVALID: Canned(
            400,
            b'{"error":{"message":"beyond its limits","type":"OAuthException","code":1500}}',
            {"content-type": "application/json"},
        ),
        Misbehaviour.FORBIDS: forbidden,
        Misbehaviour.THROTTLES_WITHOUT_RESET: Canned(
            400,
            b'{"error":{"message":"beyond its limits","type":"OAuthException","code":32}}',
            {"content-type": "application/json"},
        ),
        Misbehaviour.REFUSES: Canned(
            400,
            b'{"error":{"message":"beyond its limits","type":"OAuthException","code":100}}',
            {"content-type": "application/json"},
        ),
    }

    def at(self, url: str) -> Channel:
        settings = FacebookSettings(
            page_id="100000000000001",
            page_token="sandbox-page-token",
            app_secret="sandbox-app-secret",
            base_url=url,
            read_timeout=READ_TIMEOUT,
        )
        return FacebookChannel(settings, transport=OneShotAdapter(self.cans))

    async def say(self, texts: Sequence[str]) -> list[str]:
        """Half of it as comments under two posts of the Page, half in posts that tag it."""
        half = len(texts) // 2
        comments: list[str] = []
        for some in (texts[: half // 2], texts[half // 2 : half]):
            if some:
                order = {"provider": "facebook", "post_id": await self._page_post()}
                comments += await self._crowd(order, some)
        tags = await self._crowd({"provider": "facebook", "tagging": True}, texts[half:])
        return comments + tags

    async def _page_post(self) -> str:
        self._posted += 1
        async with httpx.AsyncClient(transport=OneShotTransport(Cans())) as client:
            answer = await client.post(
                f"{self.url}/v26.0/100000000000001/feed",
                data={"message": f"Update {self._posted}", "access_token": "sandbox-page-token"},
            )
        return str(answer.raise_for_status().json()["id"])
