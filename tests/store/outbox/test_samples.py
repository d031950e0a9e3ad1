"""The outbox of samples: each at most once, none while all is stopped, addresses for a day."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from domain.actor import Actor
from domain.publication import PublicationState
from store.kernel.database import Database
from store.outbox import samples
from store.outbox.samples import Sample
from store.stops import stops
from tests.store.world import LATER, NOON, ref

S = PublicationState
SLUG = ref().incident
MAYA = Actor.at_terminal("maya")


async def ask(database: Database, address: str = "maya@feather.example") -> None:
    await samples.ask(
        database,
        incident=SLUG,
        number=1,
        revision=1,
        channel="email",
        audience=None,
        address=address,
        by="maya",
        at=NOON,
    )


async def mine(database: Database) -> list[Sample]:
    return await samples.of_message(database, SLUG, 1, "maya")


async def test_of_many_workers_one_takes_a_sample(database: Database) -> None:
    await ask(database)
    taken = await asyncio.gather(*(samples.take(database, ["email"], NOON) for _ in range(5)))
    assert sum(one is not None for one in taken) == 1


async def test_a_worker_takes_what_its_channels_can_send(database: Database) -> None:
    await ask(database)
    assert await samples.take(database, ["letter"], NOON) is None
    assert await samples.take(database, ["letter", "email"], NOON) is not None


async def test_what_certainly_did_not_go_out_is_taken_again_and_nothing_else(
    database: Database,
) -> None:
    await ask(database)
    for state in (S.PLANNED, S.ACCEPTED):
        taken = await samples.take(database, ["email"], NOON)
        assert taken is not None
        await samples.end(database, taken, state)
    assert await samples.take(database, ["email"], NOON) is None
    assert [one.state for one in await mine(database)] == [S.ACCEPTED]


async def test_none_is_taken_while_everything_is_stopped(database: Database) -> None:
    await ask(database)
    await stops.stop(database, SLUG, MAYA, "", NOON)
    assert await samples.take(database, ["email"], NOON) is None
    await stops.resume(database, SLUG, MAYA, LATER)
    assert await samples.take(database, ["email"], NOON) is not None


async def test_an_address_is_forgotten_after_a_day_and_what_was_lost_is_unknown(
    database: Database,
) -> None:
    await ask(database)
    await ask(database)
    await samples.take(database, ["email"], NOON)
    await samples.sweep(database, NOON + timedelta(hours=1))
    assert sorted(one.state for one in await mine(database)) == [S.PLANNED, S.UNKNOWN]
    await samples.sweep(database, NOON + timedelta(hours=25))
    assert {one.address for one in await mine(database)} == {""}
    assert await samples.take(database, ["email"], LATER) is None
    assert await samples.asked_since(database, "maya", NOON) == 2
    assert await samples.asked_since(database, "noor", NOON) == 0
