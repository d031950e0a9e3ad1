"""Signed mail events: what they say, that they arrive, and how they misbehave on demand."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sendgrid.helpers.eventwebhook import EventWebhook

from sandbox.config import Dials


def test_every_recipient_is_processed_and_then_delivered(told: Any, listener: Any) -> None:
    message_id = told.send("a@example.com", "b@example.com").headers["X-Message-Id"]
    events = listener.events(4)
    assert [(e["event"], e["email"]) for e in events] == [
        ("processed", "a@example.com"),
        ("processed", "b@example.com"),
        ("delivered", "a@example.com"),
        ("delivered", "b@example.com"),
    ]
    assert all(e["sg_message_id"].startswith(message_id) for e in events)
    assert len({e["sg_event_id"] for e in events}) == 4


def test_sendgrids_own_helper_accepts_the_signature(told: Any, listener: Any) -> None:
    told.send("a@example.com")
    batch = listener.batch()
    url = "/v3/user/webhooks/event/settings/signed"
    key = told.mailer.get(url).json()["public_key"]
    webhook = EventWebhook(key)
    body = batch.body.decode()
    assert webhook.verify_signature(body, batch.signature, batch.timestamp)
    assert not webhook.verify_signature(body + " ", batch.signature, batch.timestamp)
    assert not webhook.verify_signature(body, batch.signature, str(int(batch.timestamp) + 1))


def test_custom_arguments_lie_flat_in_the_event_and_sendgrids_fields_win(
    told: Any, listener: Any
) -> None:
    told.send(
        custom_args={"batch": "b1", "event": "mine", "who": "all"},
        personalizations=[{"to": [{"email": "a@example.com"}], "custom_args": {"who": "ana"}}],
        categories=["notice"],
    )
    event = listener.events(1)[0]
    assert (event["batch"], event["who"], event["event"]) == ("b1", "ana", "processed")
    assert event["category"] == ["notice"]


def test_a_batch_that_was_refused_comes_again_with_the_same_event_ids(
    told: Any, listener: Any
) -> None:
    listener.statuses = [500]
    told.send("a@example.com")
    first = [e["sg_event_id"] for e in listener.batch().events]
    seen: list[str] = []
    while not set(first) <= set(seen):
        seen += [e["sg_event_id"] for e in listener.batch().events]
    assert Counter(seen)[first[0]] == 1


def test_events_owed_when_nobody_listened_are_told_after_a_restart(
    serve: Any, listener: Any
) -> None:
    before = serve(dials=Dials(event_webhook_url="http://127.0.0.1:9/"))
    before.send("a@example.com")
    after = serve(dials=Dials(event_webhook_url=listener.url))
    assert after.http.get("/_sandbox/health").json()["ok"]
    assert {e["event"] for e in listener.events(2)} == {"processed", "delivered"}


def test_duplicated_events_keep_their_id(told: Any, listener: Any) -> None:
    told.fault("events_duplicate", factor=3, times=2)
    told.send("a@example.com")
    ids = Counter(e["sg_event_id"] for e in listener.events(6))
    assert sorted(ids.values()) == [3, 3]


def test_lost_events_never_arrive(told: Any, listener: Any) -> None:
    told.fault("events_lose", times=1)
    told.send("a@example.com")
    assert [e["event"] for e in listener.events(1)] == ["delivered"]


def test_shuffled_events_tell_the_end_before_the_beginning(told: Any, listener: Any) -> None:
    told.fault("events_shuffle", times=1)
    # Both at once would be one batch, in any order; a busy machine may be that late.
    told.clock.stop()
    told.send("a@example.com")
    told.clock.advance(0.015)
    first = listener.events(1)
    told.clock.advance(0.015)
    assert [e["event"] for e in (*first, *listener.events(1))] == ["delivered", "processed"]


def test_delayed_events_stay_owed_until_their_time(told: Any, listener: Any) -> None:
    told.fault("events_delay", seconds=3600, times=1)
    told.send("late@example.com")
    told.send("soon@example.com")
    assert {e["email"] for e in listener.events(2)} == {"soon@example.com"}
    owed = told.http.get("/_sandbox/health").json()["events"]["events_owed"]
    assert owed >= 2


def test_a_batch_is_never_larger_than_a_thousand_events(told: Any, listener: Any) -> None:
    told.fault("events_duplicate", factor=2)
    told.send(*[f"u{number}@example.com" for number in range(700)])
    sizes = [len(listener.batch().events) for _ in range(4)]
    assert sorted(sizes) == [400, 400, 1000, 1000]


def test_a_mail_scheduled_for_later_has_no_events_yet(told: Any, listener: Any) -> None:
    soon = int(told.clock()) + 3600
    told.send("later@example.com", send_at=soon)
    told.send("now@example.com")
    assert {e["email"] for e in listener.events(2)} == {"now@example.com"}
