"""Every mail to every recipient, in pages."""

from __future__ import annotations

import pytest

from domain.publication import DeliveryState, PublicationState
from store.audit import arrivals
from store.audit.arrivals import FoundArrival
from store.events import events
from store.kernel.database import Database
from store.people import suppressions
from tests.store.world import NOON, address, event, have_broadcast, lose_answer, send

HERE = "buffer-saturday"


async def all_of(database: Database, incident: str = HERE) -> list[FoundArrival]:
    return [one async for page in arrivals.arrivals(database, incident) for one in page]


@pytest.mark.parametrize("size", [1, 7, 1_000])
async def test_everybody_is_there_once_whatever_the_size_of_a_page(
    database: Database, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(arrivals, "_PEOPLE", arrivals._PEOPLE.limit(size))
    await suppressions.add(database, address(1), "asked", None, "console", NOON)
    broadcast = await have_broadcast(database, size=40)
    await send(database, broadcast, 1)
    await lose_answer(database, broadcast, 2)
    await events.record(database, [event(broadcast, 2)])
    found = {one.address: one for one in await all_of(database)}
    assert len(found) == len(await all_of(database)) == 40
    states = {n: (found[address(n)].batch_state, found[address(n)].state) for n in (2, 3, 15, 40)}
    assert states == {
        2: (PublicationState.ACCEPTED, DeliveryState.DELIVERED),
        3: (PublicationState.ACCEPTED, None),
        15: (PublicationState.UNKNOWN, None),
        40: (PublicationState.PLANNED, None),
    }
    assert (found[address(1)].withheld, found[address(2)].withheld) == (True, False)
    assert found[address(2)].accepted_at is not None


async def test_other_incidents_are_not_in_it(database: Database) -> None:
    await have_broadcast(database, size=3)
    assert await all_of(database, "another") == []
