"""Somebody else's mail channel, which hears what becomes of its mail."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

import httpx
import orjson
import pytest

from channels.contract import Channel, DirectChannel, ReadsEvents
from channels.contract_suite.contract import ChannelContract
from channels.contract_suite.events_contract import EventFeed, EventsContract, SampleEvent
from channels.contract_suite.mailer_channel import (
    KINDS,
    SIGNATURE,
    MailerChannel,
    MailerEvents,
    MailerEventSettings,
    MailerSettings,
)
from channels.contract_suite.mock_provider import MockProvider
from channels.contract_suite.stand_in import StandIn
from domain.publication import DeliveryState
from domain.suppression import Preference

SECRET = "event-secret"


def service(request: httpx.Request, taken: list[str]) -> httpx.Response:
    """The mail service on a good day."""
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


def make(client: httpx.AsyncClient) -> Channel:
    settings = MailerSettings(base_url="https://mailer.example", token="mail-token")
    return MailerChannel(settings, client=client)


class Feed:
    """The service's side of its events."""

    kinds = tuple(KINDS.values())

    def reader(self) -> ReadsEvents:
        return MailerEvents(MailerEventSettings(secret=SECRET))

    def body(self, told: Sequence[SampleEvent]) -> bytes:
        return orjson.dumps([self._event(n, one) for n, one in enumerate(told)])

    def headers(self, body: bytes) -> Mapping[str, str]:
        return {SIGNATURE: hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}

    def _event(self, number: int, told: SampleEvent) -> dict[str, object]:
        words: dict[DeliveryState | Preference, str] = {kind: word for word, kind in KINDS.items()}
        return {
            "id": str(number),
            "what": words[told.kind],
            "at": told.at.isoformat(),
            "batch": told.batch_key,
            "delivery": told.delivery_key,
        }


class TestMailer(ChannelContract):
    @pytest.fixture
    def provider(self) -> StandIn:
        return MockProvider(make, service, secrets=("mail-token",))


class TestMailerEvents(EventsContract):
    @pytest.fixture
    def feed(self) -> EventFeed:
        return Feed()


async def test_it_is_a_direct_channel() -> None:
    channel = make(httpx.AsyncClient())
    assert isinstance(channel, DirectChannel)
    await channel.close()
