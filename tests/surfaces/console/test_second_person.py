"""Where accounts are live, a passkey that a link has let in waits for a second person."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from client.engine import Engine
from client.keys import confirm_key, list_keys
from client.passkeys import has_passkey
from client.second_person import asks_second_person
from client.signing_in import make_link
from client.stack import stack_file
from client.stack.processes import identity
from client.tokens import list_tokens
from client.webhooks import list_endpoints
from sandbox.authenticator import Authenticator
from settings import Settings
from store.installation import entries
from store.outbox import endpoints
from surfaces.console.app import create_app
from surfaces.console.guard import Guard
from tests.outbox import have_endpoint
from tests.sealing import KEY
from tests.surfaces.console.conftest import OURS, Console
from tests.surfaces.console.houses import House
from tests.surfaces.console.test_passkeys import asked_to_sign_in, signs_in

LIVE = "https://console.example.com"


@pytest.fixture
async def live(console: Console, tmp_path: Path) -> AsyncIterator[Console]:
    """A console at a name of its own; Noor and Ines administrate, Ben does not."""
    settings = console.engine.settings.model_copy(update={"console_url": LIVE})
    engine = Engine(settings, ledger=await console.engine.ledger())
    app = create_app(engine)
    transport = httpx.ASGITransport(app=Guard(app, LIVE))
    async with httpx.AsyncClient(transport=transport, base_url=LIVE) as browser:
        made = Console(engine, app, browser)
        House(made, tmp_path).has(
            noor="may: [administrate]", ines="may: [administrate]", ben="may: []"
        )
        yield made


async def enters(live: Console, person: str) -> None:
    """Somebody signs in by a link of their own."""
    live.browser.cookies.clear()
    link = await make_link(live.engine, person)
    answer = await live.browser.post(link, data={"person": person}, headers=OURS)
    assert answer.status_code == 303


async def adds(live: Console, passkey: Authenticator) -> str:
    """Whoever is signed in adds a passkey; its id."""
    before = {one.credential.id for one in await list_keys(live.engine)}
    asked = (await live.browser.post("/passkeys/requests", headers=OURS)).json()
    answer = json.dumps(passkey.create(asked["options"], origin=LIVE))
    form = {"token": asked["token"], "answer": answer, "name": "phone"}
    added = await live.browser.post("/passkeys", data=form, headers=OURS)
    assert added.status_code == 303, added.text
    [new] = {one.credential.id for one in await list_keys(live.engine)} - before
    return new


async def signs(live: Console, passkey: Authenticator) -> httpx.Response:
    """Somebody signs in with a passkey."""
    live.browser.cookies.clear()
    answer = passkey.get(await asked_to_sign_in(live), origin=LIVE)
    return await signs_in(live, answer)


async def confirms(live: Console, named: str) -> httpx.Response:
    path = f"/administration/credentials/{named}/confirmation"
    return await live.browser.post(path, headers=OURS)


async def an_administrator(live: Console, person: str = "noor") -> Authenticator:
    """The first administrator: their passkey was confirmed where Frontfoot runs."""
    passkey = Authenticator.es256()
    await enters(live, person)
    named = await adds(live, passkey)
    await confirm_key(live.engine, named[:8], by="maya")
    assert (await signs(live, passkey)).status_code == 303
    return passkey


async def test_a_first_passkey_waits_and_signs_nothing(live: Console) -> None:
    passkey = Authenticator.es256()
    await enters(live, "ben")
    named = await adds(live, passkey)
    page = (await live.browser.get("/passkeys")).text
    assert "waits to be confirmed" in page
    assert f"{named[:8]} {named[8:16]}" in page
    assert "Tell Noor or Ines its digits" in page
    assert not await has_passkey(live.engine, "ben", LIVE)
    refused = await signs(live, passkey)
    assert (refused.status_code, "waits for a second person" in refused.text) == (422, True)
    assert "set-cookie" in refused.headers
    assert "__Host-frontfoot=" not in refused.headers["set-cookie"]


async def test_a_second_person_confirms_it_and_it_counts_from_then_on(live: Console) -> None:
    passkey, admin = Authenticator.es256(), await an_administrator(live)
    await enters(live, "ben")
    named = await adds(live, passkey)
    await signs(live, admin)
    assert "Administration: 1 passkey waits" in (await live.browser.get("/")).text
    page = (await live.browser.get("/administration")).text
    assert "Waiting to be confirmed" in page
    assert f"{named[:8]} {named[8:16]}" in page

    assert (await confirms(live, named)).status_code == 303

    assert "Waiting to be confirmed" not in (await live.browser.get("/administration")).text
    assert await has_passkey(live.engine, "ben", LIVE)
    assert (await signs(live, passkey)).status_code == 303
    told = [
        (one.what, one.who, one.person) for one in await entries.read(await live.engine.ledger())
    ]
    assert ("passkey added", "ben", "") in told
    assert ("passkey confirmed", "noor", "ben") in told
    await signs(live, admin)
    again = await confirms(live, named)
    assert (again.status_code, "does not wait" in again.text) == (422, True)


async def test_nobody_confirms_their_own(live: Console) -> None:
    admin = await an_administrator(live)
    await enters(live, "noor")
    second = await adds(live, Authenticator.ed25519())
    await signs(live, admin)
    page = (await live.browser.get("/administration")).text
    assert "Yours: somebody else confirms it." in page
    refused = await confirms(live, second)
    assert (refused.status_code, "Ask Ines." in refused.text) == (403, True)


async def test_whoever_is_signed_in_by_a_link_confirms_nothing(live: Console) -> None:
    """Whoever can print links could otherwise be two people."""
    await enters(live, "ben")
    named = await adds(live, Authenticator.es256())
    await enters(live, "noor")
    refused = await confirms(live, named)
    assert (refused.status_code, "signed in by a link" in refused.text) == (403, True)
    assert not await has_passkey(live.engine, "ben", LIVE)


async def test_whoever_does_not_administrate_confirms_nothing(live: Console) -> None:
    await enters(live, "ines")
    named = await adds(live, Authenticator.es256())
    await an_administrator(live, "ben")
    assert (await confirms(live, named)).status_code == 403


async def test_a_passkey_added_in_a_session_that_a_passkey_began_counts_at_once(
    live: Console,
) -> None:
    await an_administrator(live)
    other = Authenticator.ed25519()
    await adds(live, other)
    assert (await signs(live, other)).status_code == 303


async def test_a_link_makes_no_recovery_codes_and_a_passkey_does(live: Console) -> None:
    """Codes would otherwise turn a link into what counts."""
    await enters(live, "ben")
    refused = await live.browser.post("/recovery-codes", headers=OURS)
    assert (refused.status_code, "signed in by a link" in refused.text) == (403, True)
    await an_administrator(live)
    assert (await live.browser.post("/recovery-codes", headers=OURS)).status_code == 200


async def test_a_link_makes_nothing_that_outlives_it_and_a_passkey_does(live: Console) -> None:
    """A token or an endpoint is there for long after whoever had the link has gone."""
    passkey = Authenticator.es256()
    await enters(live, "noor")
    named = await adds(live, passkey)
    ledger = await live.engine.ledger()
    await endpoints.enter_key(ledger, KEY, datetime.now(UTC))
    await have_endpoint(ledger, "chat")
    asks: tuple[tuple[str, dict[str, str]], ...] = (
        ("tokens", {"name": "pager", "scope": "events:read", "days": "30"}),
        ("webhooks", {"url": "https://helpdesk.example.com/hooks", "name": "helpdesk"}),
        ("webhooks/chat/rotations", {}),
    )
    for path, form in asks:
        url = f"/administration/{path}"
        refused = await live.browser.post(url, data=form, headers=OURS)
        assert (refused.status_code, "signed in by a link" in refused.text) == (403, True), path
    assert await list_tokens(live.engine) == []
    assert [one.name for one in await list_endpoints(live.engine)] == ["chat"]

    await confirm_key(live.engine, named, by="ines")
    await signs(live, passkey)
    for path, form in asks:
        url = f"/administration/{path}"
        made = await live.browser.post(url, data=form, headers=OURS)
        assert (made.status_code, "shown this once" in made.text) == (200, True), path


async def test_a_passkey_added_after_a_recovery_code_counts_at_once(live: Console) -> None:
    await an_administrator(live)
    page = (await live.browser.post("/recovery-codes", headers=OURS)).text
    code = page.partition("<li><code>")[2].partition("</code>")[0]
    live.browser.cookies.clear()
    await live.browser.post("/sign-in/recovery", data={"code": code}, headers=OURS)
    new = Authenticator.ed25519()
    await adds(live, new)
    assert (await signs(live, new)).status_code == 303


async def test_one_that_waits_can_be_removed(live: Console) -> None:
    await enters(live, "ben")
    named = await adds(live, Authenticator.es256())
    await an_administrator(live)
    path = f"/administration/credentials/{named}"
    assert (await live.browser.get(f"{path}/remove")).status_code == 200
    assert (await live.browser.post(f"{path}/removal", headers=OURS)).status_code == 303
    assert (await confirms(live, named)).status_code == 422


@pytest.mark.parametrize(
    ("url", "real", "asks"),
    [
        ("http://localhost:8092", False, False),
        ("http://localhost:8092", True, True),
        ("https://console.example.com", False, True),
        ("http://192.168.1.5:8092", False, True),
    ],
)
def test_the_own_machine_with_the_sandbox_asks_nobody(
    tmp_path: Path, url: str, real: bool, asks: bool
) -> None:
    owner = stack_file.Process(pid=os.getpid(), began=identity(os.getpid()))
    stack_file.StackFile(owner=owner, addresses={}, environment={}, parts={}, real=real).write(
        tmp_path
    )
    assert asks_second_person(Settings(state_dir=tmp_path, console_url=url)) is asks
