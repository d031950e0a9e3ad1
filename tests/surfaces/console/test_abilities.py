"""Who may do what: each ability, given and not given, on each page and form that needs it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from domain.abilities import Ability
from surfaces.console.abilities import NEEDS, NEEDS_TOO, need_of_page, permitted
from surfaces.console.access import OPEN
from surfaces.console.failures import Page
from tests.surfaces.console.conftest import OURS, Console
from tests.surfaces.console.houses import House
from tests.surfaces.console.test_sign_in import every_path

NAMES = {
    "slug": "site-down",
    "regulation": "gdpr33",
    "number": 1,
    "place": 0,
    "credential": "0" * 32,
    "token": "0" * 16,
    "name": "n",
    "import_id": "0" * 32,
    "endpoint": "e",
    "reply": 1,
    "channel": "twitter",
    "code": "K7QXM2PD",
    "device": "0" * 32,
}
CELLS = [
    *((route, ability) for route, ability in NEEDS.items() if ability is not None),
    *NEEDS_TOO.items(),
]


@pytest.fixture
def house(console: Console, tmp_path: Path) -> House:
    """The people of this console, from a file that can be changed."""
    return House(console, tmp_path)


async def asks(console: Console, route: str) -> httpx.Response:
    """Whoever is signed in opens a page or sends a form, in its simplest shape."""
    method, path = route.split(" ")
    return await console.browser.request(method, path.format(**NAMES), headers=OURS)


def test_every_route_says_what_it_needs(console: Console) -> None:
    """Walks the app, so that a route that was added without a thought fails here."""
    routes = {
        f"{method} {path}"
        for path, methods in every_path(console)
        for method in methods
        if path not in OPEN and not path.startswith("/static")
    }
    assert routes == set(NEEDS)


async def test_a_route_that_says_nothing_answers_nobody(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    await console.sign_in()
    assert (await console.browser.get("/readiness")).status_code == 200
    monkeypatch.delitem(NEEDS, "GET /readiness")
    assert (await console.browser.get("/readiness")).status_code == 500


@pytest.mark.parametrize("route", dict(CELLS), ids=lambda one: str(one).replace(" ", "-"))
async def test_whoever_has_the_abilities_gets_through(
    console: Console, house: House, route: str
) -> None:
    needed = ", ".join(one.value for at, one in CELLS if at == route)
    house.has(ada=f"may: [{needed}]", ben="may: []")
    await console.sign_in("ada")
    answer = await asks(console, route)
    assert answer.status_code != 403, answer.text
    assert answer.headers.get("location") != "/"


@pytest.mark.parametrize(("route", "ability"), CELLS, ids=lambda one: str(one).replace(" ", "-"))
async def test_whoever_has_all_others_is_refused_and_told_whom_to_ask(
    console: Console, house: House, route: str, ability: Ability
) -> None:
    others = ", ".join(one.value for one in Ability if one is not ability)
    house.has(ada=f"may: [{ability.value}]", ben=f"may: [{others}]")
    await console.sign_in("ben")
    answer = await asks(console, route)
    assert answer.status_code == 403
    assert f"You may not {ability.in_words} here." in answer.text
    assert "people.yaml says what each person may do. Nothing was done." in answer.text
    assert "Ask Ada." in answer.text


@pytest.mark.parametrize("ability", Ability)
@pytest.mark.parametrize("given", [True, False])
async def test_a_new_route_needs_one_line(
    console: Console,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    ability: Ability,
    given: bool,
) -> None:
    """Also for an ability that no page here needs yet."""
    router = APIRouter(route_class=Page)

    @router.post("/new-things")
    async def make() -> dict[str, bool]:
        return {"made": True}

    app: FastAPI = console.app
    app.include_router(router, dependencies=[Depends(permitted)])
    monkeypatch.setitem(NEEDS, "POST /new-things", ability)
    house.has(ada=f"may: [{ability.value}]", ben="may: []")
    await console.sign_in("ada" if given else "ben")
    answer = await asks(console, "POST /new-things")
    assert answer.status_code == (200 if given else 403)


@pytest.mark.parametrize("route", [route for route, need in NEEDS.items() if need is None])
async def test_everybody_may_read_and_sign_and_has_passkeys(
    console: Console, house: House, route: str
) -> None:
    if route.endswith("/live"):
        # It never ends; what it may show is the page's.
        return
    house.has(ben="may: []")
    await console.sign_in("ben")
    answer = await asks(console, route)
    assert "You may not do that" not in answer.text
    assert answer.headers.get("location") != "/"


async def test_without_may_everything_but_administrating_is_allowed(
    console: Console, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.has(ada="", ben="may: [administrate]")
    await console.sign_in("ada")
    for ability in Ability:
        monkeypatch.setitem(NEEDS, "GET /readiness", ability)
        answer = await console.browser.get("/readiness")
        refused = ability is Ability.ADMINISTRATE
        assert answer.status_code == (403 if refused else 200), ability


async def test_what_nobody_may_says_who_can_change_that(console: Console, house: House) -> None:
    house.has(ada="may: []")
    await console.sign_in("ada")
    answer = await console.browser.get("/open")
    assert answer.status_code == 403
    assert "Nobody may. Whoever keeps people.yaml can add open to somebody" in answer.text


async def test_a_change_of_the_file_counts_at_once(console: Console, house: House) -> None:
    house.has(ada="may: [open]", ben="may: [open]")
    await console.sign_in("ada")
    assert (await console.browser.get("/open")).status_code == 200
    house.has(ada="may: []", ben="may: [open]")
    refused = await console.browser.get("/open")
    assert (refused.status_code, "Ask Ben." in refused.text) == (403, True)
    assert "Open an incident</a>" not in (await console.browser.get("/")).text
    house.has(ben="may: [open]")
    gone = await console.browser.get("/open")
    assert (gone.status_code, gone.headers["location"]) == (303, "/")


async def test_there_is_no_button_for_what_one_may_not_do_and_a_line_in_its_place(
    console: Console, house: House
) -> None:
    house.has(ada="", ben="may: []")
    await console.sign_in("ada")
    assert 'href="/open"' in (await console.browser.get("/")).text
    await console.sign_in("ben")
    page = (await console.browser.get("/")).text
    assert 'href="/open"' not in page
    assert "You may not open incidents here. Ask Ada." in page


def test_a_step_knows_what_its_page_needs() -> None:
    assert need_of_page("/incidents/{incident}/messages/{message}/mail") is Ability.STEER
    assert need_of_page("/incidents/{incident}") is None
