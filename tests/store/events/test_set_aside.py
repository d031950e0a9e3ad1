"""Events that could not be read are kept as they came, once each, and not without end."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.delivery_events import UnreadableEvent
from store.events import set_aside
from store.kernel.database import Database
from store.tables import events_set_aside
from tests.store.world import NOON


async def kept(database: Database) -> list[bytes]:
    query = select(events_set_aside.c.raw).order_by(events_set_aside.c.id)
    async with database.read() as connection:
        return [bytes(raw) for raw in await connection.scalars(query)]


async def test_every_byte_is_kept(database: Database) -> None:
    every = bytes(range(256))
    await set_aside.keep(database, "email", [UnreadableEvent(every, "not text")], NOON)
    assert await kept(database) == [every]


async def test_one_that_comes_again_is_kept_once(database: Database) -> None:
    for _ in range(2):
        await set_aside.keep(database, "email", [UnreadableEvent(b"{", "broken")] * 2, NOON)
    assert await set_aside.count(database) == 1


async def test_a_long_one_is_cut_off_and_still_told_apart(database: Database) -> None:
    long = [UnreadableEvent(b"a" * set_aside.LONGEST + end, "too long") for end in (b"1", b"2")]
    await set_aside.keep(database, "email", long, NOON)
    assert [len(raw) for raw in await kept(database)] == [set_aside.LONGEST] * 2


async def test_the_oldest_go(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_aside, "KEPT", 3)
    for number in range(5):
        await set_aside.keep(database, "email", [UnreadableEvent(b"%d" % number, "")], NOON)
    assert await kept(database) == [b"2", b"3", b"4"]
