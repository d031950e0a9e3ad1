"""Repeats: one effect and one answer, whoever sends how often, and whoever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from store.people.audiences import AudienceRow
from store.people.subscriber_list import import_confirmed
from store.requests import requests
from store.tables import api_requests, suppression_log
from tests.surfaces.api.conftest import AT, Api

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


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/suppressions", {"address": "no address", "reason": "requested"}, 422),
        ("/incidents/another/stops", {}, 404),
    ],
)
async def test_that_it_was_not_there_is_no_answer_for_a_day(
    kept: Api, path: str, body: object, status: int
) -> None:
    for _ in range(2):
        answer = await kept.post(path, body, key="k")
        assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (status, False)


async def lost(api: Api, monkeypatch: pytest.MonkeyPatch, path: str, body: object) -> None:
    """Somebody has something done, and the console dies before the answer is kept."""

    class Died(BaseException):
        """The process is gone: nothing after it runs."""

    async def dies(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(requests, "answer", dies)
        with pytest.raises(Died):
            await api.post(path, body, key="k")
    # Half a minute passes.
    async with (await api.engine.ledger()).write() as connection:
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        await connection.execute(update(api_requests).values(tried_at=long_ago))


async def test_what_the_first_try_took_off_counts_as_taken_off_by_its_repeat(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.has_token()
    await api.post("/suppressions", ANN)
    body = {"address": ANN["address"], "why": "She asked."}
    await lost(api, monkeypatch, "/suppressions/removals", body)
    again = await api.post("/suppressions/removals", body, key="k")
    assert (again.status_code, again.json()) == (201, {"removed": 0})


async def test_a_repeat_takes_off_nothing_that_was_put_on_the_list_since(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have unsubscribed again meanwhile."""
    await api.has_token()
    await api.post("/suppressions", ANN)
    body = {"address": ANN["address"], "why": "She asked."}
    await lost(api, monkeypatch, "/suppressions/removals", body)
    await api.post("/suppressions", ANN)
    again = await api.post("/suppressions/removals", body, key="k")
    assert (again.status_code, again.json()) == (201, {"removed": 0})
    assert "ann@" in (await api.get("/suppressions")).text


async def test_a_repeated_deletion_of_a_subscriber_is_done(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.has_token()
    ledger = await api.engine.ledger()
    await import_confirmed(ledger, [AudienceRow(ANN["address"], {})], who="maya", why="", at=AT)
    body = {"address": ANN["address"]}
    await lost(api, monkeypatch, "/subscribers/deletions", body)
    again = await api.post("/subscribers/deletions", body, key="k")
    assert (again.status_code, again.json()) == (201, {"deleted": True})
    assert (await api.post("/subscribers/deletions", body)).status_code == 409


async def test_a_repeated_resumption_ends_no_stop_that_began_since(
    kept: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has found something else wrong meanwhile."""
    here = "/incidents/site-down"
    await kept.post(f"{here}/stops", {"reason": "Wrong link"})
    await lost(kept, monkeypatch, f"{here}/resumptions", {})
    await kept.post(f"{here}/stops", {"reason": "Wrong people"})
    again = await kept.post(f"{here}/resumptions", {}, key="k")
    assert (again.status_code, again.json()["reason"]) == (201, "Wrong link")
    assert (await kept.get(here)).json()["stopped"]["reason"] == "Wrong people"


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
