"""What X and Facebook force on whoever reads private messages: what their lists do not reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from channels.facebook.webhook import FacebookWebhook, FacebookWebhookSettings
from domain.listening import Cursor, complete
from domain.mentions import Gone, Mention
from tests.channels.facebook.test_listening import PAGE, listening
from tests.channels.facebook.test_webhook import signed
from tests.channels.twitter.x_world import NOW, World, id_at, page


async def test_x_shows_thirty_days_and_what_is_older_is_told_as_a_gap() -> None:
    shown = {"id": str(id_at(NOW)), "text": "Hello", "sender_id": "9"}
    world = World(page(shown), handle="acme")
    for known, gap in ((timedelta(days=29), False), (timedelta(days=40), True)):
        since = str(id_at(NOW - known))
        read = await world.channel.private_messages(complete(since))
        assert (read.gap is not None, read.cursor) == (gap, complete(shown["id"]))
    # Before the very first reading nothing was to be heard, and what is old is left alone.
    old = {"id": str(id_at(NOW - timedelta(days=8))), "text": "Hi", "sender_id": "9"}
    world = World(page(shown, old), handle="acme")
    read = await world.channel.private_messages(Cursor())
    assert (read.gap, [one.text for one in read.mentions]) == (None, ["Hello"])


def talk(*minutes: int, more: bool) -> dict[str, Any]:
    """A conversation on Facebook with messages at these minutes after noon."""
    by = {"id": "9", "name": "Ann"}
    times = [f"2026-11-28T12:{one:02}:00+0000" for one in minutes]
    messages: dict[str, Any] = {
        "data": [
            {"id": f"m_{at}", "message": "why?", "created_time": at, "from": by} for at in times
        ],
        "paging": {"cursors": {"after": "x"}, **({"next": "https://…"} if more else {})},
    }
    return {"id": "t_9", "updated_time": times[0], "link": "/acme/inbox/9/", "messages": messages}


async def test_facebook_shows_the_newest_of_a_conversation_and_the_rest_is_told_as_a_gap() -> None:
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    known = Cursor(since=noon.isoformat(), newest=noon.isoformat())
    for begins, gap in ((0, False), (7, True)):
        body = {"data": [talk(9, 8, begins, more=True)]}
        if not gap:
            body["data"][0]["messages"]["data"][-1]["created_time"] = "2026-11-28T11:50:00+0000"
        channel, _ = listening(**{f"{PAGE}__conversations": body})
        read = await channel.private_messages(known)
        assert (read.gap is not None, len(read.mentions)) == (gap, 3 if gap else 2)
        assert read.mentions[0].url == "https://www.facebook.com/acme/inbox/9/"
        assert datetime.fromisoformat(read.cursor.since) == noon + timedelta(minutes=9)


def test_facebook_tells_of_messages_that_another_app_answers_and_of_those_taken_back() -> None:
    settings = FacebookWebhookSettings(app_secret="s", verify_token="v", page_id=PAGE)
    reader = FacebookWebhook(settings)
    by = {"sender": {"id": "9"}, "recipient": {"id": PAGE}, "timestamp": 1_795_000_000_000}
    entry = {
        "id": PAGE,
        "messaging": [{**by, "message": {"mid": "m_1", "is_deleted": True}}, {"read": {}}],
        "standby": [{**by, "message": {"mid": "m_2", "text": "why?"}}],
    }
    body = orjson.dumps({"object": "page", "entry": [entry]})
    gone, said = reader.read_mentions(body, signed(body, "s"))
    assert gone == Gone(channel="facebook", id="m_1")
    assert isinstance(said, Mention)
    assert (said.id, said.text, said.is_private_message) == ("m_2", "why?", True)
