"""Files that are sent and taken: whole or not at all, in once, and entered before they leave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update
from starlette.requests import ClientDisconnect

from client.audiences import list_audiences
from client.codes import list_pools
from client.file_imports import imports
from client.file_imports.imports import MOST_WAITING, FileImports
from client.installation import read_installation
from domain.timeline import TimelineEntry
from domain.tokens import Scope
from store.record import timeline
from store.requests import requests
from store.tables import api_requests
from surfaces.api import uploads
from surfaces.console.app import served
from surfaces.public.limits import Limits
from tests.deadline import eventually
from tests.sealing import KEY, with_key
from tests.surfaces.api.conftest import AT, Api, fresh_key
from tests.surfaces.public.served import serving

HERE = "/incidents/site-down"
ANN = "ann@feather.example"
PEOPLE = f"email,name\n{ANN},Ann\nnobody,Ben\n".encode()


def folder(api: Api) -> Path:
    return api.engine.settings.state_dir / "imports"


async def sends(
    api: Api, path: str, content: bytes | AsyncIterator[bytes] = PEOPLE, key: str = ""
) -> httpx.Response:
    """Another system sends a file."""
    headers = {**api.bearer, "Idempotency-Key": key or fresh_key(), "Content-Type": "text/csv"}
    return await api.http.post(f"/api/v1{path}", content=content, headers=headers)


async def ended(api: Api, answer: httpx.Response) -> dict[str, object]:
    """What came of an import."""
    assert answer.status_code == 201, answer.text
    place = answer.headers["location"].removeprefix("/api/v1")

    async def look() -> dict[str, object]:
        return dict((await api.get(place)).json())

    return await eventually(look, lambda one: one["state"] in ("done", "failed"), within=120)


async def reach(api: Api) -> dict[str, int]:
    return {one.name: one.recipients for one in await list_audiences(api.engine)}


async def acts(api: Api) -> list[tuple[str, str, str]]:
    entries = (await read_installation(api.engine)).entries
    acted = [(one.what, one.who, str(one.surface)) for one in entries]
    return [one for one in acted if "imported" in one[0] or "exported" in one[0]]


async def test_an_audience_is_in_and_what_was_rejected_is_counted_without_an_address(
    api: Api,
) -> None:
    await api.has_token(Scope.IMPORTS_WRITE)
    answer = await sends(api, "/audiences/customers/imports")
    done = await ended(api, answer)
    assert (done["state"], done["added"], done["usable"], done["rejected"]) == ("done", 1, 1, 1)
    assert done["reasons"] == [{"reason": "It needs an @.", "rows": 1}]
    assert "feather" not in json.dumps(done) + answer.text
    assert await reach(api) == {"customers": 1}
    assert await acts(api) == [("audience imported", "maya", "api")]


async def test_suppressions_and_codes_come_by_file_too(api: Api) -> None:
    await api.has_token()
    path = "/suppressions/imports?reason=requested&column=email"
    assert (await ended(api, await sends(api, path)))["added"] == 1
    assert ANN in (await api.get("/suppressions")).text
    codes = b"code\nSPRING-1\nSPRING-2\n"
    assert (await ended(api, await sends(api, "/code-pools/spring/imports", codes)))["added"] == 2
    [pool] = await list_pools(api.engine)
    assert pool.name == "spring"


async def test_what_is_no_list_says_so_in_the_words_of_the_api(api: Api) -> None:
    await api.has_token()
    done = await ended(api, await sends(api, "/audiences/customers/imports", b"a,b\n1,2\n"))
    assert (done["state"], done["added"]) == ("failed", None)
    failure = json.dumps(done["failure"])
    assert "`column`" in failure
    assert "--" not in failure


async def test_the_same_file_under_the_same_key_is_one_import(api: Api) -> None:
    await api.has_token()
    path = "/audiences/customers/imports"
    first = await sends(api, path, key="k")
    again = await sends(api, path, key="k")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    other = await sends(api, path, PEOPLE + b"ben@feather.example,Ben\n", key="k")
    assert (other.status_code, other.json()["type"]) == (422, "urn:frontfoot:problem:key-reused")
    assert await reach(api) == {"customers": 1}
    assert len(list(folder(api).iterdir())) == 1


async def test_who_dies_between_the_import_and_its_answer_has_begun_it_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.has_token()
    path = "/audiences/customers/imports"

    class Died(BaseException):
        """The process is gone: nothing after it runs."""

    async def dies(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(requests, "answer", dies)
        with pytest.raises(Died):
            await sends(api, path, key="k")
    async with (await api.engine.ledger()).write() as connection:
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        await connection.execute(update(api_requests).values(tried_at=long_ago))
    again = await sends(api, path, key="k")
    assert (await ended(api, again))["state"] == "done"
    assert "Idempotency-Replayed" not in again.headers
    assert len(list(folder(api).iterdir())) == 1
    assert await acts(api) == [("audience imported", "maya", "api")]


async def test_half_a_file_is_none(api: Api) -> None:
    await api.has_token()

    async def breaks_off() -> AsyncIterator[bytes]:
        yield PEOPLE
        raise ClientDisconnect

    answer = await sends(api, "/audiences/customers/imports", breaks_off(), key="k")
    assert (answer.status_code, "did not arrive whole" in answer.text) == (422, True)
    assert list(folder(api).iterdir()) == []
    assert await reach(api) == {}
    # And its key is free.
    assert (await sends(api, "/audiences/customers/imports", key="k")).status_code == 201


async def test_a_file_that_is_too_large_is_not_kept(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.has_token()
    monkeypatch.setattr(uploads, "MOST", 100)

    async def grows() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"a" * 30

    for content in (b"a" * 101, grows()):
        answer = await sends(api, "/audiences/customers/imports", content)
        assert (answer.status_code, answer.json()["type"]) == (
            413,
            "urn:frontfoot:problem:too-large",
        )
    assert not folder(api).exists() or list(folder(api).iterdir()) == []


async def test_no_more_files_are_taken_than_fit(api: Api) -> None:
    await api.has_token()
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield PEOPLE
        begun.release()
        await go_on.wait()

    sending = [
        asyncio.create_task(sends(api, "/audiences/customers/imports", slow()))
        for _ in range(MOST_WAITING)
    ]
    for _ in sending:
        await begun.acquire()
    answer = await sends(api, "/audiences/customers/imports")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    go_on.set()
    for one in await asyncio.gather(*sending):
        assert (await ended(api, one))["state"] == "done"


async def test_an_import_that_is_not_here_is_not_found(api: Api) -> None:
    await api.has_token()
    assert (await api.get(f"/imports/{'0' * 16}")).status_code == 404
    assert (await api.get("/imports/nonsense")).status_code == 422


async def test_a_reserved_name_is_refused_and_its_file_removed(api: Api) -> None:
    await api.has_token()
    refused = await sends(api, "/audiences/subscribers/imports")
    assert refused.status_code == 409
    assert list(folder(api).iterdir()) == []


async def test_the_imports_are_those_of_the_pages(api: Api) -> None:
    await api.has_token()
    done = await ended(api, await sends(api, "/audiences/customers/imports"))
    pages = FileImports(api.engine, folder(api))
    [one] = await pages.all()
    assert (one.id, one.kept.order.actor.surface) == (done["id"], "api")
    assert timedelta() <= datetime.now(UTC) - one.kept.asked_at < timedelta(hours=1)


@pytest.fixture
async def far(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """The same API on a real socket that takes little from strangers."""
    monkeypatch.setattr("surfaces.public.protocol._SLACK", 256 * 1024)
    limits = Limits(body=512 * 1024, memory=1024 * 1024, sweep_every=0.02)
    async with serving(served(api.engine), limits) as server:
        url = f"http://127.0.0.1:{server.port}/api/v1"
        async with httpx.AsyncClient(base_url=url, timeout=120) as http:
            yield http


LARGE = b"address\n" + b"".join(b"p%d@feather.example\n" % n for n in range(120_000))


async def test_a_large_file_comes_from_who_is_known_and_from_nobody_else(
    api: Api, far: httpx.AsyncClient
) -> None:
    # On a connection of its own: it is closed while the rest is still being sent, which whoever
    # asks next on it would notice only by then.
    async with httpx.AsyncClient(base_url=far.base_url, timeout=120) as stranger:
        try:
            refused = await stranger.post("/audiences/customers/imports", content=LARGE)
            assert refused.status_code == 401
        except httpx.HTTPError:
            # Closed before it had sent everything.
            pass
    await api.has_token()
    headers = {**api.bearer, "Idempotency-Key": "k"}
    answer = await far.post("/audiences/customers/imports", content=LARGE, headers=headers)
    assert answer.status_code == 201, answer.text


async def test_who_sends_a_large_file_sees_why_it_is_not_taken(
    api: Api, far: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.has_token()
    headers = {**api.bearer, "Idempotency-Key": "k"}
    with monkeypatch.context() as patched:
        patched.setattr(imports, "MOST_WAITING", 0)
        answer = await far.post("/audiences/customers/imports", content=LARGE, headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    monkeypatch.setattr(uploads, "MOST", 128 * 1024)
    answer = await far.post("/audiences/customers/imports", content=LARGE, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:frontfoot:problem:too-large")


@pytest.mark.parametrize(
    ("name", "begins", "act"),
    [
        ("recipients.csv", b"address,message,kind,channel", "proof for every recipient exported"),
        ("codes.csv", b"code,", "codes exported"),
        ("record.json", b"{", "record exported"),
    ],
)
async def test_a_file_is_entered_before_it_leaves(
    kept: Api, name: str, begins: bytes, act: str
) -> None:
    answer = await kept.get(f"{HERE}/{name}")
    assert (answer.status_code, answer.content[: len(begins)]) == (200, begins)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert (act, "maya", "api") in await acts(kept)


async def test_the_record_is_the_one_that_anybody_can_verify(kept: Api) -> None:
    ledger = await kept.engine.ledger()
    await with_key(ledger)
    entry = TimelineEntry(seq=1, at=AT, what="opened", who="maya")
    await timeline.append(ledger, KEY, "site-down", [entry])
    record = (await kept.get(f"{HERE}/record.json")).json()
    assert record["head"]["hash"] == record["entries"][0]["hash"]
