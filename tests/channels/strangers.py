"""The two examples of docs/adding-a-channel.md, and their providers on a good day."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import httpx
import orjson

from channels.contract import Channel, ReadsEvents
from channels.contract_suite.events_contract import SampleEvent
from channels.contract_suite.mailer_channel import (
    MailerChannel,
    MailerEvents,
    MailerEventSettings,
    MailerSettings,
)
from channels.contract_suite.mock_provider import MockProvider
from channels.contract_suite.stand_in import Letter
from channels.contract_suite.webhook_channel import WebhookChannel, WebhookSettings
from channels.mail_copy import fill
from domain.publication import DeliveryState
from domain.suppression import Preference

PAGE = 20
SECRET = "event-secret"
WEBHOOK = WebhookSettings(url="https://hooks.acme.example/posts", token="hook-token")
MAILER = MailerSettings(base_url="https://mailer.example", token="mail-token")


def serve_posts(request: httpx.Request, taken: list[str]) -> httpx.Response:
    """The other side of the webhook: takes posts, and shows them page by page, newest first."""
    if request.method == "GET":
        before = int(request.url.params.get("before", len(taken)))
        since = request.url.params["since"]
        posts = [{"id": str(n), **orjson.loads(taken[n])} for n in range(before)][::-1]
        shown = [post for post in posts if post["at"] >= since]
        return httpx.Response(200, json={"posts": shown[:PAGE], "more": len(shown) > PAGE})
    post = {**orjson.loads(request.content), "at": datetime.now(UTC).isoformat()}
    taken.append(orjson.dumps(post).decode())
    return httpx.Response(201, json={"id": str(len(taken) - 1)})


def serve_mail(request: httpx.Request, taken: list[str]) -> httpx.Response:
    """The mail service."""
    if request.method == "GET":
        key = request.url.params["key"]
        found = [n for n, letter in enumerate(taken) if orjson.loads(letter)["key"] == key]
        return httpx.Response(200, json={"letters": [{"id": str(n)} for n in found]})
    letter = orjson.loads(request.content)
    bad = [n for n, one in enumerate(letter["to"]) if "@" not in one["address"]]
    if bad:
        return httpx.Response(422, json={"bad": bad})
    taken.append(orjson.dumps(letter).decode())
    return httpx.Response(202, json={"id": str(len(taken) - 1)})


def read_letters(taken: Sequence[str]) -> list[Letter]:
    """What the mail service makes of the requests it took, for each addressee."""
    return [_letter(request, one) for request in map(orjson.loads, taken) for one in request["to"]]


def _letter(request: dict[str, object], one: dict[str, dict[str, str]]) -> Letter:
    words = {
        part: fill(str(request.get(part) or ""), one.get("values", {}))
        for part in ("subject", "text", "html")
    }
    copies = request.get("cc")
    return Letter(
        address=str(one["address"]),
        delivery=str(one.get("delivery", "")),
        sender=str(request.get("from", "")),
        reply_to=str(request.get("reply_to", "")),
        unsubscribe=one.get("headers", {}).get("List-Unsubscribe", ""),
        unsubscribe_post=one.get("headers", {}).get("List-Unsubscribe-Post", ""),
        visible=(str(one["address"]), *(copies if isinstance(copies, list) else ())),
        **words,
    )


def make_webhook(client: httpx.AsyncClient) -> Channel:
    return WebhookChannel(WEBHOOK, client=client)


def make_mailer(client: httpx.AsyncClient) -> Channel:
    return MailerChannel(MAILER, client=client)


def webhook_provider(kind: type[WebhookChannel] = WebhookChannel) -> MockProvider:
    """The other side of a webhook channel of that class."""
    return MockProvider(
        lambda client: kind(WEBHOOK, client=client),
        serve_posts,
        secrets=("hook-token",),
        page_size=PAGE,
    )


def mail_provider(kind: type[MailerChannel] = MailerChannel) -> MockProvider:
    """The mail service behind a channel of that class."""
    return MockProvider(
        lambda client: kind(MAILER, client=client),
        serve_mail,
        secrets=("mail-token",),
        letters=read_letters,
    )


class Feed:
    """The mail service's side of its events, in its own words and not in our adapter's."""

    words: Mapping[DeliveryState | Preference | None, str] = {
        DeliveryState.DELIVERED: "delivered",
        DeliveryState.BOUNCED: "bounced",
        Preference.COMPLAINED: "complained",
        None: "opened on the moon",
    }
    kinds = (DeliveryState.DELIVERED, DeliveryState.BOUNCED, Preference.COMPLAINED)

    def __init__(self, kind: type[MailerEvents] = MailerEvents) -> None:
        self._kind = kind

    def reader(self) -> ReadsEvents:
        return self._kind(MailerEventSettings(secret=SECRET))

    def body(self, told: Sequence[SampleEvent]) -> bytes:
        return orjson.dumps([self._event(n, one) for n, one in enumerate(told)])

    def headers(self, body: bytes) -> Mapping[str, str]:
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return {"x-mailer-signature": signature}

    def _event(self, number: int, told: SampleEvent) -> dict[str, object]:
        return {
            "id": str(number),
            "what": self.words[told.kind],
            "permanent": told.hard,
            "at": told.at.isoformat(),
            "batch": told.batch_key,
            "delivery": told.delivery_key,
        }
