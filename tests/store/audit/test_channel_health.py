"""What the home page says of a channel, by the ledger alone."""

from __future__ import annotations

import pytest

from domain.explanation import explained
from store.audit.channel_health import ChannelRecord, channel_records
from store.broadcasts import batch_outcomes, batches
from store.kernel.database import Database
from store.record import incidents, publications
from tests.store.world import DIGEST, LATER, NOON, RECEIPT, have_broadcast, lose_answer, ref, send

SLUG = ref().incident
BUSY = explained("Too many requests.", "It will be tried again.")


@pytest.fixture
async def opened(database: Database) -> Database:
    await incidents.register(database, SLUG, "Posts that are not ours", "outage", (), NOON)
    return database


async def test_a_channel_that_took_something_says_when(opened: Database) -> None:
    broadcast = await have_broadcast(opened, 30)
    await send(opened, broadcast, 1)
    await publications.plan(opened, ref(), "twitter", DIGEST, NOON)
    await publications.reserve(opened, ref(), "twitter", DIGEST, NOON, 1)
    await publications.accept(opened, ref(), "twitter", RECEIPT, LATER)
    assert await channel_records(opened) == {
        "email": ChannelRecord(channel="email", last_success=LATER),
        "twitter": ChannelRecord(channel="twitter", last_success=NOON),
    }


async def test_what_hangs_is_counted_and_what_waits_says_why(opened: Database) -> None:
    broadcast = await have_broadcast(opened, 50)
    await lose_answer(opened, broadcast, 1)
    taken = await batches.reserve_batch(opened, broadcast.id, 2, DIGEST, NOON)
    await batch_outcomes.batch_nothing_went_out(
        opened, broadcast.id, 2, taken.row.attempt, BUSY, LATER
    )
    await batches.reserve_batch(opened, broadcast.id, 3, DIGEST, NOON)
    for number, channel in enumerate(("twitter", "facebook"), 1):
        await publications.plan(opened, ref(number=number), channel, DIGEST, NOON)
        await publications.reserve(opened, ref(number=number), channel, DIGEST, NOON, 1)
    await publications.nothing_went_out(opened, ref(number=1), "twitter", 1, LATER, BUSY)
    await publications.mark_unknown(opened, ref(number=2), "facebook", why=BUSY, at=LATER)
    assert await channel_records(opened) == {
        "email": ChannelRecord(channel="email", on_the_wire=1, waiting=1, uncertain=1, why=BUSY),
        "twitter": ChannelRecord(channel="twitter", waiting=1, why=BUSY),
        "facebook": ChannelRecord(channel="facebook", uncertain=1),
    }


async def test_what_waited_in_a_closed_incident_troubles_nobody(opened: Database) -> None:
    await publications.plan(opened, ref(), "twitter", DIGEST, NOON)
    await publications.reserve(opened, ref(), "twitter", DIGEST, NOON, 1)
    await publications.nothing_went_out(opened, ref(), "twitter", 1, LATER, BUSY)
    await incidents.mark_closed(opened, SLUG, LATER)
    assert await channel_records(opened) == {"twitter": ChannelRecord(channel="twitter")}
