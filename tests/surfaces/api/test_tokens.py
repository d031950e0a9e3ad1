"""Tokens: who gets in with one, what it opens, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from client.installation import read_installation
from client.signing_in import make_link
from client.tokens import remove_token
from domain.actor import Surface
from domain.tokens import Scope
from store.tables import tokens
from tests.surfaces.api.conftest import Api
from tests.surfaces.console.houses import House


async def test_a_token_says_whose_it_is_and_what_it_opens(api: Api) -> None:
    named = await api.has_token(Scope.INCIDENTS_READ, person="noor")
    answer = await api.get("/token")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["id"], shown["person"], shown["scopes"]) == (named, "noor", ["incidents:read"])


async def test_the_ledger_has_a_hash_and_the_record_says_who_made_it(api: Api) -> None:
    named = await api.has_token(Scope.EVENTS_READ)
    await remove_token(api.engine, named[:8], by="ines", surface=Surface.TERMINAL)
    async with (await api.engine.ledger()).read() as connection:
        row = (await connection.execute(select(tokens))).one()
    assert api.token not in str(row)
    entries = (await read_installation(api.engine)).entries
    told = [(one.what, one.who, one.person, one.surface, one.about) for one in entries]
    assert ("token created", "noor", "maya", "terminal", f"{named}: events:read") in told
    assert ("token removed", "ines", "maya", "terminal", named) in told


async def test_nothing_is_answered_without_a_token(api: Api) -> None:
    answer = await api.get("/incidents")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:frontfoot:problem:no-token"
    assert problem["next_step"]["action"] == "list_tokens"


@pytest.mark.parametrize("token", ["ff_", "ff_" + "A" * 43, "nonsense", "ff_é", ""])
async def test_what_is_no_token_opens_nothing(api: Api, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode()}
    answer = await api.http.get("/api/v1/token", headers=headers)
    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


async def test_a_removed_token_opens_nothing_at_once(api: Api) -> None:
    named = await api.has_token()
    assert (await api.get("/token")).status_code == 200
    await remove_token(api.engine, named, by="noor", surface=Surface.TERMINAL)
    assert (await api.get("/token")).status_code == 401


async def test_a_token_ends_by_itself(api: Api) -> None:
    await api.has_token()
    async with (await api.engine.ledger()).write() as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await connection.execute(update(tokens).values(expires_at=past))
    assert (await api.get("/token")).status_code == 401


async def test_a_token_ends_with_its_person_and_does_no_more_than_they_may(
    api: Api, tmp_path: Path
) -> None:
    house = House(api, tmp_path)
    house.has(ada="may: [open]", ben="may: []")
    await api.has_token(person="ben")
    refused = await api.post("/incidents", {})
    assert refused.status_code == 403
    problem = refused.json()
    assert problem["type"] == "urn:frontfoot:problem:not-allowed"
    assert problem["title"] == "You may not open incidents here."
    assert problem["next_step"]["advice"] == "Ask Ada."
    house.has(ben="may: [open]")
    assert (await api.post("/incidents", {})).status_code == 422
    house.has(ada="may: [open]")
    assert (await api.get("/token")).status_code == 401


async def test_when_it_was_last_used_is_known_to_the_hour(api: Api) -> None:
    await api.has_token()
    for _ in range(2):
        assert (await api.get("/token")).status_code == 200
    async with (await api.engine.ledger()).read() as connection:
        used = await connection.scalar(select(tokens.c.used_at))
    assert used is not None
    async with (await api.engine.ledger()).write() as connection:
        long_ago = used - timedelta(hours=2)
        await connection.execute(update(tokens).values(used_at=long_ago))
    assert (await api.get("/token")).status_code == 200
    async with (await api.engine.ledger()).read() as connection:
        assert await connection.scalar(select(tokens.c.used_at)) > long_ago


async def test_a_token_opens_no_page_and_a_session_opens_no_operation(api: Api) -> None:
    await api.has_token()
    page = await api.http.get("/readiness", headers=api.bearer)
    assert (page.status_code, page.headers["location"]) == (303, "/")
    link = await make_link(api.engine)
    form = {"person": "maya"}
    signed_in = await api.http.post(link, data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert signed_in.status_code == 303
    assert (await api.http.get("/readiness")).status_code == 200
    answer = await api.http.get("/api/v1/token")
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


async def test_it_answers_at_whatever_name_it_is_reached(api: Api) -> None:
    await api.has_token()
    headers = {**api.bearer, "Host": "127.0.0.1:8092", "Origin": "https://evil.example"}
    answer = await api.http.get("/api/v1/token", headers=headers)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
