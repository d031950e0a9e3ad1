"""SendGrid's event webhook keeps the promises of every reader of events, and its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
import pytest

from channels import registry
from channels.configured import ChannelMisconfigured, ChannelNotConfigured
from channels.contract import ReadsEvents
from channels.contract_suite.attempts import ADDRESS
from channels.contract_suite.events_contract import EventFeed, EventsContract, SampleEvent
from channels.sendgrid import SendGridEvents, SendGridEventSettings, SendGridSettings
from channels.sendgrid.events import ask_for_key
from domain.publication import DeliveryState
from domain.suppression import Preference
from tests.channels.sendgrid.signing import SigningKey

WORDS: dict[DeliveryState | Preference | None, str] = {
    DeliveryState.PROCESSED: "processed",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.DROPPED: "dropped",
    DeliveryState.BOUNCED: "bounce",
    Preference.COMPLAINED: "spamreport",
    Preference.UNSUBSCRIBED: "unsubscribe",
    Preference.RESUBSCRIBED: "group_resubscribe",
    None: "account_status_change",
}


class SignedFeed:
    """SendGrid's side, with a key of its own."""

    kinds = tuple(kind for kind in WORDS if kind is not None)

    def __init__(self) -> None:
        self._key = SigningKey()

    def reader(self) -> ReadsEvents:
        return SendGridEvents(SendGridEventSettings(public_key=self._key.public))

    def body(self, told: Sequence[SampleEvent]) -> bytes:
        return orjson.dumps([self._event(number, one) for number, one in enumerate(told)])

    def headers(self, body: bytes) -> Mapping[str, str]:
        return {name.lower(): value for name, value in self._key.headers(body).items()}

    def _event(self, number: int, told: SampleEvent) -> dict[str, object]:
        marks = {"ff_batch": told.batch_key, "ff_delivery": told.delivery_key}
        bounce = {"type": "bounce" if told.hard else "blocked"}
        return {
            "email": ADDRESS,
            "event": WORDS[told.kind],
            **(bounce if told.kind is DeliveryState.BOUNCED else {}),
            "sg_event_id": str(number),
            "timestamp": int(told.at.timestamp()),
            **{name: mark for name, mark in marks.items() if mark is not None},
        }


class TestSendGridEvents(EventsContract):
    @pytest.fixture
    def feed(self) -> EventFeed:
        return SignedFeed()


def test_events_are_read_without_the_key_that_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRONTFOOT_EMAIL_API_KEY", raising=False)
    monkeypatch.setenv("FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY", f" {SigningKey().public}\n")
    assert isinstance(registry.event_reader("email"), ReadsEvents)


def test_without_the_verification_key_it_is_said_which_variable_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY", raising=False)
    with pytest.raises(ChannelNotConfigured, match="FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY"):
        registry.event_reader("email")


@pytest.mark.parametrize("key", ["AAAA", "not base64!", "-----BEGIN PUBLIC KEY-----"])
def test_a_key_that_verifies_nothing_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY", key)
    with pytest.raises(ChannelMisconfigured, match="cannot be used") as caught:
        registry.event_reader("email")
    assert key not in str(caught.value)


def test_a_channel_that_tells_no_events_has_no_reader() -> None:
    assert registry.event_reader("twitter") is None


async def test_an_account_is_asked_for_its_verification_key(sandbox: str) -> None:
    told = await ask_for_key(SendGridSettings(api_key="SG.sandbox", base_url=sandbox))
    assert SendGridEventSettings(**told).public_key
