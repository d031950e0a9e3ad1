"""The providers of the examples on a good day, as ``MockProvider`` and ``EventsContract`` use them.

``serve_posts`` is the other side of ``webhook_channel``, ``serve_board`` of ``board_channel``, and
``serve_mail`` and ``Feed`` of ``mailer_channel``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import orjson

from channels.contract import Channel, ReadsEvents
from channels.contract_suite.board_channel import OURSELVES, BoardChannel
from channels.contract_suite.events_contract import SampleEvent
from channels.contract_suite.mailer_channel import (
    MailerChannel,
    MailerEvents,
    MailerEventSettings,
    MailerSettings,
)
from channels.contract_suite.mock_provider import MockProvider
from channels.contract_suite.stand_in import Letter, Post
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


def read_posts(taken: Sequence[str]) -> list[Post]:
    """What everybody sees of the posts that were taken."""
    return [Post(str(n), orjson.loads(one)["text"]) for n, one in enumerate(taken)]


class Board:
    """The notice board: a webhook's other side that can do more."""

    allowed = 50
    first = 1_000_000
    """The first number of a notice: others than those of our own posts."""

    def __init__(self) -> None:
        self._gone: set[str] = set()
        self._images: dict[str, tuple[bytes, str]] = {}
        self._notices: list[dict[str, str]] = []

    def serve(self, request: httpx.Request, taken: list[str]) -> httpx.Response:
        """Answer one request; an uploaded image is kept apart, since nobody sees it yet."""
        place = request.url.path.removeprefix("/posts").strip("/")
        if place == "images":
            upload = f"image-{len(self._images)}"
            self._images[upload] = (request.content, request.url.params["alt"])
            return httpx.Response(201, json={"id": upload})
        if place == "notices":
            return self._shown(int(request.url.params["since"]), request.url.params.get("before"))
        if place == "account":
            now = datetime.now(UTC)
            account = {
                "limit": self.allowed,
                "remaining": self.allowed - len(taken),
                "resets_at": (now + timedelta(hours=1)).isoformat(),
                "token_ends_at": (now + timedelta(days=60)).isoformat(),
            }
            return httpx.Response(200, json=account)
        if request.method == "PUT":
            if not place.isdecimal() or int(place) >= len(taken):
                return httpx.Response(404)
            post = {**orjson.loads(taken[int(place)]), **orjson.loads(request.content)}
            taken[int(place)] = orjson.dumps(post).decode()
            return httpx.Response(200, json={"id": place})
        if request.method == "POST":
            post = orjson.loads(request.content)
            if post.get("answers") in self._gone:
                return httpx.Response(410)
            self._notice(OURSELVES, post["text"])
        return serve_posts(request, taken)

    def say(self, texts: Sequence[str]) -> list[str]:
        """Strangers pin up notices of their own."""
        return [self._notice("a passer-by", text) for text in texts]

    def take_away(self, number: str) -> None:
        """A stranger takes a notice down."""
        self._gone.add(number)

    def posts(self, taken: Sequence[str]) -> list[Post]:
        """What everybody sees."""
        return [self._post(n, orjson.loads(one)) for n, one in enumerate(taken)]

    def _notice(self, by: str, text: str) -> str:
        number = str(self.first + len(self._notices))
        at = datetime.now(UTC).isoformat()
        self._notices.append({"id": number, "by": by, "text": text, "at": at})
        return number

    def _shown(self, since: int, before: str | None) -> httpx.Response:
        begin = max(since - self.first + 1, 0)
        end = len(self._notices) if before is None else int(before) - self.first
        newer = self._notices[begin:end][::-1]
        return httpx.Response(200, json={"notices": newer[:PAGE], "more": len(newer) > PAGE})

    def _post(self, number: int, post: dict[str, str]) -> Post:
        image, alt = self._images.get(post.get("image", ""), (None, ""))
        return Post(str(number), post["text"], post.get("answers"), image, alt)


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
        posts=read_posts,
    )


def board_provider(kind: type[BoardChannel] = BoardChannel) -> MockProvider:
    """The notice board behind a channel of that class."""
    board = Board()
    return MockProvider(
        lambda client: kind(WEBHOOK, client=client),
        board.serve,
        secrets=("hook-token",),
        page_size=PAGE,
        posts=board.posts,
        say=board.say,
        take_away=board.take_away,
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
