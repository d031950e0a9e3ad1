"""The ledger held against itself and against the events, on both databases."""

from __future__ import annotations

from sqlalchemy import delete, text, update

from domain.publication import DeliveryState, PublicationState
from domain.suppression import Preference
from store.audit.broadcast_records import BroadcastRecords, broadcast_records
from store.broadcasts import broadcasts
from store.broadcasts.batches import refuse_deliveries
from store.broadcasts.broadcasts import BroadcastRow
from store.events import events
from store.kernel.database import Database
from store.people import suppressions
from store.tables import batches, deliveries, delivery_events
from tests.store.world import LATER, NOON, address, event, have_broadcast, lose_answer, send

D, S = DeliveryState, PublicationState
INCIDENT = "buffer-saturday"


async def records(database: Database) -> BroadcastRecords:
    (one,) = await broadcast_records(database, INCIDENT)
    return one


def faults(found: BroadcastRecords) -> dict[str, object]:
    """What must not be, without what is not."""
    checked = ("unexplained", "miscounted", "proven_unsettled", "behind", "unproven", "unapplied")
    return {name: getattr(found, name) for name in checked if getattr(found, name)}


async def have_history(database: Database) -> BroadcastRow:
    """Forty customers: suppressed before and after, sent, bounced, refused, lost, waiting."""
    for number in (1, 12):
        await suppressions.add(database, address(number), "asked", None, "console", NOON)
    broadcast = await have_broadcast(database, size=40)
    await suppressions.add(database, address(14), "asked", None, "console", NOON)
    await send(database, broadcast, 1)
    await send(database, broadcast, 2)
    await lose_answer(database, broadcast, 3)
    told = [event(broadcast, n, D.PROCESSED, batch=1) for n in range(2, 9)]
    told += [event(broadcast, n, D.DELIVERED, batch=1) for n in range(2, 6)]
    told += [event(broadcast, 6, D.BOUNCED, batch=1, reason="bounce")]
    told += [event(broadcast, 3, batch=1, name="spam")._replace(kind=Preference.COMPLAINED)]
    await events.record(database, told)
    await refuse_deliveries(database, broadcast.id, [17], "no")
    return broadcast


async def test_a_ledger_that_nobody_touched_adds_up(database: Database) -> None:
    await have_history(database)
    found = await records(database)
    assert faults(found) == {}
    assert (found.recipients, found.planned, found.suppressed) == (38, 38, 2)
    assert (found.laid_out, found.batches, found.events) == (4, 4, 13)
    assert found.by_state == {S.ACCEPTED: 2, S.UNKNOWN: 1, S.PLANNED: 1}
    assert [(one.number, one.state) for one in found.open] == [(3, S.UNKNOWN), (4, S.PLANNED)]


async def test_a_counter_that_lies_is_named_with_both_numbers(database: Database) -> None:
    await have_history(database)
    async with database.write() as connection:
        await connection.execute(update(batches).where(batches.c.number == 1).values(delivered=9))
    assert faults(await records(database)) == {"miscounted": {"delivered": (9, 4)}}


async def test_a_row_that_is_behind_its_events_is_counted(database: Database) -> None:
    await have_history(database)
    async with database.write() as connection:
        await connection.execute(delete(deliveries).where(deliveries.c.recipient_id == 2))
        behind = deliveries.c.recipient_id == 3
        await connection.execute(update(deliveries).where(behind).values(state="processed"))
    assert faults(await records(database))["behind"] == 2


async def test_a_row_without_its_event_is_counted(database: Database) -> None:
    await have_history(database)
    async with database.write() as connection:
        await connection.execute(
            delete(delivery_events).where(
                delivery_events.c.recipient_id == 2, delivery_events.c.kind == "delivered"
            )
        )
    assert faults(await records(database)) == {"unproven": 1}


async def test_a_batch_that_is_proven_and_not_accepted_is_named(database: Database) -> None:
    broadcast = await have_history(database)
    await events.record(database, [event(broadcast, 25, D.PROCESSED, batch=3)])
    assert faults(await records(database)) == {"proven_unsettled": (3,)}


async def test_a_batch_that_ended_without_a_word_is_named(database: Database) -> None:
    broadcast = await have_history(database)
    await broadcasts.stop(database, broadcast.id, LATER)
    async with database.write() as connection:
        await connection.execute(text("UPDATE batches SET explanation = '' WHERE number = 4"))
    assert faults(await records(database)) == {"unexplained": (4,)}


async def test_batches_that_are_gone_do_not_add_up(database: Database) -> None:
    await have_history(database)
    async with database.write() as connection:
        await connection.execute(delete(batches).where(batches.c.number == 4))
    found = await records(database)
    assert (found.laid_out, found.batches, found.recipients, found.planned) == (3, 4, 30, 38)


async def test_an_event_about_somebody_in_no_batch_is_nobodys_fault(database: Database) -> None:
    broadcast = await have_history(database)
    await events.record(database, [event(broadcast, 999, batch=1)])
    assert faults(await records(database)) == {}


async def test_another_incidents_broadcast_is_its_own_business(database: Database) -> None:
    await have_history(database)
    other = await have_broadcast(database, size=10, incident="other")
    await lose_answer(database, other, 1)
    assert [one.key for one in await broadcast_records(database, "other")] == [other.key]
    assert faults(await records(database)) == {}
