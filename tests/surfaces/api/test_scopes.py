"""Who may do what: each scope and each ability, given and not given, at each operation."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter

from client.file_imports.imports import FileImports
from domain.abilities import Ability
from domain.tokens import Scope
from surfaces.api.access import BASE, RULES, Rule
from surfaces.api.app import RESOURCES, create_api
from surfaces.api.resource import Resource
from tests.surfaces.api.conftest import Api
from tests.surfaces.console.houses import House

NAMES = {
    "slug": "site-down",
    "regulation": "gdpr33",
    "number": 1,
    "name": "customers",
    "pool": "spring",
    "channel": "twitter",
    "code": "K7QXM2PD",
    "import_id": "0" * 16,
}


async def asks(api: Api, operation: str) -> httpx.Response:
    """Somebody asks for an operation in its simplest shape."""
    method, path = operation.split(" ")
    path = path.format(**NAMES)
    return await api.get(path) if method == "GET" else await api.post(path, {})


def test_every_operation_says_what_it_needs() -> None:
    """Walks the routes, so that one that was added without a thought fails here."""
    routes = {
        f"{method} {route.path.removeprefix(BASE)}"
        for router in RESOURCES
        for route in router.routes
        if isinstance(route, Resource)
        for method in route.methods
    }
    assert routes == set(RULES)


async def test_an_operation_that_says_nothing_answers_nobody(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.has_token()
    assert (await api.get("/audiences")).status_code == 200
    monkeypatch.delitem(RULES, "GET /audiences")
    assert (await api.get("/audiences")).status_code == 500


@pytest.mark.parametrize("scope", Scope)
async def test_each_scope_opens_its_operations_and_no_other(kept: Api, scope: Scope) -> None:
    await kept.has_token(scope)
    for operation, rule in RULES.items():
        answer = await asks(kept, operation)
        if rule.scope in (None, scope):
            assert answer.status_code not in (401, 403, 500), operation
            continue
        assert answer.status_code == 403, operation
        problem = answer.json()
        assert problem["type"] == "urn:frontfoot:problem:scope-missing"
        assert f"the scope {rule.scope}" in problem["title"]
        assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("ability", sorted({one.ability for one in RULES.values() if one.ability}))
async def test_each_ability_is_asked_of_the_person_too(
    kept: Api, tmp_path: Path, ability: Ability
) -> None:
    others = ", ".join(one.value for one in Ability if one is not ability)
    House(kept, tmp_path).has(ada=f"may: [{ability.value}]", ben=f"may: [{others}]")
    operations = [one for one, rule in RULES.items() if rule.ability is ability]
    await kept.has_token(person="ada")
    for operation in operations:
        assert (await asks(kept, operation)).status_code not in (401, 403, 500), operation
    await kept.has_token(person="ben")
    for operation in operations:
        refused = await asks(kept, operation)
        assert (refused.status_code, refused.json()["next_step"]["advice"]) == (403, "Ask Ada.")


async def test_no_other_scope_shows_an_address(kept: Api) -> None:
    await kept.has_token(Scope.PEOPLE_WRITE)
    body = {"address": "ann@feather.example", "reason": "requested"}
    assert (await kept.post("/suppressions", body)).status_code == 201
    await kept.has_token(*(one for one in Scope if one is not Scope.PEOPLE_READ))
    for operation in RULES:
        assert "feather" not in (await asks(kept, operation)).text, operation
    await kept.has_token(Scope.PEOPLE_READ)
    assert "ann@feather.example" in (await kept.get("/suppressions")).text


async def test_an_ability_is_needed_for_addresses_whatever_the_scope(
    kept: Api, tmp_path: Path
) -> None:
    House(kept, tmp_path).has(ada="may: [import]")
    await kept.has_token(Scope.PEOPLE_READ, person="ada")
    for operation, rule in RULES.items():
        if rule.scope is Scope.PEOPLE_READ:
            assert (await asks(kept, operation)).status_code == 403, operation


async def test_a_new_operation_needs_one_line(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = APIRouter(route_class=Resource, prefix=BASE)

    @router.get("/new-things")
    async def show() -> dict[str, bool]:
        return {"shown": True}

    app = create_api(api.engine, FileImports(api.engine, tmp_path))
    app.include_router(router)
    monkeypatch.setitem(RULES, "GET /new-things", Rule(Scope.EVENTS_READ))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        for scope, expected in ((Scope.EVENTS_READ, 200), (Scope.PEOPLE_READ, 403)):
            await api.has_token(scope)
            answer = await http.get(f"{BASE}/new-things", headers=api.bearer)
            assert answer.status_code == expected
