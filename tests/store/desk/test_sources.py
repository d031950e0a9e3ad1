"""A page and where the reading is after it are one: whoever dies loses and doubles nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.explanation import explained
from domain.listening import Cursor, Gap, MentionPage, SourceProblem, complete
from store.desk import reading, sources
from store.desk.reading import Which
from store.desk.sources import Lane, Source
from store.kernel.database import Database
from tests.store.desk.said import crowd
from tests.store.world import LATER, NOON

HOUR = timedelta(hours=1)


async def here(database: Database) -> Source:
    (found,) = await sources.all_sources(database)
    return found


async def newest(database: Database) -> Lane:
    return Lane(cursor=Cursor(since=(await here(database)).newest))


async def ids(database: Database) -> set[str]:
    return {one.mention.id for one in await reading.listed(database, Which(), 1000)}


@pytest.fixture(autouse=True)
async def source(database: Database) -> Source:
    return await sources.register(database, "twitter", 60, NOON)


async def test_a_chain_goes_on_where_it_was_and_the_newest_are_read_first(
    database: Database,
) -> None:
    lane = await newest(database)
    page = MentionPage(mentions=crowd(91, 100), cursor=Cursor(token="p2", newest="100"))
    await sources.enter_page(database, "twitter", lane, page, NOON)
    assert ((await here(database)).newest, (await here(database)).behind) == ("100", 1)

    # Meanwhile more was said: it does not wait for the rest of the chain.
    lane = await newest(database)
    later = MentionPage(mentions=crowd(101, 110), cursor=complete("110"))
    await sources.enter_page(database, "twitter", lane, later, LATER)

    chain = await sources.newest_chain(database, "twitter")
    assert chain is not None
    assert chain.cursor == Cursor(since="", token="p2", newest="100")
    last = MentionPage(mentions=crowd(81, 90), cursor=complete("100"))
    await sources.enter_page(database, "twitter", chain, last, LATER)

    assert await sources.newest_chain(database, "twitter") is None
    assert ((await here(database)).newest, (await here(database)).behind) == ("110", 0)
    assert await ids(database) == {str(n) for n in range(81, 111)}


async def test_of_two_chains_the_newer_one_is_read_first(database: Database) -> None:
    for number in ("1", "2"):
        page = MentionPage(cursor=Cursor(since="", token=f"t{number}", newest=number))
        await sources.enter_page(database, "twitter", await newest(database), page, NOON)
    chain = await sources.newest_chain(database, "twitter")
    assert chain is not None
    assert chain.cursor.token == "t2"


async def test_who_dies_before_the_end_has_read_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the mentions of a page and the place after it."""

    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    page = MentionPage(mentions=crowd(1, 10), cursor=Cursor(token="p2", newest="10"))
    with monkeypatch.context() as patched:
        patched.setattr(sources, "_move_newest", die)
        with pytest.raises(RuntimeError):
            await sources.enter_page(database, "twitter", await newest(database), page, NOON)
    assert await ids(database) == set()

    entered = await sources.enter_page(database, "twitter", await newest(database), page, NOON)
    assert entered.new == 10


async def test_two_who_read_the_same_page_move_its_lane_once(
    database: Database, second: Database
) -> None:
    lane = await newest(database)
    page = MentionPage(mentions=crowd(1, 10), cursor=Cursor(token="p2", newest="10"))
    await asyncio.gather(
        *(sources.enter_page(one, "twitter", lane, page, NOON) for one in (database, second))
    )
    assert (await here(database)).behind == 1

    chain = await sources.newest_chain(database, "twitter")
    assert chain is not None
    further = MentionPage(cursor=Cursor(token="p3", newest="10"))
    await sources.enter_page(database, "twitter", chain, further, NOON)
    # A late worker with the page before does not bring it back, nor does its end end it.
    for late in (Cursor(token="p2b", newest="10"), complete("10")):
        await sources.enter_page(second, "twitter", chain, MentionPage(cursor=late), LATER)
    after = await sources.newest_chain(database, "twitter")
    assert after is not None
    assert after.cursor.token == "p3"


async def test_a_chain_whose_place_is_lost_begins_again(database: Database) -> None:
    page = MentionPage(cursor=Cursor(since="", token="p2", newest="10"))
    await sources.enter_page(database, "twitter", await newest(database), page, NOON)
    chain = await sources.newest_chain(database, "twitter")
    assert chain is not None
    await sources.begin_again(database, chain)

    again = await sources.newest_chain(database, "twitter")
    assert again is not None
    assert again.cursor == Cursor(since="", token="", newest="10")
    await sources.enter_page(database, "twitter", again, MentionPage(cursor=complete("10")), NOON)
    assert (await here(database)).behind == 0


async def test_how_a_source_is_doing_is_in_its_row(database: Database) -> None:
    why = explained("X: no connection.", "Check the network.")
    for minute in (1, 2):
        at = NOON + timedelta(minutes=minute)
        await sources.enter_failure(
            database, "twitter", SourceProblem.UNREACHABLE, why, at + HOUR, at
        )
    limited = explained("X: too many requests.")
    await sources.enter_failure(
        database, "twitter", SourceProblem.THROTTLED, limited, LATER + HOUR, LATER
    )
    seen = await here(database)
    assert (seen.misses, seen.problem, seen.again_at) == (2, "throttled", LATER + HOUR)
    assert seen.explanation == limited

    gap = Gap(since=NOON - HOUR, until=NOON)
    page = MentionPage(
        mentions=crowd(1, 1), cursor=complete("1"), gap=gap, unreadable=2, lacks="No tags."
    )
    await sources.enter_page(database, "twitter", await newest(database), page, LATER)

    seen = await here(database)
    assert (seen.misses, seen.problem, seen.explanation, seen.again_at) == (0, None, None, None)
    assert (seen.gap, seen.gap_told_at, seen.unreadable) == (gap, LATER, 2)
    assert (seen.asked_at, seen.succeeded_at, seen.item_at) == (LATER, LATER, LATER)
    assert (seen.lacks, seen.lacked_at) == ("No tags.", LATER)


async def test_another_interval_counts_from_now_on(database: Database) -> None:
    assert (await sources.register(database, "twitter", 30, LATER)).every == 30
    assert (await here(database)).since == NOON


async def test_a_reading_that_reached_nothing_forgets_nothing(database: Database) -> None:
    """A channel that gave no place back would have begun from the very first mention again."""
    page = MentionPage(mentions=crowd(1, 2), cursor=complete("2"))
    await sources.enter_page(database, "twitter", await newest(database), page, NOON)
    empty = MentionPage(cursor=Cursor(since="2"))
    await sources.enter_page(database, "twitter", await newest(database), empty, LATER)
    assert (await here(database)).newest == "2"
