"""Recovery codes: shown once, kept as hashes, each good for one sign-in that nobody overlooks."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from client.keys import remove_keys_of
from client.recovery_codes import MANY
from sandbox.authenticator import Authenticator
from store.installation import entries
from store.tables import recovery_codes
from tests.surfaces.console.conftest import OURS, Console
from tests.surfaces.console.houses import House
from tests.surfaces.console.test_passkeys import add

CODE = re.compile(r"<code>([0-9a-z]{6}(?:-[0-9a-z]{5}){4})</code>")


async def makes(console: Console, person: str = "noor") -> list[str]:
    """Somebody signs in, makes codes and signs out."""
    await console.sign_in(person)
    page = await console.browser.post("/recovery-codes", headers=OURS)
    await console.browser.post("/sign-out", headers=OURS)
    return CODE.findall(page.text)


async def types(console: Console, code: str) -> httpx.Response:
    form = {"code": code}
    return await console.browser.post("/sign-in/recovery", data=form, headers=OURS)


async def test_ten_are_made_and_shown_once(console: Console) -> None:
    await console.sign_in("noor")
    assert "You have <b>none</b>." in (await console.browser.get("/recovery-codes")).text
    page = await console.browser.post("/recovery-codes", headers=OURS)
    codes = CODE.findall(page.text)
    assert (page.status_code, len(codes), len(set(codes))) == (200, MANY, MANY)
    assert page.headers["cache-control"] == "no-store"
    again = (await console.browser.get("/recovery-codes")).text
    assert (CODE.findall(again), "<b>10 codes</b> left" in again) == ([], True)
    assert "10 recovery codes left" in (await console.browser.get("/passkeys")).text


async def test_a_code_signs_in_once_and_can_add_a_passkey(console: Console) -> None:
    code, *_ = await makes(console)
    answer = await types(console, code)
    assert (answer.status_code, answer.headers["location"]) == (303, "/passkeys")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert (await add(console, Authenticator.es256(), "new phone")).status_code == 303
    assert "new phone" in (await console.browser.get("/passkeys")).text
    await console.browser.post("/sign-out", headers=OURS)
    refused = await types(console, code)
    assert (refused.status_code, "signs nobody in" in refused.text) == (422, True)
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize("how", [str.upper, lambda one: f" {one.replace('-', ' ')} "])
async def test_a_code_may_be_typed_in_any_way(console: Console, how: object) -> None:
    assert callable(how)
    code, *_ = await makes(console)
    typed = how(code).replace("0", "O").replace("1", "l")
    assert (await types(console, typed)).status_code == 303


@pytest.mark.parametrize("code", ["", "x", "0" * 26, "é" * 26, "a" * 10_000])
async def test_what_is_no_code_signs_nobody_in(console: Console, code: str) -> None:
    await makes(console)
    refused = await types(console, code)
    assert (refused.status_code, "set-cookie" in refused.headers) == (422, False)


async def test_new_codes_void_the_old(console: Console) -> None:
    old = await makes(console)
    new = await makes(console)
    assert (await types(console, old[0])).status_code == 422
    assert (await types(console, new[0])).status_code == 303


async def test_of_two_who_type_the_same_code_at_once_one_gets_in(console: Console) -> None:
    code, *_ = await makes(console)
    answers = await asyncio.gather(*(types(console, code) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [303, 422, 422, 422]


async def test_the_ledger_has_no_code(console: Console) -> None:
    codes = await makes(console)
    async with (await console.engine.ledger()).read() as connection:
        rows = [str(row) for row in await connection.execute(select(recovery_codes))]
    told = [str(one) for one in await entries.read(await console.engine.ledger())]
    assert len(rows) == MANY
    for code in codes:
        assert not any(code in one or code.replace("-", "") in one for one in (*rows, *told))


async def test_codes_of_somebody_who_left_sign_nobody_in(console: Console, tmp_path: Path) -> None:
    house = House(console, tmp_path)
    house.has(ada="", ben="")
    ada, ben = await makes(console, "ada"), await makes(console, "ben")
    await remove_keys_of(console.engine, "ada", by="noor")
    house.has(ada="")
    assert (await types(console, ada[0])).status_code == 422
    assert (await types(console, ben[0])).status_code == 422


async def test_its_use_is_an_entry_and_loud_on_the_administration_page(
    console: Console, tmp_path: Path
) -> None:
    House(console, tmp_path).has(ada="", noor="may: [administrate]")
    code, *_ = await makes(console, "ada")
    await console.sign_in("noor")
    assert "used a recovery code" not in (await console.browser.get("/administration")).text
    await console.browser.post("/sign-out", headers=OURS)
    await types(console, code)
    theirs = console.browser.cookies["frontfoot-session"]
    console.browser.cookies.clear()
    await console.sign_in("noor")

    page = (await console.browser.get("/administration")).text

    assert "Somebody used a recovery code" in page
    assert ">ada</a> signed in with a recovery code" in page
    assert 'data-state="refused">by a recovery code</span>' in page
    told = [
        (one.what, one.who, one.about) for one in await entries.read(await console.engine.ledger())
    ]
    assert ("recovery codes made", "ada", "10 codes, and none of before") in told
    assert ("recovery code used", "ada", "9 left") in told
    assert ("signed in", "ada", "by a recovery code") in told

    await console.browser.post("/administration/session-ends", data={"person": "ada"}, headers=OURS)
    console.browser.cookies.clear()
    console.browser.cookies.set("frontfoot-session", theirs)
    assert (await console.browser.get("/passkeys")).status_code == 303
