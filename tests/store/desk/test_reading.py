"""Counting what came after a mention, as a page that is open announces it."""

from __future__ import annotations

from domain.mentions import MentionState
from store.desk import entering, reading
from store.desk.reading import Which
from store.kernel.database import Database
from tests.store.desk.said import crowd, mention
from tests.store.world import LATER


async def test_what_came_later_is_counted_whenever_it_was_written(database: Database) -> None:
    assert await reading.newest(database) == 0
    await entering.enter(database, crowd(5, 9), LATER)
    since = await reading.newest(database)
    assert await reading.newer(database, Which(), since, 10) == 0
    # An outage is over: older ones come, too.
    await entering.enter(database, crowd(1, 4), LATER)
    await entering.enter(database, [mention(10, channel="facebook")], LATER)
    assert await reading.newer(database, Which(), since, 10) == 5
    assert await reading.newer(database, Which(), since, 3) == 3
    assert await reading.newer(database, Which(channel="facebook"), since, 10) == 1
    assert await reading.newer(database, Which(state=MentionState.DISMISSED), since, 10) == 0


async def test_an_author_is_found_without_their_mail(database: Database) -> None:
    await entering.enter(database, [mention(1), mention(2, kind="mail")], LATER)
    for mail, found in ((True, 2), (False, 1)):
        assert len(await reading.listed(database, Which(author="ann", mail=mail), 9)) == found
