"""Administration in a real browser, over a whole stack: read on a phone, and without a script."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.surfaces.console.people import Authenticator, People, chromium, faults_of, find_browser
from tests.terminal import Up

pytestmark = [pytest.mark.browser, pytest.mark.whole]


@pytest.fixture(scope="module")
def people(up: Up) -> Iterator[People]:
    """People with browsers."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    with chromium(path) as browser:
        yield People(up, browser)


def adds_passkey(page: Page, name: str) -> None:
    page.get_by_role("link", name="(your passkeys)").click()
    page.get_by_label("Its name").fill(name)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("not used yet")).to_be_visible()


def let_wait(people: People, person: str) -> None:
    """Their passkeys wait, as they would where accounts are live."""
    with sqlite3.connect(people.up.folder / ".frontfoot" / "frontfoot.db") as ledger:
        ledger.execute("UPDATE credentials SET confirmed_at = NULL WHERE person = ?", (person,))


def test_a_lost_phone_and_what_an_administrator_sees_of_it(people: People) -> None:
    faults: list[str] = []
    # Lee has a passkey and writes codes down.
    lee = people.enter("lee")
    Authenticator(lee)
    adds_passkey(lee, "lost phone")
    people.goes_to(lee, "/recovery-codes")
    faults += faults_of(lee)
    lee.get_by_role("button", name="Make 10 new codes").click()
    expect(lee.locator(".codes li")).to_have_count(10)
    code = lee.locator(".codes code").first.inner_text()
    faults += faults_of(lee)
    lee.context.close()

    # The phone is lost. One code signs in, once, in another browser without a script.
    other = people.browser.new_context(java_script_enabled=False).new_page()
    people.goes_to(other, "/")
    other.locator("summary", has_text="Have you lost your phone").click()
    other.get_by_label("One of your codes").fill(code.upper().replace("-", " "))
    other.get_by_role("button", name="Sign in with a code").click()
    expect(other.get_by_role("heading", name="Your passkeys")).to_be_visible()
    other.get_by_role("button", name="Sign out").click()
    other.locator("summary", has_text="Have you lost your phone").click()
    other.get_by_label("One of your codes").fill(code)
    other.get_by_role("button", name="Sign in with a code").click()
    expect(other.get_by_role("alert")).to_contain_text("This code signs nobody in.")
    other.context.close()

    # Sam has a passkey that waits, and may neither confirm it nor come here.
    sam = people.enter("sam")
    Authenticator(sam)
    adds_passkey(sam, "new phone")
    let_wait(people, "sam")
    people.goes_to(sam, "/passkeys")
    expect(sam.get_by_text("waits to be confirmed")).to_be_visible()
    faults += faults_of(sam)
    people.goes_to(sam, "/administration")
    expect(sam.get_by_text("You may not administrate this installation here.")).to_be_visible()
    expect(sam.get_by_text("Ask Noor Haddad or Ines Costa.")).to_be_visible()
    faults += faults_of(sam)

    # Noor does all of it on a phone without a script.
    noor = people.enter("noor", java_script_enabled=False)
    noor.get_by_role("link", name="Administration").click()
    expect(noor.get_by_text("Somebody used a recovery code")).to_be_visible()
    assert noor.evaluate("document.documentElement.scrollWidth <= innerWidth")
    waiting = noor.locator("section", has=noor.get_by_role("heading", name="Waiting to be"))
    waiting.get_by_role("button", name=re.compile("Confirm")).click()
    expect(noor.get_by_role("heading", name="Waiting to be")).to_have_count(0)
    noor.get_by_role("link", name="Remove lost phone of Lee Park").click()
    noor.get_by_role("button", name="Remove it").click()
    expect(noor.get_by_text("lost phone")).to_have_count(0)
    theirs = noor.locator("#person-sam").get_by_role("button", name=re.compile("End it"))
    # Another story may have left them signed in elsewhere.
    for _ in range(theirs.count()):
        theirs.first.click()
    expect(noor.locator("#person-sam")).to_contain_text("Not signed in.")
    people.goes_to(sam, "/passkeys")
    expect(sam.get_by_role("heading", name="Sign in to Frontfoot")).to_be_visible()

    # The worker seals what happened, and the record says so.
    noor.get_by_role("link", name="The whole record").click()
    for _ in range(60):
        if noor.get_by_text("not sealed yet").count() == 0:
            break
        noor.wait_for_timeout(1_000)
        noor.reload()
    expect(noor.get_by_text("The record is whole")).to_be_visible()
    expect(noor.get_by_text("not sealed yet")).to_have_count(0)
    assert "record is whole" in people.types("audit")
    noor.context.close()

    ines = people.enter("ines")
    let_wait(people, "sam")
    for path in ("/administration", "/administration/record"):
        people.goes_to(ines, path)
        faults += faults_of(ines)
    people.goes_to(ines, "/administration")
    ines.get_by_role("link", name=re.compile("Remove new phone")).click()
    faults += faults_of(ines)
    assert faults == []
    for page in (sam, ines):
        page.context.close()


def test_another_system_gets_a_token_and_webhooks_from_a_phone(people: People) -> None:
    """The sandbox takes webhooks as another system would."""
    ines = people.enter("ines")
    ines.get_by_role("link", name="Administration").click()
    ines.get_by_role("link", name="Tokens of the API").click()
    faults = faults_of(ines)
    ines.get_by_label("Which system uses it").fill("Help desk")
    ines.get_by_label("Read what happened in incidents").check()
    ines.get_by_role("button", name="Make the token").click()
    token = ines.locator("pre code").inner_text()
    faults += faults_of(ines)
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{people.url}/api/v1/events", headers=headers, timeout=120)
    assert answer.status_code == 200
    ines.get_by_role("link", name="I have copied it").click()
    expect(ines.get_by_text("Help desk", exact=True)).to_be_visible()
    assert token not in ines.content()

    people.goes_to(ines, "/administration/webhooks")
    ines.get_by_label("Its address").fill(
        f"http://localhost:{people.up.ports.sandbox}/_sandbox/webhooks"
    )
    ines.get_by_label("What to call it").fill("helpdesk")
    faults += faults_of(ines)
    ines.get_by_role("button", name="Add it and show its secret").click()
    expect(ines.locator("pre code")).to_contain_text("whsec_")
    ines.get_by_role("link", name="I have copied it").click()
    ines.get_by_role("button", name="Send a test").click()
    for _ in range(120):
        if ines.get_by_text("waits", exact=True).count() == 0:
            break
        ines.wait_for_timeout(1_000)
        ines.reload()
    expect(ines.get_by_text("taken", exact=True)).to_be_visible()
    faults += faults_of(ines)
    ines.get_by_role("link", name="Remove it").click()
    faults += faults_of(ines)
    ines.get_by_role("button", name="Remove it").click()
    expect(ines.get_by_text("No other system is told anything.")).to_be_visible()
    assert faults == []
    ines.context.close()
