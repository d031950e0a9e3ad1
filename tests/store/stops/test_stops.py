"""What a stop keeps back, that it is there once, and who is told of it."""

from __future__ import annotations

import asyncio

from domain.actor import Actor
from domain.publication import PublicationState
from store.broadcasts import batches
from store.kernel.database import Database
from store.record import incidents, publications
from store.stops import stops
from tests.store.world import DIGEST, LATER, NOON, have_broadcast, ref

S = PublicationState
SLUG = ref().incident
MAYA, NOOR = Actor.at_terminal("maya"), Actor.at_terminal("noor")


async def test_no_batch_is_handed_out_while_everything_is_stopped(database: Database) -> None:
    broadcast = await have_broadcast(database, 20)
    await stops.stop(database, SLUG, MAYA, "", NOON)
    refused = await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)
    assert (refused.reserved, refused.row.state) == (False, S.PLANNED)
    await stops.resume(database, SLUG, NOOR, LATER)
    assert (await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)).reserved


async def test_no_post_is_handed_out_while_everything_is_stopped(database: Database) -> None:
    await publications.plan(database, ref(), "twitter", DIGEST, NOON)
    await stops.stop(database, SLUG, MAYA, "", NOON)
    refused = await publications.reserve(database, ref(), "twitter", DIGEST, NOON, 1)
    assert (refused.reserved, refused.row.state) == (False, S.PLANNED)
    await stops.resume(database, SLUG, NOOR, LATER)
    assert (await publications.reserve(database, ref(), "twitter", DIGEST, NOON, 1)).reserved


async def test_other_incidents_go_on(database: Database) -> None:
    broadcast = await have_broadcast(database, 20, incident="another")
    await stops.stop(database, SLUG, MAYA, "", NOON)
    assert (await batches.reserve_batch(database, broadcast.id, 1, DIGEST, NOON)).reserved


async def test_those_who_stop_it_at_once_have_one_stop(database: Database) -> None:
    made = await asyncio.gather(
        *(stops.stop(database, SLUG, MAYA, f"reason {n}", NOON) for n in range(5))
    )
    assert len({one.id for one in made}) == 1
    assert await stops.all_in_force(database) == {SLUG: made[0]}


async def test_it_can_be_stopped_again_after_it_was_resumed(database: Database) -> None:
    first = await stops.stop(database, SLUG, MAYA, "", NOON)
    ended = await stops.resume(database, SLUG, NOOR, LATER)
    assert ended == first.model_copy(update={"ended_at": LATER, "ended_by": NOOR})
    assert await stops.resume(database, SLUG, NOOR, LATER) is None
    second = await stops.stop(database, SLUG, NOOR, "Again", LATER)
    assert second.id != first.id
    assert await stops.in_force(database, SLUG) == second


async def test_an_incident_is_told_of_each_stop_and_of_its_end(database: Database) -> None:
    await incidents.register(database, SLUG, "Site down", "outage", (), NOON)
    first = await stops.stop(database, SLUG, MAYA, "", NOON)
    assert await stops.untold(database) == [SLUG]
    assert await stops.tell(database, SLUG, None) == [first]
    assert await stops.untold(database) == []
    await stops.resume(database, SLUG, MAYA, LATER)
    second = await stops.stop(database, SLUG, MAYA, "", LATER)
    told = await stops.tell(database, SLUG, first.at)
    assert [(one.id, one.in_force) for one in told] == [(first.id, False), (second.id, True)]
    assert [one.id for one in await stops.tell(database, SLUG, LATER)] == [second.id]


async def test_a_closed_incident_is_told_nothing(database: Database) -> None:
    await incidents.register(database, SLUG, "Site down", "outage", (), NOON)
    await stops.stop(database, SLUG, MAYA, "", NOON)
    await incidents.mark_closed(database, SLUG, LATER)
    assert await stops.untold(database) == []


async def test_a_stop_that_a_restored_ledger_has_forgotten_is_entered_again(
    database: Database,
) -> None:
    known = await stops.stop(database, SLUG, MAYA, "Wrong link", NOON)
    await stops.enter_again(database, known)
    assert await stops.in_force(database, SLUG) == known
    ended = await stops.resume(database, SLUG, MAYA, LATER)
    assert ended is not None
    await stops.enter_again(database, ended)
    assert await stops.in_force(database, SLUG) is None
    other = known.model_copy(update={"incident": "restored", "id": "0" * 32})
    await stops.enter_again(database, other)
    assert await stops.in_force(database, "restored") == other
