"""Claims: one of those who try at once, until the lease is over; the draft outlives it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from domain.claims import LEASE, Claim, Draft
from domain.mentions import DismissalReason, MentionState
from store.desk import claiming, closing, entering, reading
from store.desk.closing import Dismissal
from store.desk.reading import MentionRow, Which
from store.kernel.database import Database
from tests.store.desk.said import mention
from tests.store.world import LATER

SECOND = timedelta(seconds=1)
OVER = LATER + LEASE
"""The first moment at which a claim of ``LATER`` holds no more."""


async def said(database: Database) -> int:
    await entering.enter(database, [mention(1)], LATER)
    (row,) = await reading.listed(database, Which(), 2)
    return row.number


async def row_of(database: Database, number: int) -> MentionRow:
    row = await reading.find(database, number)
    assert row is not None
    return row


async def test_of_fifty_at_once_one_gets_it(database: Database, second: Database) -> None:
    number = await said(database)
    people = [f"person-{n}" for n in range(50)]
    got = await asyncio.gather(
        *(
            claiming.claim(ledger, number, person, LATER, f"by {person}")
            for person, ledger in zip(people, [database, second] * 25, strict=True)
        )
    )
    (winner,) = (person for person, one in zip(people, got, strict=True) if one)
    row = await row_of(second, number)
    assert row.claim == Claim(by=winner, since=LATER, until=OVER)
    assert row.draft == Draft(text=f"by {winner}", by=winner, at=LATER)


async def test_a_claim_is_renewed_and_says_since_when_it_is_theirs(database: Database) -> None:
    number = await said(database)
    await claiming.claim(database, number, "lea", LATER)
    assert await claiming.claim(database, number, "lea", OVER - SECOND)
    assert not await claiming.claim(database, number, "ben", OVER)
    row = await row_of(database, number)
    assert row.claim == Claim(by="lea", since=LATER, until=OVER - SECOND + LEASE)


async def test_a_claim_that_is_over_is_free_and_its_draft_stays(database: Database) -> None:
    number = await said(database)
    await claiming.claim(database, number, "lea", LATER, "We are")
    assert not await claiming.claim(database, number, "ben", OVER - SECOND)
    assert await claiming.claim(database, number, "ben", OVER)
    row = await row_of(database, number)
    assert row.claim == Claim(by="ben", since=OVER, until=OVER + LEASE)
    assert row.draft == Draft(text="We are", by="lea", at=LATER)
    # What the first one still types changes nothing.
    assert not await claiming.claim(database, number, "lea", OVER + SECOND, "We are on it")
    assert await row_of(database, number) == row


async def test_only_whoever_has_it_releases_it(database: Database) -> None:
    number = await said(database)
    await claiming.claim(database, number, "lea", LATER, "We are")
    assert not await claiming.release(database, number, "ben")
    assert await claiming.release(database, number, "lea")
    row = await row_of(database, number)
    assert (row.claim, row.draft is not None) == (None, True)
    assert await claiming.claim(database, number, "ben", LATER)


async def test_what_somebody_holds_is_dismissed_by_nobody_else(
    database: Database, second: Database
) -> None:
    number = await said(database)
    await claiming.claim(database, number, "lea", LATER)
    bens = Dismissal(reason=DismissalReason.SPAM, by="ben")
    assert await closing.dismiss(second, [number], bens, OVER - SECOND) == set()
    assert await closing.dismiss(second, [number], bens, OVER) == {number}
    assert (await row_of(database, number)).claim is None
    # What is closed is nobody's any more.
    assert not await claiming.claim(database, number, "lea", OVER)


async def test_claiming_and_dismissing_at_once_never_do_both(
    database: Database, second: Database
) -> None:
    await entering.enter(database, [mention(n) for n in range(1, 21)], LATER)
    numbers = [row.number for row in await reading.listed(database, Which(), 30)]
    bens = Dismissal(reason=DismissalReason.SPAM, by="ben")
    await asyncio.gather(
        *(claiming.claim(database, number, "lea", LATER) for number in numbers),
        *(closing.dismiss(second, [number], bens, LATER) for number in numbers),
    )
    for row in await reading.listed(database, Which(), 30):
        assert (row.claim is not None) is (row.state is MentionState.OPEN)


async def test_mentions_are_listed_by_who_claimed_them(database: Database) -> None:
    await entering.enter(database, [mention(1), mention(2)], LATER)
    first, _ = await reading.listed(database, Which(), 2)
    await claiming.claim(database, first.number, "lea", LATER)
    found = await reading.listed(database, Which(claimed_by="lea"), 2)
    assert [row.number for row in found] == [first.number]
