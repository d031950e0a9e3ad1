"""Where the console is only read: an address without HTTPS, for phones in the same network."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from client.signing_in import make_link
from surfaces.console.abilities import NEEDS
from surfaces.console.app import served
from tests.surfaces.console.conftest import OURS, Console
from tests.surfaces.console.test_abilities import NAMES

HERE = "http://192.168.1.20:8093"


@pytest.fixture
async def phone(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A phone's browser at the address for reading, of the same console."""
    settings = console.engine.settings.model_copy(update={"console_reading_url": HERE})
    monkeypatch.setattr(console.engine, "_settings", settings)
    monkeypatch.setattr("surfaces.console.app.create_app", lambda _: console.app)
    transport = httpx.ASGITransport(app=served(console.engine))
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as phone:
        yield phone


async def enter(console: Console, phone: httpx.AsyncClient) -> None:
    link = await make_link(console.engine, "noor", reading=True)
    assert (await phone.get(link)).status_code == 200
    entered = await phone.post(link, data={"person": "noor"}, headers=OURS)
    assert entered.status_code == 303


async def test_pages_are_read_and_say_that_nothing_can_be_done_here(
    console: Console, phone: httpx.AsyncClient
) -> None:
    await enter(console, phone)
    home = await phone.get("/")
    assert home.status_code == 200
    assert "this address has no HTTPS" in home.text
    assert "To sign or to do anything, use http://localhost:8092." in home.text


async def test_whatever_does_something_is_refused(
    console: Console, phone: httpx.AsyncClient
) -> None:
    await enter(console, phone)
    for route, needs in NEEDS.items():
        method, path = route.split()
        if method == "GET" and needs is None:
            continue
        answer = await phone.request(method, path.format(**NAMES), headers=OURS)
        assert (answer.status_code, "can only be read" in answer.text) == (403, True), route


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/requests", "/sign-in/recovery"])
async def test_only_a_link_signs_in(phone: httpx.AsyncClient, path: str) -> None:
    assert (await phone.post(path, headers=OURS)).status_code == 403
    assert (await phone.get("/sign-in/oidc")).status_code == 403


async def test_what_is_read_along_there_opens_nothing_elsewhere(
    console: Console, phone: httpx.AsyncClient
) -> None:
    """Cookies and links travel in the clear there."""
    link = await make_link(console.engine, "noor", reading=True)
    assert (await console.browser.get(link)).status_code != 200
    assert (await console.browser.post(link, data={"person": "noor"}, headers=OURS)).is_error
    await enter(console, phone)
    [cookie] = phone.cookies.values()
    console.browser.cookies.set("frontfoot-session", cookie)
    assert "Sign in to Frontfoot" in (await console.browser.get("/")).text
    # And the other way round, what somebody had by mistake.
    console.browser.cookies.clear()
    await console.sign_in("noor")
    mine = console.browser.cookies["frontfoot-session"]
    phone.cookies.clear()
    phone.cookies.set("frontfoot-reading", mine)
    assert "Sign in to Frontfoot" in (await phone.get("/")).text


async def test_a_made_up_host_is_no_way_around_it(
    console: Console, phone: httpx.AsyncClient
) -> None:
    await enter(console, phone)
    for headers in (OURS, {**OURS, "Host": "localhost:8092"}):
        answer = await phone.post("/passkeys", headers=headers)
        assert answer.status_code in (403, 421)
