"""Requests by their keys: the first has it, and of those who take over one does."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from store.kernel.database import Database
from store.requests import requests
from store.requests.requests import Answer
from tests.store.world import NOON

DAY = timedelta(days=1)
LATER = NOON + timedelta(minutes=1)
GIVEN = Answer(status=201, location="/api/v1/incidents/site-down", body=b'{"number": 1}')


async def begun(db: Database, fingerprint: str = "f") -> requests.KnownRequest | None:
    return await requests.begin(db, "t", "k", fingerprint, NOON, forget=NOON - DAY)


async def test_of_many_at_once_one_has_it(database: Database, second: Database) -> None:
    found = await asyncio.gather(*(begun(db) for db in (database, second) for _ in range(10)))
    assert sum(one is None for one in found) == 1
    known = next(one for one in found if one is not None)
    assert (known.fingerprint, known.began_at, known.answer) == ("f", NOON, None)


async def test_the_first_answer_stays(database: Database) -> None:
    await begun(database)
    await requests.answer(database, "t", "k", GIVEN)
    await requests.answer(database, "t", "k", Answer(status=409))
    await requests.give_back(database, "t", "k")
    known = await begun(database, "another")
    assert known is not None
    assert (known.fingerprint, known.answer) == ("f", GIVEN)


async def test_of_those_who_take_over_one_does(database: Database, second: Database) -> None:
    await begun(database)
    taken = await asyncio.gather(
        *(requests.take_over(db, "t", "k", NOON, LATER) for db in (database, second))
    )
    assert sorted(taken) == [False, True]
    await requests.answer(database, "t", "k", GIVEN)
    assert not await requests.take_over(database, "t", "k", LATER, LATER)


async def test_one_that_was_let_go_can_be_taken_over_at_once(database: Database) -> None:
    await begun(database)
    await requests.let_go(database, "t", "k", NOON - DAY)
    known = await requests.find(database, "t", "k")
    assert known is not None
    assert (known.began_at, known.tried_at) == (NOON, NOON - DAY)


async def test_a_key_that_was_given_back_or_is_old_is_free(database: Database) -> None:
    await begun(database)
    await requests.give_back(database, "t", "k")
    assert await begun(database) is None
    after = NOON + 2 * DAY
    assert await requests.begin(database, "t", "k", "f", after, forget=after - DAY) is None
