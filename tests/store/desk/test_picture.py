"""The picture: counted by ten minutes, against the same hours of the days before."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.mentions import DismissalReason
from store.desk import closing, entering, reading
from store.desk.closing import Dismissal
from store.desk.picture import read_picture
from store.desk.reading import Which
from store.kernel.database import Database
from tests.store.desk.said import mention
from tests.store.world import LATER, NOON

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


async def said(database: Database, channel: str, many: int, at: datetime) -> None:
    some = [mention(f"{at}{n}", channel=channel, at=at) for n in range(many)]
    await entering.enter(database, some, at)


async def test_a_surge_is_shown_against_the_days_before(database: Database) -> None:
    now = NOON + timedelta(hours=3, minutes=5)
    assert (await read_picture(database, "", now)).days == 0
    # Twelve at one o'clock two days before, and none on the day after it: one in ten minutes.
    await said(database, "twitter", 12, NOON + timedelta(hours=1) - 2 * DAY)
    await said(database, "twitter", 1, NOON - 2 * DAY)
    await said(database, "twitter", 30, NOON + timedelta(hours=1, minutes=15))
    await said(database, "facebook", 4, now - 5 * MINUTE)
    await entering.enter(
        database, [mention(1, channel="smtp", kind="mail", automatic=True, at=now)], now
    )
    numbers = [row.number for row in await reading.listed(database, Which(channel="facebook"), 9)]
    spam = Dismissal(reason=DismissalReason.SPAM, by="lea")
    await closing.dismiss(database, numbers[:3], spam, now - MINUTE)

    picture = await read_picture(database, "", now)
    slots = {f"{one.at:%H:%M}": one for one in picture.slots}
    assert (picture.days, picture.until, min(slots)) == (2, now, "12:00")
    assert (slots["13:10"].arrived, slots["15:00"].arrived, slots["15:00"].ended) == (30, 4, 3)
    assert slots["13:20"].normal == slots["13:10"].normal == 1.0
    assert {one.words: one.open for one in picture.ages} == {
        "under 10 min": 1, "10 min to 1 h": 0, "1 to 4 h": 30, "4 to 24 h": 0, "over 24 h": 13,
    }  # fmt: skip
    assert (await read_picture(database, "leak", now)).ages[2].open == 0


async def test_an_incident_that_is_over_is_shown_as_it_ended(database: Database) -> None:
    await said(database, "twitter", 3, NOON)
    picture = await read_picture(database, "", LATER + 5 * DAY)
    assert picture.until == NOON + timedelta(minutes=10)
    assert picture.slots[-1].arrived == 3
