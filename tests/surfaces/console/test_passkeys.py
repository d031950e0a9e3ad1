"""One's own passkeys, and signing in with one: over HTTP, with a passkey in software."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from client import passkey_sign_in
from client.keys import remove_keys_of
from client.passkeys import passkeys_of
from sandbox.authenticator import Authenticator
from store.tables import nonces
from tests.surfaces.console.conftest import OURS, URL, Console


async def add(console: Console, passkey: Authenticator, name: str = "phone") -> httpx.Response:
    """Add a passkey on the page, as whoever is signed in."""
    asked = (await console.browser.post("/passkeys/requests", headers=OURS)).json()
    answer = json.dumps(passkey.create(asked["options"], origin=URL))
    form = {"token": asked["token"], "answer": answer, "name": name}
    return await console.browser.post("/passkeys", data=form, headers=OURS)


async def asked_to_sign_in(console: Console) -> dict[str, Any]:
    """What the sign-in page asks the browser for."""
    answer = await console.browser.post("/sign-in/requests", headers=OURS)
    options: dict[str, Any] = answer.json()["options"]
    return options


async def signs_in(console: Console, answer: object) -> httpx.Response:
    form = {"answer": json.dumps(answer)}
    return await console.browser.post("/sign-in", data=form, headers=OURS)


async def with_passkey(console: Console, person: str = "noor") -> Authenticator:
    """Somebody has a passkey, and nobody is signed in."""
    passkey = Authenticator.es256()
    await console.sign_in(person)
    assert (await add(console, passkey)).status_code == 303
    await console.browser.post("/sign-out", headers=OURS)
    return passkey


async def test_a_passkey_that_was_added_is_listed_and_can_be_removed(console: Console) -> None:
    await console.sign_in("noor")
    assert "None yet." in (await console.browser.get("/passkeys")).text

    added = await add(console, Authenticator.es256(), "blue <key>")

    assert (added.status_code, added.headers["location"]) == (303, "/passkeys")
    page = (await console.browser.get("/passkeys")).text
    assert ("blue &lt;key&gt;" in page, "not used yet" in page) == (True, True)
    [found] = re.findall(r'href="(/passkeys/[0-9a-f]{32}/remove)"', page)
    question = await console.browser.get(found)
    assert ("blue &lt;key&gt;" in question.text, "cannot be undone" in question.text) == (
        True,
        True,
    )
    assert "blue" in (await console.browser.get("/passkeys")).text
    gone = await console.browser.post(found.replace("/remove", "/removal"), headers=OURS)
    assert gone.status_code == 303
    assert "None yet." in (await console.browser.get("/passkeys")).text


async def test_nobody_sees_or_removes_the_passkey_of_somebody_else(console: Console) -> None:
    await with_passkey(console, "noor")
    [hers] = await passkeys_of(console.engine, "noor")
    await console.sign_in("ines")

    assert "None yet." in (await console.browser.get("/passkeys")).text
    path = f"/passkeys/{hers.credential.id}"
    for answer in (
        await console.browser.get(f"{path}/remove"),
        await console.browser.post(f"{path}/removal", headers=OURS),
    ):
        assert (answer.status_code, "no such passkey" in answer.text) == (422, True)
    assert [hers] == await passkeys_of(console.engine, "noor")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"token": "0" * 32}, "something else than was asked for"),
        ({"answer": "{"}, "cannot be read"),
        ({"name": "two\nlines"}, "The name"),
    ],
)
async def test_what_could_not_be_added_is_said_in_place_and_the_name_is_kept(
    console: Console, changes: dict[str, str], why: str
) -> None:
    await console.sign_in("noor")
    asked = (await console.browser.post("/passkeys/requests", headers=OURS)).json()
    answer = json.dumps(Authenticator.es256().create(asked["options"], origin=URL))
    form = {"token": asked["token"], "answer": answer, "name": "phone", **changes}

    refused = await console.browser.post("/passkeys", data=form, headers=OURS)

    assert refused.status_code in (403, 409)
    assert all(one in refused.text for one in ('role="alert"', why, "Your passkeys"))
    assert form["name"].split("\n")[0] in refused.text
    assert await passkeys_of(console.engine, "noor") == []


async def test_whoever_has_a_passkey_signs_in_with_it(console: Console) -> None:
    passkey = await with_passkey(console)
    assert "Sign in with a passkey" in (await console.browser.get("/")).text

    answer = await signs_in(console, passkey.get(await asked_to_sign_in(console), origin=URL))

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = (await console.browser.get("/passkeys")).text
    assert ("Noor" in page, "last used" in page) == (True, True)


async def test_a_challenge_is_answered_once_and_only_by_the_browser_that_asked(
    console: Console,
) -> None:
    passkey = await with_passkey(console)
    answer = passkey.get(await asked_to_sign_in(console), origin=URL)
    secret = console.browser.cookies["frontfoot-challenge"]
    console.browser.cookies.clear()
    other = await signs_in(console, answer)
    await asked_to_sign_in(console)
    another = await signs_in(console, answer)
    for refused, why in ((other, "was not asked to sign in"), (another, "something else")):
        assert (refused.status_code, why in refused.text) == (422, True)
        assert "frontfoot-session" not in refused.cookies

    console.browser.cookies.set("frontfoot-challenge", secret)
    assert (await signs_in(console, answer)).status_code == 303
    console.browser.cookies.clear()
    console.browser.cookies.set("frontfoot-challenge", secret)
    again = await signs_in(console, answer)
    assert (again.status_code, "answered already" in again.text) == (422, True)


async def test_a_session_begun_with_a_passkey_has_a_new_id_and_ends_the_one_before(
    console: Console,
) -> None:
    passkey = await with_passkey(console)
    before = (await console.sign_in("maya")).cookies["frontfoot-session"]

    answer = await signs_in(console, passkey.get(await asked_to_sign_in(console), origin=URL))

    assert answer.cookies["frontfoot-session"] != before
    assert "HttpOnly" in answer.headers["set-cookie"]
    console.browser.cookies.clear()
    console.browser.cookies.set("frontfoot-session", before)
    assert (await console.browser.get("/open")).status_code == 303


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"origin": "https://evil.example"}, "another site"),
        ({"origin": "http://localhost:8093"}, "another site"),
        ({"rp_id": "evil.example"}, "another host"),
        ({"flags": 0x01}, "did not check who was there"),
        ({"crossOrigin": True}, "embedded"),
        ({"topOrigin": "https://evil.example"}, "embedded"),
        ({"type": "webauthn.create"}, "not a signature"),
    ],
)
async def test_what_a_passkey_signed_elsewhere_or_without_checking_signs_nobody_in(
    console: Console, how: dict[str, Any], why: str
) -> None:
    passkey = await with_passkey(console)
    options = await asked_to_sign_in(console)

    refused = await signs_in(console, passkey.get(options, **{"origin": URL, **how}))

    assert refused.status_code == 422
    assert all(one in refused.text for one in ('role="alert"', why, "Nobody is signed in."))
    assert "frontfoot-session" not in console.browser.cookies


async def test_a_signature_with_another_key_signs_nobody_in(console: Console) -> None:
    passkey = await with_passkey(console)
    forger = replace(passkey, sign=Authenticator.es256().sign)
    answer = forger.get(await asked_to_sign_in(console), origin=URL)
    refused = await signs_in(console, answer)
    assert (refused.status_code, "not one of the enrolled" in refused.text) == (422, True)


async def test_an_answer_that_comes_too_late_signs_nobody_in(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    passkey = await with_passkey(console)
    monkeypatch.setattr(passkey_sign_in, "LASTS", timedelta(seconds=-1))
    answer = passkey.get(await asked_to_sign_in(console), origin=URL)
    refused = await signs_in(console, answer)
    assert (refused.status_code, "taken too long" in refused.text) == (422, True)


@pytest.mark.parametrize("how", ["later", "another", "nothing"])
async def test_a_challenge_that_the_console_did_not_make_signs_nobody_in(
    console: Console, how: str
) -> None:
    passkey = await with_passkey(console)
    answer = passkey.get(await asked_to_sign_in(console), origin=URL)
    secret, expires, mark = console.browser.cookies["frontfoot-challenge"].split(".")
    forged = {
        "later": f"{secret}.{int(expires) + 60}.{mark}",
        "another": f"{secret[:-1]}x.{expires}.{mark}",
        "nothing": "",
    }[how]
    console.browser.cookies.clear()
    console.browser.cookies.set("frontfoot-challenge", forged)
    refused = await signs_in(console, answer)
    assert (refused.status_code, "was not asked to sign in" in refused.text) == (422, True)


async def test_a_passkey_that_is_removed_signs_nobody_in_and_its_sessions_end(
    console: Console,
) -> None:
    passkey = await with_passkey(console)
    await signs_in(console, passkey.get(await asked_to_sign_in(console), origin=URL))
    assert (await console.browser.get("/open")).status_code == 200

    await remove_keys_of(console.engine, "noor", by="maya")

    assert (await console.browser.get("/open")).status_code == 303
    answer = passkey.get(await asked_to_sign_in(console), origin=URL)
    refused = await signs_in(console, answer)
    assert (refused.status_code, "was removed" in refused.text) == (422, True)


async def test_who_was_taken_out_of_the_people_is_not_signed_in(
    console: Console, tmp_path: Path
) -> None:
    passkey = await with_passkey(console)
    (tmp_path / "nobody").mkdir()
    settings = console.engine.settings.model_copy(update={"playbooks_dir": tmp_path / "nobody"})
    console.engine._settings = settings
    answer = passkey.get(await asked_to_sign_in(console), origin=URL)

    refused = await signs_in(console, answer)

    assert (refused.status_code, "not among the people" in refused.text) == (422, True)


async def test_what_strangers_ask_for_leaves_nothing_and_locks_nobody_out(
    console: Console,
) -> None:
    passkey = await with_passkey(console)
    answer = passkey.get(await asked_to_sign_in(console), origin=URL)
    mine = console.browser.cookies["frontfoot-challenge"]
    for _ in range(300):
        await asked_to_sign_in(console)
        await signs_in(console, {"id": "none"})
    assert await rows_of_strangers(console) == 0
    console.browser.cookies.clear()
    console.browser.cookies.set("frontfoot-challenge", mine)
    assert (await signs_in(console, answer)).status_code == 303


async def test_what_was_answered_is_kept_no_longer_than_it_could_be_answered(
    console: Console,
) -> None:
    passkey = await with_passkey(console)
    for _ in range(2):
        await signs_in(console, passkey.get(await asked_to_sign_in(console), origin=URL))
    assert await rows_of_strangers(console) == 2
    async with (await console.engine.ledger()).write() as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await connection.execute(update(nonces).values(expires_at=past))
    await signs_in(console, passkey.get(await asked_to_sign_in(console), origin=URL))
    assert await rows_of_strangers(console) == 1


async def rows_of_strangers(console: Console) -> int:
    async with (await console.engine.ledger()).read() as connection:
        rows = await connection.execute(nonces.select().where(nonces.c.person == ""))
        return len(rows.all())


async def test_at_an_address_without_passkeys_the_pages_say_why(console: Console) -> None:
    await console.sign_in("noor")
    for url in ("http://192.168.1.5:8092", "http://frontfoot.example"):
        settings = console.engine.settings.model_copy(update={"console_url": url})
        console.engine._settings = settings
        page = (await console.browser.get("/passkeys")).text
        assert ("No passkey can be added" in page, "data-passkey=" in page) == (True, False)
        refused = await console.browser.post("/passkeys/requests", headers=OURS)
        assert (refused.status_code, "localhost" in refused.json()["next"]) == (422, True)
