"""Repeats: one effect and one answer, whoever sends how often, and whoever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from client import requests
from client.engine import Engine
from client.errors import NoAnswer
from client.requests import Answer, KeyReused, Requests, UnderWay
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.tables import api_requests, suppression_log
from tests.surfaces.api.conftest import Api

ANN = {"address": "ann@feather.example", "reason": "requested"}


async def logged(api: Api) -> int:
    """How often somebody has put an address on the list."""
    async with (await api.engine.ledger()).read() as connection:
        return await connection.scalar(select(func.count()).select_from(suppression_log)) or 0


async def test_a_hundred_at_once_have_one_effect_and_one_answer(api: Api) -> None:
    await api.has_token()
    answers = await asyncio.gather(
        *(api.post("/suppressions", ANN, key="the-same") for _ in range(100))
    )
    assert Counter((one.status_code, one.text) for one in answers) == {(201, '{"added":1}'): 100}
    assert sum("Idempotency-Replayed" in one.headers for one in answers) == 99
    assert await logged(api) == 1


async def test_it_is_given_again_later_also_by_another_process(api: Api) -> None:
    await api.has_token()
    first = await api.post("/suppressions", ANN, key="k")
    again = await api.post("/suppressions", ANN, key="k")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert await logged(api) == 1


async def test_a_rules_refusal_is_an_answer_too(api: Api) -> None:
    await api.has_token()
    body = {"address": "ann@feather.example", "why": "She asked."}
    answers = [await api.post("/suppressions/removals", body, key="k") for _ in range(2)]
    assert [one.status_code for one in answers] == [409, 409]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["content-type"] == "application/problem+json"


async def test_another_request_under_the_same_key_is_refused(api: Api) -> None:
    await api.has_token()
    await api.post("/suppressions", ANN, key="k")
    for path, body in (
        ("/suppressions", ANN | {"address": "ben@feather.example"}),
        ("/subscribers/deletions", ANN),
    ):
        refused = await api.post(path, body, key="k")
        assert refused.status_code == 422
        assert refused.json()["type"] == "urn:frontfoot:problem:key-reused"
    assert await logged(api) == 1


async def test_keys_of_another_token_are_other_keys(api: Api) -> None:
    for _ in range(2):
        await api.has_token()
        answer = await api.post("/suppressions", ANN, key="k")
        assert "Idempotency-Replayed" not in answer.headers


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é"])
async def test_a_post_without_a_usable_key_does_nothing(api: Api, key: str) -> None:
    await api.has_token()
    headers = {**api.bearer, "Idempotency-Key": key.encode()}
    for path, body in (("/suppressions", ANN), ("/incidents/site-down/recipient-lookups", ANN)):
        answer = await api.http.post(f"/api/v1{path}", json=body, headers=headers)
        assert (answer.status_code, "Idempotency-Key" in answer.text) == (400, True)
    assert await logged(api) == 0


async def test_what_cannot_be_read_leaves_its_key_free(api: Api) -> None:
    await api.has_token()
    assert (await api.post("/suppressions", {"address": 7}, key="k")).status_code == 422
    assert (await api.post("/suppressions", ANN, key="k")).status_code == 201


async def test_what_was_not_done_leaves_its_key_free(kept: Api) -> None:
    """Temporal is away, so nothing was asked of the incident."""
    for body in ({"kind": "announcement"}, {"kind": "correction"}):
        answer = await kept.post("/incidents/site-down/messages", body, key="k")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_a_lookup_has_no_answer_that_is_kept(kept: Api) -> None:
    for _ in range(2):
        answer = await kept.post(
            "/incidents/site-down/recipient-lookups", {"address": "ann@feather.example"}, key="k"
        )
        assert (answer.status_code, answer.json()["known"]) == (200, False)
    async with (await kept.engine.ledger()).read() as connection:
        assert await connection.scalar(select(func.count()).select_from(api_requests)) == 0


async def test_a_body_that_is_too_large_is_not_read(api: Api) -> None:
    await api.has_token()
    headers = {**api.bearer, "Idempotency-Key": "k", "Content-Type": "application/json"}

    async def endless() -> object:
        while True:
            yield b"a" * 65536

    for content in (b"a" * (1024 * 1024 + 1), endless()):
        answer = await api.http.post("/api/v1/suppressions", content=content, headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["status"]) == (413, 413)


# --- below the surface: two processes, and one that dies ------------------------------------------


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
