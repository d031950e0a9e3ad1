"""Administration: everybody's passkeys, keys and sessions, and the installation's record."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from client.keys import enrol_key
from client.signing_in import make_link
from client.tokens import create_token
from domain.actor import Surface
from domain.installation import InstallationRecord
from domain.installation_check import check_installation
from domain.outbox import AttemptEnd, Ended
from domain.tokens import Scope
from sandbox.authenticator import Authenticator
from store.installation import entries, sealing
from store.outbox import items
from tests.outbox import entries as outbox_entries
from tests.outbox import have_endpoint, have_incident, record
from tests.sealing import KEY, with_key
from tests.surfaces.console.conftest import OURS, URL, Console
from tests.surfaces.console.houses import House
from tests.surfaces.console.test_installation_record import KEY as PUBLIC
from tests.surfaces.console.test_passkeys import add, asked_to_sign_in, signs_in


@pytest.fixture
async def watched(console: Console, tmp_path: Path) -> Console:
    """Noor administrates, and is signed in; Ben has a passkey, a key and two sessions."""
    house = House(console, tmp_path)
    house.has(noor="may: [administrate]", ben="may: []")
    passkey = Authenticator.es256()
    await console.sign_in("ben")
    await add(console, passkey, "<ben's> phone")
    console.browser.cookies.clear()
    answer = passkey.get(await asked_to_sign_in(console), origin=URL)
    await signs_in(console, answer)
    await enrol_key(console.engine, "ben", PUBLIC, by="noor", name="laptop")
    console.browser.cookies.clear()
    await console.sign_in("noor")
    return console


async def page_of(console: Console) -> str:
    answer = await console.browser.get("/administration")
    assert answer.status_code == 200
    return answer.text


def sessions_of(page: str, person: str) -> list[str]:
    part = page.partition(f'id="person-{person}"')[2].partition('<section class="card person"')[0]
    return re.findall(r'name="session" value="([0-9a-f]{16})"', part)


async def sends(console: Console, path: str, **form: str) -> httpx.Response:
    return await console.browser.post(f"/administration/{path}", data=form, headers=OURS)


async def test_everybody_is_there_with_what_is_in_force_of_theirs(watched: Console) -> None:
    page = await page_of(watched)
    assert f"{watched.engine.settings.playbooks_dir.name}/people.yaml" in page
    assert "&lt;ben&#39;s&gt; phone" in page
    assert "laptop" in page
    assert (len(sessions_of(page, "ben")), len(sessions_of(page, "noor"))) == (2, 1)
    assert ("This one" in page, "by a passkey" in page, "by a link" in page) == (True, True, True)
    assert "May do nothing more." in page


async def test_a_passkey_of_somebody_else_is_removed_after_a_question(watched: Console) -> None:
    page = await page_of(watched)
    found = re.findall(r'href="(/administration/credentials/[0-9a-f]{32}/remove)"', page)
    assert len(found) == 2
    for question in found:
        asked = await watched.browser.get(question)
        assert "cannot be undone" in asked.text
        answer = await watched.browser.post(question.replace("/remove", "/removal"), headers=OURS)
        assert answer.headers["location"] == "/administration"
    page = await page_of(watched)
    assert "/remove" not in page
    # The session that was begun with the passkey has ended.
    assert len(sessions_of(page, "ben")) == 1
    again = await watched.browser.get(found[0])
    assert (again.status_code, "was removed" in again.text) == (422, True)


async def test_one_session_is_ended_or_all_of_somebody(watched: Console) -> None:
    first, second = sessions_of(await page_of(watched), "ben")
    await sends(watched, "session-ends", session=first)
    assert sessions_of(await page_of(watched), "ben") == [second]
    await watched.sign_in("noor")
    await sends(watched, "session-ends", person="ben")
    page = await page_of(watched)
    assert sessions_of(page, "ben") == []
    assert "Session ended</b> ben" in page


async def test_whoever_was_ended_is_out(watched: Console) -> None:
    mine = watched.browser.cookies["frontfoot-session"]
    watched.browser.cookies.clear()
    await watched.sign_in("ben")
    theirs = watched.browser.cookies["frontfoot-session"]
    watched.browser.cookies.clear()
    watched.browser.cookies.set("frontfoot-session", mine)
    await sends(watched, "session-ends", person="ben")
    watched.browser.cookies.clear()
    watched.browser.cookies.set("frontfoot-session", theirs)
    assert (await watched.browser.get("/readiness")).status_code == 303


@pytest.mark.parametrize("form", [{}, {"session": ""}, {"session": "a"}, {"session": "%" * 16}])
async def test_what_names_no_session_ends_none(watched: Console, form: dict[str, str]) -> None:
    answer = await sends(watched, "session-ends", **form)
    assert (answer.status_code, "names no session" in answer.text) == (422, True)
    assert len(sessions_of(await page_of(watched), "ben")) == 2


async def test_what_is_left_of_somebody_who_is_gone_can_be_removed(
    watched: Console, tmp_path: Path
) -> None:
    file = watched.engine.settings.playbooks_dir / "people.yaml"
    file.write_text(file.read_text().replace("id: ben, name: Ben", "id: ada, name: Ada"))
    page = await page_of(watched)
    assert "Not among the people any more." in page
    assert page.count("/remove") == 2


async def test_the_record_is_shown_newest_first_and_says_what_is_not_sealed(
    watched: Console,
) -> None:
    ledger = await watched.engine.ledger()
    await with_key(ledger)
    await sealing.seal(ledger, KEY, datetime.now(UTC))
    await make_link(watched.engine, "ben")
    page = (await watched.browser.get("/administration/record")).text
    numbers = [int(one) for one in re.findall(r'<p class="quiet">(\d+) · ', page)]
    assert numbers == sorted(numbers, reverse=True)
    assert page.index("Sign-in link made</b> ben") < page.index("not sealed yet")
    assert page.count("not sealed yet") == 1
    assert "1 entry waits for a worker's seal" in page.replace("&#39;", "'")
    older = (await watched.browser.get(f"/administration/record?before={numbers[-2]}")).text
    assert re.findall(r'<p class="quiet">(\d+) · ', older) == [str(numbers[-1])]


async def test_the_record_is_exported_as_it_can_be_verified(watched: Console) -> None:
    ledger = await watched.engine.ledger()
    await with_key(ledger)
    await sealing.seal(ledger, KEY, datetime.now(UTC))
    answer = await sends(watched, "exports")
    assert "attachment" in answer.headers["content-disposition"]
    record = InstallationRecord.model_validate(json.loads(answer.content))
    assert check_installation(record, KEY.fingerprint, datetime.now(UTC)).found == ()
    assert len(record.entries) == len(await entries.read(ledger))


async def test_a_record_that_was_changed_is_told_on_top(watched: Console) -> None:
    ledger = await watched.engine.ledger()
    async with ledger.write() as connection:
        await connection.exec_driver_sql(
            "UPDATE installation_record SET who = 'mallory' WHERE link = 2"
        )
    for path in ("/administration", "/administration/record"):
        page = (await watched.browser.get(path)).text
        assert "entry 2 does not fit" in page


async def test_the_home_page_leads_there_whoever_administrates(watched: Console) -> None:
    assert 'href="/administration"' in (await watched.browser.get("/")).text
    await watched.sign_in("ben")
    assert 'href="/administration"' not in (await watched.browser.get("/")).text


async def test_a_token_of_somebody_is_removed_after_a_question(watched: Console) -> None:
    for person in ("ben", "noor"):
        await create_token(
            watched.engine,
            person,
            (Scope.EVENTS_READ,),
            by="noor",
            surface=Surface.TERMINAL,
            name=f"<{person}'s> pager",
        )
    page = await page_of(watched)
    assert "&lt;ben&#39;s&gt; pager" in page
    first, second = re.findall(r'href="(/administration/tokens/[0-9a-f]{16}/remove)"', page)
    asked = await watched.browser.get(first)
    assert "cannot be undone" in asked.text
    answer = await watched.browser.post(first.replace("/remove", "/removal"), headers=OURS)
    assert answer.headers["location"] == "/administration"
    page = await page_of(watched)
    assert (first in page, second in page, "Token removed</b>" in page) == (False, True, True)
    again = await watched.browser.get(first)
    assert (again.status_code, "not the id of one token" in again.text) == (422, True)


async def test_other_systems_that_take_nothing_are_there_and_lead_to_no_secret(
    watched: Console,
) -> None:
    assert 'id="endpoints"' not in await page_of(watched)
    ledger, now = await watched.engine.ledger(), datetime.now(UTC)
    await have_incident(ledger)
    await have_endpoint(ledger, url="https://helpdesk.example.com/hooks/T0K3N")
    await record(ledger, outbox_entries(), at=now - timedelta(hours=1))
    (item,) = await items.due(ledger, "helpdesk", now, 1)
    await items.begin(ledger, item, now)
    await items.end(ledger, item, Ended(end=AttemptEnd.ANSWERED, status=500), now, 0.5)

    page = await page_of(watched)

    assert "helpdesk.example.com · 8 waiting · 0 set aside" in page
    assert "helpdesk has never taken anything: It answered 500." in page
    assert "T0K3N" not in page
    home = (await watched.browser.get("/")).text
    assert "helpdesk has never taken anything: It answered 500." in home
