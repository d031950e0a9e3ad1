"""Passkeys in a real browser with a virtual authenticator, over a whole stack."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.surfaces.console.people import Authenticator, People, chromium, faults_of, find_browser
from tests.terminal import ROOT, Up

pytestmark = [pytest.mark.browser, pytest.mark.whole]

SLUG = "passkey-story"


@pytest.fixture(scope="module")
def people(up: Up) -> Iterator[People]:
    """People with browsers, and an incident whose gates require two passkeys."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    plan = up.folder / "plans" / "with-passkeys"
    shutil.copytree(ROOT / "playbooks" / "site-compromised", plan)
    shutil.copy(ROOT / "playbooks" / "people.yaml", plan.parent)
    content = yaml.safe_load((plan / "playbook.yaml").read_text())
    content["messages"]["announcement"]["gate"] |= {"requires": "passkey", "quorum": 2}
    (plan / "playbook.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    (up.folder / "one.csv").write_text("email\nquill@passkeys.feather.example\n")
    with chromium(path) as browser:
        people = People(up, browser)
        people.types("audience import one.csv --name one")
        people.types(f"open {SLUG} --title Down --playbook {plan} --audience one --as maya")
        yield people


def adds_passkey(page: Page) -> Authenticator:
    """Somebody adds a passkey on their phone, which is a page with an authenticator."""
    phone = Authenticator(page)
    page.get_by_role("link", name="(your passkeys)").click()
    page.get_by_label("Its name").fill("phone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("not used yet")).to_be_visible()
    return phone


def test_enrol_sign_in_approve_and_reject(people: People) -> None:
    faults: list[str] = []
    people.types(f"propose {SLUG} announcement --next-update-by 45m --as maya")
    sign = f"/incidents/{SLUG}/messages/1/sign"

    # Without a passkey there is no button, and the way to one.
    noor = people.enter("noor")
    people.goes_to(noor, sign)
    expect(noor.get_by_text("This has to be signed with a passkey")).to_be_visible()
    expect(noor.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)
    noor.get_by_role("link", name="Your passkeys", exact=True).click()
    phone = adds_passkey(noor)
    faults += faults_of(noor)
    noor.get_by_role("button", name="Add a passkey").click()
    expect(noor.get_by_role("alert")).to_contain_text("has a passkey of yours already")

    # The link is spent; the passkey signs in.
    noor.get_by_role("button", name="Sign out").click()
    faults += faults_of(noor)
    noor.get_by_role("button", name="Sign in with a passkey").click()
    expect(noor.get_by_role("heading", name="What waits for you")).to_be_visible()

    # Not recognised, she is told so in place, and can try again.
    people.goes_to(noor, sign)
    faults += faults_of(noor)
    phone.recognises(False)
    noor.get_by_role("button", name=re.compile("Approve")).click()
    expect(noor.get_by_role("alert")).to_contain_text("The browser did not sign")
    expect(noor.get_by_role("alert")).to_be_focused()
    faults += faults_of(noor)
    phone.recognises(True)
    noor.get_by_role("button", name=re.compile("Approve")).click()
    expect(noor.get_by_text("approved by noor")).to_be_visible()

    # Ines rejects; the author reads why.
    ines = people.enter("ines")
    adds_passkey(ines)
    people.goes_to(ines, sign)
    ines.locator("summary", has_text="Reject").click()
    ines.get_by_role("button", name=re.compile("Reject")).click()
    expect(ines.get_by_role("alert")).to_contain_text("A rejection needs a reason.")
    ines.get_by_label("What has to change?").fill("Say since when.")
    ines.get_by_role("button", name=re.compile("Reject")).click()
    expect(ines.locator("#message-1")).to_contain_text("Say since when.")

    people.goes_to(noor, "/passkeys")
    expect(noor.get_by_text("last used")).to_be_visible()
    noor.get_by_role("link", name="Remove phone").click()
    faults += faults_of(noor)
    noor.get_by_role("button", name="Remove it").click()
    # It has begun this session, which has ended with it.
    expect(noor.get_by_role("heading", name="Sign in to Frontfoot")).to_be_visible()
    assert faults == []
    for page in (noor, ines):
        page.context.close()


def test_without_a_script_a_page_says_why_it_signs_nothing(people: People) -> None:
    noor = people.enter("noor", java_script_enabled=False)
    people.goes_to(noor, "/passkeys")
    expect(noor.get_by_text("A passkey needs JavaScript")).to_be_visible()
    expect(noor.get_by_role("button", name="Add a passkey")).to_be_hidden()
    noor.context.close()


def test_where_nothing_is_required_a_passkey_that_fails_holds_nobody_up(people: People) -> None:
    people.types("open no-proof --title Down --audience one --as maya")
    people.types("propose no-proof announcement --next-update-by 45m --as maya")
    tomas = people.enter("tomas")
    phone = adds_passkey(tomas)
    people.goes_to(tomas, "/incidents/no-proof/messages/1/sign")
    without = tomas.get_by_role("button", name=re.compile("Approve .* without a passkey"))
    expect(tomas.get_by_text("Your passkey shows that it is you who signs.")).to_be_visible()
    expect(without).to_have_count(0)

    phone.recognises(False)
    tomas.get_by_role("button", name=re.compile("Approve")).click()
    without.click()

    expect(tomas.locator("#message-1")).to_contain_text("approved by tomas")
    tomas.context.close()
