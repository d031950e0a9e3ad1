"""Planning reads a whole audience, and meanwhile others can write."""

from __future__ import annotations

import asyncio

import pytest

from store.broadcasts import layouts
from store.broadcasts.layouts import Layout
from store.broadcasts.progress import read_progress
from store.kernel.database import Database
from store.people import suppressions
from store.record import incidents
from tests.store.world import NOON, address, have_broadcast, send


async def test_what_is_urgent_is_written_while_the_batches_are_worked_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = layouts.draw

    async def while_drawing(*arguments: object) -> Layout:
        async with asyncio.timeout(10):
            await incidents.register(database, "site-down", "?", "outage", (), NOON)
        return await draw(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(layouts, "draw", while_drawing)
    broadcast = await have_broadcast(database, 25)
    assert [row.slug for row in await incidents.list_incidents(database)] == ["site-down"]
    assert (broadcast.batches, broadcast.planned) == (3, 25)


async def test_who_unsubscribes_while_it_is_planned_gets_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are counted as planned, and left out when their batch is sent."""
    draw = layouts.draw

    async def and_then_somebody_leaves(*arguments: object) -> Layout:
        drawn = await draw(*arguments)  # type: ignore[arg-type]
        await suppressions.add(database, address(3), "unsubscribed", None, "test", NOON)
        return drawn

    monkeypatch.setattr(layouts, "draw", and_then_somebody_leaves)
    broadcast = await have_broadcast(database, 10)
    sent = await send(database, broadcast, 1)
    assert len(sent) == 9
    progress = await read_progress(database, broadcast.id)
    assert (progress.accepted, progress.suppressed) == (9, 1)


async def test_two_that_plan_the_same_at_once_make_one_plan(
    database: Database, second: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have drawn their layout before either has entered one."""
    draw, drawn = layouts.draw, asyncio.Barrier(2)

    async def at_once(*arguments: object) -> Layout:
        made = await draw(*arguments)  # type: ignore[arg-type]
        await drawn.wait()
        return made

    monkeypatch.setattr(layouts, "draw", at_once)
    async with asyncio.timeout(20):
        one, other = await asyncio.gather(have_broadcast(database, 25), have_broadcast(second, 25))
    assert one == other
