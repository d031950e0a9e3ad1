"""Requests that are repeated: two processes at once, and one that dies in the middle."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from client import requests
from client.engine import Engine
from client.errors import NoAnswer
from client.requests import Answer, KeyReused, Requests, UnderWay
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.tables import api_requests


class Counted:
    """Work that counts how often it was done, under which id."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.repeats: list[bool] = []

    async def __call__(self, engine: Engine) -> Answer:
        assert engine.request is not None
        self.ids.append(engine.request.id)
        self.repeats.append(engine.request.since is not None)
        return Answer(status=201, body=b"{}")


@pytest.fixture
def engine(ledger: Database) -> Engine:
    return Engine(ledger=ledger)


async def test_who_dies_between_the_effect_and_its_answer_is_repeated_under_the_same_id(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = Counted()

    class Died(BaseException):
        """The process is gone: nothing after it runs."""

    async def dies(engine: Engine) -> Answer:
        await done(engine)
        raise Died

    with pytest.raises(Died):
        await Requests(engine).once("t", "k", "f", dies)
    other = Requests(engine)
    monkeypatch.setattr(requests, "WAITS_FOR", timedelta())
    with pytest.raises(UnderWay):
        await other.once("t", "k", "f", done)
    assert len(done.ids) == 1
    monkeypatch.setattr(requests, "ABANDONED_AFTER", timedelta())
    with pytest.raises(KeyReused):
        await other.once("t", "k", "another", done)
    assert (await other.once("t", "k", "f", done))[0].status == 201
    assert (len(done.ids), len(set(done.ids)), done.repeats) == (2, 1, [False, True])
    # From now on it has its answer.
    assert (await Requests(engine).once("t", "k", "f", done))[1]
    assert len(done.ids) == 2


async def test_another_process_waits_for_the_answer_of_the_first(engine: Engine) -> None:
    done, begun, go_on = Counted(), asyncio.Event(), asyncio.Event()

    async def slow(engine: Engine) -> Answer:
        begun.set()
        await go_on.wait()
        return await done(engine)

    first = asyncio.create_task(Requests(engine).once("t", "k", "f", slow))
    await begun.wait()
    second = asyncio.create_task(Requests(engine).once("t", "k", "f", done))
    await asyncio.sleep(0)
    go_on.set()
    answers = await asyncio.gather(first, second)
    assert [replayed for _, replayed in answers] == [False, True]
    assert (answers[0][0], len(done.ids)) == (answers[1][0], 1)


@pytest.mark.parametrize("error", [NoAnswer("site-down", "propose"), ValueError("a bug of ours")])
async def test_after_an_unknown_outcome_the_next_repeat_finds_out(
    engine: Engine, error: Exception
) -> None:
    done = Counted()

    async def lost(engine: Engine) -> Answer:
        await done(engine)
        raise error

    with pytest.raises(type(error)):
        await Requests(engine).once("t", "k", "f", lost)
    assert (await Requests(engine).once("t", "k", "f", done))[0].status == 201
    assert (len(set(done.ids)), done.repeats) == (1, [False, True])


async def test_a_repeat_that_fails_does_not_free_the_key(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try may have counted, whatever becomes of the second."""
    monkeypatch.setattr(requests, "ABANDONED_AFTER", timedelta())
    done, tries = Counted(), iter([NoAnswer("site-down", "propose"), KeyReused()])

    async def fails(engine: Engine) -> Answer:
        raise next(tries)

    for kind in (NoAnswer, KeyReused):
        with pytest.raises(kind):
            await Requests(engine).once("t", "k", "f", fails)
    await Requests(engine).once("t", "k", "f", done)
    assert done.repeats == [True]


async def test_what_is_done_is_answered_though_its_answer_cannot_be_kept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("The ledger is away.", "Nothing was kept.", "Look at it.")

    monkeypatch.setattr(requests.requests, "answer", away)
    answer, replayed = await Requests(engine).once("t", "k", "f", Counted())
    assert (answer.status, replayed) == (201, False)


async def test_after_a_day_a_key_is_forgotten(engine: Engine, ledger: Database) -> None:
    done = Counted()
    await Requests(engine).once("t", "k", "f", done)
    async with ledger.write() as connection:
        before = api_requests.c.began_at
        began = await connection.scalar(select(before))
        assert began is not None
        await connection.execute(update(api_requests).values(began_at=began - timedelta(hours=25)))
    answer, replayed = await Requests(engine).once("t", "k", "another", done)
    assert (answer.status, replayed, done.repeats) == (201, False, [False, False])
    # Temporal still has the answer to the first, and would give it again.
    assert len(set(done.ids)) == 2
