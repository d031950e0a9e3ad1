"""A surge begins once, goes on, and ends; normal is the account's own same hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.surge import SurgeRule
from store.desk import entering, sources, surges
from store.kernel.database import Database
from store.record import incidents
from tests.store.desk.said import mention
from tests.store.world import NOON

RULE = SurgeRule(fold=5.0, least=10)
DAY = timedelta(days=1)


async def say(database: Database, many: int, at: datetime, **more: object) -> None:
    said = [mention(f"{at.timestamp()}-{n}-{len(more)}", at=at, **more) for n in range(many)]
    await entering.enter(database, said, NOON)


async def listened_for(database: Database, days: float) -> None:
    await sources.register(database, "twitter", 60, NOON - days * DAY)


async def surging(database: Database, at: datetime = NOON) -> list[surges.Surge]:
    await surges.compute(database, ["twitter"], RULE, at)
    return await surges.current(database)


async def test_normal_is_the_same_hour_of_the_days_on_which_somebody_listened(
    database: Database,
) -> None:
    await listened_for(database, 7.5)
    for back in range(1, 8):
        await say(database, 12, NOON - back * DAY + timedelta(minutes=20))
    # Neither another hour nor a day before anybody listened is normal; machines say nothing.
    await say(database, 500, NOON - DAY - timedelta(hours=3))
    await say(database, 500, NOON - 9 * DAY)
    await say(database, 500, NOON - timedelta(minutes=1), automatic=True)
    await say(database, 9, NOON - timedelta(minutes=1))
    (volume,) = await surges.compute(database, ["twitter"], RULE, NOON)
    assert (volume.count, volume.normal, volume.days) == (9, 2.0, 7)
    assert await surges.current(database) == []

    await say(database, 1, NOON - timedelta(minutes=2))
    (surge,) = await surging(database)
    assert (surge.most, surge.normal, surge.days) == (10, 2.0, 7)


async def test_a_surge_is_one_until_half_of_it_is_said(database: Database) -> None:
    await say(database, 30, NOON)
    (first,) = await surging(database)
    (again,) = await surging(database)
    assert again.number == first.number
    assert await surges.dismiss(database, first.number, "lea", NOON)
    assert not await surges.dismiss(database, first.number, "sam", NOON)
    assert [one.dismissed_by for one in await surging(database)] == ["lea"]

    later = NOON + timedelta(minutes=11)
    assert await surging(database, later) == []
    await say(database, 30, NOON + timedelta(seconds=1))
    (second,) = await surging(database)
    assert (second.number > first.number, second.dismissed_by) == (True, "")


async def test_nobody_is_told_while_an_incident_is_open(database: Database) -> None:
    await say(database, 30, NOON)
    assert await surging(database)
    await incidents.register(database, "leak", "A leak", "outage", (), NOON)
    assert await surging(database) == []
