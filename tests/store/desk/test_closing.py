"""Dismissing: with a reason, once, by one of those who try at the same time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from domain.mentions import DismissalReason, MentionState
from store.desk import closing, entering, reading
from store.desk.closing import Dismissal
from store.desk.reading import MentionRow, Which
from store.kernel.database import Database
from tests.store.desk.said import crowd, mention
from tests.store.world import LATER

HOUR = timedelta(hours=1)
SPAM = Dismissal(reason=DismissalReason.SPAM, words="a coin", by="lea")


async def _rows(database: Database, **which: object) -> dict[str, MentionRow]:
    found = await reading.listed(database, Which.model_validate(which), 1000)
    return {one.mention.id: one for one in found}


async def test_a_dismissal_says_why_who_and_when(database: Database) -> None:
    await entering.enter(database, crowd(1, 3), LATER)
    rows = await _rows(database)
    done = await closing.dismiss(database, [rows["1"].number], SPAM, LATER + HOUR)

    assert done == {rows["1"].number}
    row = (await _rows(database))["1"]
    assert (row.state, row.reason, row.words) == (
        MentionState.DISMISSED,
        DismissalReason.SPAM,
        "a coin",
    )
    assert (row.closed_by, row.closed_at) == ("lea", LATER + HOUR)
    assert set(await _rows(database, state=MentionState.OPEN)) == {"2", "3"}


async def test_of_two_at_once_one_dismisses(database: Database, second: Database) -> None:
    await entering.enter(database, crowd(1, 40), LATER)
    numbers = [one.number for one in (await _rows(database)).values()]
    theirs = Dismissal(reason=DismissalReason.NEEDS_NONE, by="ben")
    ours, other = await asyncio.gather(
        closing.dismiss(database, numbers, SPAM, LATER),
        closing.dismiss(second, numbers, theirs, LATER),
    )

    assert ours | other == set(numbers)
    assert not ours & other
    rows = await _rows(database)
    assert {one.number for one in rows.values() if one.closed_by == "lea"} == ours


async def test_what_was_dismissed_is_opened_again_without_a_trace(database: Database) -> None:
    await entering.enter(database, [mention(1)], LATER)
    before = (await _rows(database))["1"]
    await closing.dismiss(database, [before.number], SPAM, LATER)
    assert await closing.reopen(database, [before.number]) == {before.number}
    assert await closing.reopen(database, [before.number]) == set()
    assert (await _rows(database))["1"] == before


async def test_what_a_machine_wrote_is_dismissed_by_a_rule(database: Database) -> None:
    """A mailing to a million brings tens of thousands of these."""
    absent = mention(1, "I am away", channel="smtp", automatic=True)
    await entering.enter(database, [absent, mention(2, channel="smtp")], LATER)
    await entering.enter(database, [absent], LATER + HOUR)
    rows = await _rows(database)
    assert (rows["1"].state, rows["1"].reason) == (
        MentionState.DISMISSED,
        DismissalReason.AUTOMATIC,
    )
    assert (rows["1"].closed_at, rows["1"].closed_by) == (LATER, "")
    assert rows["2"].state is MentionState.OPEN
