"""Coverage: counted by channel and by whoever ended it, with what came and ended lately."""

from __future__ import annotations

from datetime import timedelta

from domain.coverage import AgentCoverage, Coverage, Lately
from domain.mentions import DismissalReason
from store.desk import closing, entering, reading
from store.desk.closing import Dismissal
from store.desk.coverage import read_coverage
from store.desk.reading import Which
from store.kernel.database import Database
from tests.store.desk.said import crowd, mention
from tests.store.world import LATER, NOON

MINUTE = timedelta(minutes=1)


async def test_it_is_counted_by_channel_by_agent_and_by_time(database: Database) -> None:
    now = LATER + timedelta(hours=2)
    await entering.enter(database, crowd(1, 6), now - 61 * MINUTE)
    facebook = [mention(n, channel="facebook", at=now - 11 * MINUTE) for n in (7, 8, 9)]
    await entering.enter(database, facebook, now - 11 * MINUTE)
    machines = [mention(10, channel="smtp", kind="mail", automatic=True)]
    await entering.enter(database, machines, now - MINUTE)
    numbers = {
        int(row.mention.id): row.number for row in await reading.listed(database, Which(), 20)
    }
    for by, ids, ago in (("lea", (1, 2), 59), ("lea", (7,), 9), ("ben", (3,), 61)):
        spam = Dismissal(reason=DismissalReason.SPAM, by=by)
        await closing.dismiss(database, [numbers[n] for n in ids], spam, now - ago * MINUTE)

    report = await read_coverage(database, "", now)
    facebook_s, smtp, twitter = report.channels
    assert report.total == Coverage(open=5, dismissed=5)
    assert (twitter.open, twitter.dismissed, twitter.percent) == (3, 3, "50 %")
    assert twitter.oldest_open == NOON + timedelta(seconds=4)
    assert (twitter.arrived, twitter.closed) == (Lately(), Lately(hour=2))
    assert facebook_s.arrived == Lately(hour=3)
    assert facebook_s.closed == Lately(hour=1, ten_minutes=1)
    # What a machine wrote is covered, and no work of anybody.
    assert (smtp.dismissed, smtp.oldest_open, smtp.arrived, smtp.closed) == (
        1, None, Lately(), Lately(),
    )  # fmt: skip
    assert report.agents == (
        AgentCoverage(agent="lea", dismissed=3, closed=Lately(hour=3, ten_minutes=1)),
        AgentCoverage(agent="", dismissed=1),
        AgentCoverage(agent="ben", dismissed=1),
    )
    assert (await read_coverage(database, "leak", now)).channels == ()
