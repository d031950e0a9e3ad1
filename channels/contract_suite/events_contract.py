"""What every reader of events must do: inherit ``EventsContract`` and supply a ``feed``.

For channels whose adapter has ``events``::

    class TestPostboxEvents(EventsContract):
        @pytest.fixture
        def feed(self) -> EventFeed:
            return PostboxFeed()

An ``EventFeed`` plays the provider: it signs what it delivers, with a key that its reader knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import pytest

from channels.contract import ReadsEvents
from channels.contract_suite.attempts import ADDRESS, BROADCAST, KEY
from domain.delivery_events import (
    HARD_BOUNCE,
    DeliveryEvent,
    EventsNotGenuine,
    EventsUnreadable,
    UnreadableEvent,
)
from domain.publication import DeliveryState
from domain.suppression import Preference

DELIVERY = f"{BROADCAST}.1"
AT = datetime(2013, 10, 26, 12, 0, tzinfo=UTC)


class SampleEvent(NamedTuple):
    """One event for a feed to deliver, about ``ADDRESS``; without keys it is not about our mail.

    A ``kind`` of None is one that no reader knows, such as a provider may add tomorrow. ``hard`` is
    about a bounce: one that will not get better.
    """

    kind: DeliveryState | Preference | None
    batch_key: str | None = KEY
    delivery_key: str | None = DELIVERY
    at: datetime = AT
    hard: bool = False


class EventFeed(Protocol):
    """A stand-in for the side of a provider that delivers events.

    ``kinds`` are those that it can tell of.
    """

    @property
    def kinds(self) -> Sequence[DeliveryState | Preference]: ...

    def reader(self) -> ReadsEvents:
        """A new reader, which believes this feed."""
        ...

    def body(self, events: Sequence[SampleEvent]) -> bytes:
        """The body of one delivery, in the provider's form; each event gets an id of its own."""
        ...

    def headers(self, body: bytes) -> Mapping[str, str]:
        """What signs ``body``, by lower-case names."""
        ...


def _read(feed: EventFeed, body: bytes) -> list[DeliveryEvent]:
    """The events in ``body``, all of which can be read."""
    read = feed.reader().read_events(body, feed.headers(body))
    assert [one for one in read if isinstance(one, UnreadableEvent)] == []
    return [one for one in read if isinstance(one, DeliveryEvent)]


class EventsContract:
    """The promises of a reader of events, as tests."""

    @pytest.fixture
    def feed(self) -> EventFeed:
        raise NotImplementedError("a subclass supplies the feed")

    def test_each_event_is_read_with_its_keys_and_its_time(self, feed: EventFeed) -> None:
        body = feed.body([SampleEvent(kind) for kind in feed.kinds])
        read = _read(feed, body)
        assert [one.kind for one in read] == list(feed.kinds)
        assert {(one.batch_key, one.delivery_key, one.at) for one in read} == {(KEY, DELIVERY, AT)}

    def test_events_are_told_apart_and_a_repeat_is_known(self, feed: EventFeed) -> None:
        body = feed.body(
            [SampleEvent(DeliveryState.DELIVERED), SampleEvent(DeliveryState.DELIVERED)]
        )
        first = _read(feed, body)
        again = _read(feed, body)
        assert len({one.id for one in first}) == 2
        assert [one.id for one in again] == [one.id for one in first]

    def test_events_of_somebody_elses_mail_are_passed_over(self, feed: EventFeed) -> None:
        """An account sends more than ours, and delivers the events of all of it."""
        body = feed.body(
            [SampleEvent(DeliveryState.DELIVERED, None, None), SampleEvent(DeliveryState.DELIVERED)]
        )
        [ours] = _read(feed, body)
        assert ours.batch_key == KEY

    def test_an_event_of_an_unknown_kind_is_passed_over(self, feed: EventFeed) -> None:
        """A provider may add one any day, and the events beside it are still proof."""
        body = feed.body([SampleEvent(None), SampleEvent(DeliveryState.DELIVERED)])
        [known] = _read(feed, body)
        assert known.kind is DeliveryState.DELIVERED

    @pytest.mark.parametrize(
        ("batch_key", "delivery_key"), [(KEY, None), (None, DELIVERY)], ids=["batch", "delivery"]
    )
    def test_an_event_with_one_of_our_keys_is_about_our_mail(
        self, feed: EventFeed, batch_key: str | None, delivery_key: str | None
    ) -> None:
        body = feed.body([SampleEvent(DeliveryState.DELIVERED, batch_key, delivery_key)])
        [read] = _read(feed, body)
        assert (read.batch_key, read.delivery_key) == (batch_key, delivery_key)

    def test_only_a_bounce_that_will_not_get_better_is_a_hard_one(self, feed: EventFeed) -> None:
        """After a hard bounce nobody writes to that address again."""
        if DeliveryState.BOUNCED not in feed.kinds:
            pytest.skip("this provider does not tell of bounces")
        body = feed.body([SampleEvent(DeliveryState.BOUNCED, hard=hard) for hard in (True, False)])
        hard, soft = _read(feed, body)
        assert hard.reason_code == HARD_BOUNCE
        assert soft.reason_code != HARD_BOUNCE

    def test_a_delivery_without_a_signature_is_not_believed(self, feed: EventFeed) -> None:
        with pytest.raises(EventsNotGenuine):
            feed.reader().read_events(feed.body([SampleEvent(DeliveryState.DELIVERED)]), {})

    @pytest.mark.parametrize("garbage", ["sch\u00f6n", "\u2713" * 8, ""], ids=ascii)
    def test_a_delivery_with_garbage_for_a_signature_is_not_believed(
        self, feed: EventFeed, garbage: str
    ) -> None:
        """Anybody can send any bytes in a header, and a crash tells them that it was noticed."""
        body = feed.body([SampleEvent(DeliveryState.DELIVERED)])
        signed = feed.headers(body)
        for name in signed:
            with pytest.raises(EventsNotGenuine):
                feed.reader().read_events(body, {**signed, name: garbage})

    def test_a_changed_delivery_is_not_believed(self, feed: EventFeed) -> None:
        body = feed.body([SampleEvent(DeliveryState.DELIVERED)])
        with pytest.raises(EventsNotGenuine):
            feed.reader().read_events(body + b" ", feed.headers(body))

    def test_the_signature_is_checked_before_anything_is_read(self, feed: EventFeed) -> None:
        with pytest.raises(EventsNotGenuine):
            feed.reader().read_events(b"\xff no events", feed.headers(b"something else"))

    @pytest.mark.parametrize("body", [b"", b"no events", b"7"])
    def test_what_is_signed_and_no_list_of_events_is_unreadable(
        self, feed: EventFeed, body: bytes
    ) -> None:
        with pytest.raises(EventsUnreadable) as caught:
            feed.reader().read_events(body, feed.headers(body))
        assert caught.value.__cause__ is None

    def test_errors_hold_no_address(self, feed: EventFeed) -> None:
        body = feed.body([SampleEvent(DeliveryState.DELIVERED)])[:-1] + b"!" + ADDRESS.encode()
        with pytest.raises(EventsUnreadable) as caught:
            feed.reader().read_events(body, feed.headers(body))
        assert ADDRESS not in str(caught.value)
