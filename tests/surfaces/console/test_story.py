"""A response from a phone, in a real browser, over a whole stack."""

from __future__ import annotations

import itertools
import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.surfaces.console.people import People, chromium, faults_of, find_browser
from tests.terminal import Up

pytestmark = [pytest.mark.browser, pytest.mark.whole]

PATIENCE = 30_000
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def people(up: Up) -> Iterator[People]:
    """People with browsers, and an audience of three."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    (up.folder / "three.csv").write_text(
        "email\n" + "".join(f"quill{n}@console.feather.example\n" for n in range(3))
    )
    with chromium(path) as browser:
        people = People(up, browser)
        people.types("audience import three.csv --name three")
        yield people


@pytest.fixture
def slug() -> str:
    """A name that nobody has used."""
    return f"console-{next(_numbers)}"


def opens(people: People, page: Page, slug: str) -> None:
    people.goes_to(page, "/open")
    page.get_by_label("What happened").fill("Sign-in is down")
    page.get_by_label("A short name").fill(slug)
    page.get_by_label("three, 3 recipients").check()
    page.get_by_role("button", name="Open the incident").click()
    page.wait_for_url(f"**/incidents/{slug}")


def proposes(people: People, page: Page, slug: str, text: str = "") -> None:
    people.goes_to(page, f"/incidents/{slug}/propose?kind=announcement")
    page.get_by_label("Promise the next update by").fill("45m")
    if text:
        page.get_by_label("My own words").check()
        page.get_by_label("Text for every channel").fill(text)
        page.get_by_label("Subject of the mail").fill("Sign-in is down")
    page.get_by_role("button", name="Propose").click()
    page.wait_for_url(f"**/incidents/{slug}/messages/1/sign")


def test_two_people_open_a_gate_out_of_policy_and_a_third_reviews_it(
    people: People, slug: str
) -> None:
    faults: list[str] = []
    maya = people.enter("maya")
    opens(people, maya, slug)
    proposes(people, maya, slug)
    gate = f"/incidents/{slug}/messages/1/gate"
    people.goes_to(maya, gate)
    assert maya.get_by_role("button", name="out of policy").count() == 0

    ines = people.enter("ines")
    people.goes_to(ines, f"/incidents/{slug}/delegations")
    faults += faults_of(ines)
    ines.get_by_label("Who signs for them").fill("sam")
    ines.get_by_label("Until when").fill("8h")
    ines.get_by_role("button", name="Record it").click()
    expect(ines.get_by_text("sam signs for ines until")).to_be_visible(timeout=PATIENCE)
    people.goes_to(ines, f"/incidents/{slug}/messages/1/sign")
    expect(ines.get_by_text("sam signs for ines, who has delegated it", exact=False)).to_be_visible(
        timeout=PATIENCE
    )

    for who in ("sam", "dana"):
        page = people.enter(who)
        people.goes_to(page, gate)
        faults += faults_of(page)
        page.get_by_label("Why can it not wait").fill("Nobody answers.")
        page.get_by_role("button", name="out of policy").click()
        page.wait_for_url(f"**/incidents/{slug}#message-1")
    red = page.get_by_text("was opened out of policy by sam and dana").first
    expect(red).to_be_visible(timeout=PATIENCE)

    noor = people.enter("noor")
    people.goes_to(noor, gate)
    faults += faults_of(noor)
    noor.get_by_label("What was found").fill("It could not wait.")
    noor.get_by_role("button", name="Record the review").click()
    expect(noor.get_by_text("Reviewed by noor: It could not wait.").first).to_be_visible(
        timeout=PATIENCE
    )
    assert faults == []


def test_a_response_from_a_phone(people: People, slug: str) -> None:
    faults: list[str] = []
    maya = people.enter("maya")
    faults += faults_of(maya)
    opens(people, maya, slug)
    faults += faults_of(maya)

    people.goes_to(maya, f"/incidents/{slug}/facts")
    maya.get_by_label("Summary").fill(f"sign-in fails ({slug})")
    maya.get_by_label("What happened").fill("Since 13:00 UTC nobody can sign in.")
    faults += faults_of(maya)
    maya.get_by_role("button", name="Record").click()
    expect(maya.get_by_text("Since 13:00 UTC nobody can sign in.")).to_be_visible()

    people.goes_to(maya, f"/incidents/{slug}/propose?kind=announcement")
    faults += faults_of(maya)
    proposes(people, maya, slug)
    expect(maya.get_by_text("You wrote this, and nobody approves their own words.")).to_be_visible()
    expect(maya.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)

    # Ines reads it too, and types a reason that she will not need.
    ines = people.enter("ines")
    people.goes_to(ines, f"/incidents/{slug}/messages/1/sign")
    faults += faults_of(ines)
    ines.locator("summary", has_text="Reject").click()
    ines.get_by_label("What has to change?").fill("The time is wr")
    ines.get_by_label("What has to change?").focus()

    noor = people.enter("noor")
    to_sign = noor.get_by_role("link", name=f"Read and sign message 1 of {slug}")
    expect(to_sign).to_have_count(1)
    people.goes_to(maya, f"/incidents/{slug}")
    expect(maya.locator("#message-1")).to_contain_text("waits for signatures")

    to_sign.click()
    digest = noor.locator(".digest").inner_text()
    assert re.fullmatch("[0-9a-f]{8}", digest)
    expect(ines.get_by_label("What has to change?")).to_have_value("The time is wr")
    expect(ines.get_by_label("What has to change?")).to_be_focused()
    noor.get_by_role("button", name=f"Approve {digest}").click()
    noor.wait_for_url(f"**/incidents/{slug}#message-1")

    # Nobody reloads: both pages learn of it.
    expect(ines.get_by_text("noor approved this")).to_be_visible(timeout=PATIENCE)
    expect(ines.get_by_role("button", name=re.compile("Approve|Reject"))).to_have_count(0)
    expect(maya.locator("#message-1")).to_contain_text("3 of 3 accepted", timeout=PATIENCE)
    expect(maya.locator("#message-1")).to_contain_text("is out", timeout=PATIENCE)
    faults += faults_of(maya)

    faults += replies_come_into_force(people, slug, maya, noor)

    for path in ("/people", "/people/calendar?zone=Asia/Kolkata"):
        people.goes_to(maya, path)
        faults += faults_of(maya)
    for path in ("timeline", "record", "messages/1/mail", "messages/1/withdraw", "close"):
        people.goes_to(maya, f"/incidents/{slug}/{path}")
        faults += faults_of(maya)
    maya.get_by_role("button", name=f"Close {slug}").click()
    expect(maya.locator("#refusal")).to_contain_text("promise")
    maya.get_by_label("If something is still open").fill("It was a rehearsal, and says so.")
    maya.get_by_role("button", name=f"Close {slug}").click()
    maya.wait_for_url(f"**/incidents/{slug}")
    expect(maya.locator(".stages [aria-current]")).to_have_text("closed")
    faults += faults_of(maya)
    people.goes_to(maya, f"/incidents/{slug}/timeline")
    expect(maya.locator(".timeline")).to_contain_text("noor in the console")
    expect(maya.get_by_text("The record is whole")).to_be_visible()
    assert faults == []
    for page in (maya, ines, noor):
        page.context.close()


def replies_come_into_force(people: People, slug: str, maya: Page, noor: Page) -> list[str]:
    """Maya proposes the reply rules, Noor reads every wording and signs; a fact changes then."""
    people.goes_to(maya, f"/incidents/{slug}/propose?kind=reply_rules")
    expect(maya.locator("#preview")).to_contain_text("Reply rules have no preview")
    maya.get_by_role("button", name="Propose").click()
    maya.wait_for_url(f"**/incidents/{slug}/messages/2/sign")
    people.goes_to(noor, f"/incidents/{slug}/messages/2/sign")
    reply = noor.locator("section.copy", has_text="What happened?")
    expect(reply.locator(".said").first).to_contain_text(f"in short: sign-in fails ({slug})")
    expect(noor.locator("section.copy", has_text="my-card")).to_contain_text("It cannot be sent")
    expect(noor.get_by_text("a second person reads 10% of them")).to_be_visible()
    faults = faults_of(noor)
    digest = noor.locator(".digest").inner_text()
    noor.get_by_role("button", name=f"Approve {digest}").click()
    noor.wait_for_url(f"**/incidents/{slug}#message-2")
    expect(noor.locator("#message-2")).to_contain_text("in force", timeout=PATIENCE)
    expect(noor.locator("#message-2")).to_contain_text("Replies on twitter, facebook")
    people.types(f"facts {slug} --set summary=nothing-works --as maya")
    expect(noor.get_by_text("1 saved reply is held: what-happened.")).to_be_visible()
    told = people.types(f"desk saved --incident {slug}")
    assert "what-happened: What happened? (held)" in told
    assert "thanks: Thanks, and good luck (can be sent)" in told
    people.types(f"propose {slug} reply_rules --as maya")
    people.goes_to(noor, f"/incidents/{slug}/messages/3/sign")
    expect(noor.get_by_text("Changed: what-happened")).to_be_visible()
    faults += faults_of(noor)
    people.types(f"withdraw {slug} 3 --as maya")
    people.types(f"audit {slug}")
    return faults


def test_everything_works_without_a_script(people: People, slug: str) -> None:
    maya = people.enter("maya", java_script_enabled=False)
    opens(people, maya, slug)
    proposes(people, maya, slug, f"We are looking into it ({slug}).")
    noor = people.enter("noor", java_script_enabled=False)
    people.goes_to(noor, f"/incidents/{slug}/messages/1/sign")
    noor.locator("summary", has_text="Reject").click()
    noor.get_by_role("button", name=re.compile("Reject")).click()
    expect(noor.get_by_role("alert")).to_contain_text("A rejection needs a reason.")
    noor.get_by_label("What has to change?").fill("Say since when.")
    noor.get_by_role("button", name=re.compile("Reject")).click()
    expect(noor.locator("#message-1")).to_contain_text("Say since when.")
    people.goes_to(maya, f"/incidents/{slug}/messages/1/revise")
    maya.get_by_label("My own words").check()
    maya.get_by_label("Text for every channel").fill(f"Since 13:00 nobody can sign in ({slug}).")
    maya.get_by_role("button", name="Revise").click()
    expect(maya.locator("p:has(.digest)")).to_contain_text("revision 2")
    people.goes_to(maya, f"/incidents/{slug}/messages/1/withdraw")
    maya.get_by_role("button", name="Withdraw message 1").click()
    expect(maya.locator("#message-1")).to_contain_text("withdrawn")
    for page in (maya, noor):
        page.context.close()


def test_what_was_revised_meanwhile_is_not_signed(people: People, slug: str) -> None:
    maya, noor = people.enter("maya"), people.enter("noor", java_script_enabled=False)
    opens(people, maya, slug)
    proposes(people, maya, slug, f"The first words ({slug}).")
    people.goes_to(noor, f"/incidents/{slug}/messages/1/sign")
    before = noor.locator(".digest").inner_text()
    people.goes_to(maya, f"/incidents/{slug}/messages/1/revise")
    maya.get_by_label("My own words").check()
    maya.get_by_label("Text for every channel").fill(f"Other words ({slug}).")
    maya.get_by_role("button", name="Revise").click()
    expect(maya.locator("p:has(.digest)")).to_contain_text("revision 2")
    changed = maya.get_by_role("group", name="twitter: changed since revision 1")
    expect(changed.locator(".said del").first).to_contain_text("The first")
    expect(changed.locator(".said ins").first).to_contain_text("Other")
    assert faults_of(maya) == []
    noor.get_by_role("button", name=re.compile("Approve")).click()
    expect(noor.get_by_role("alert")).to_contain_text("it was edited since")
    assert noor.locator(".digest").inner_text() != before
    expect(noor.get_by_text("Missing: 1 more")).to_be_visible()
    for page in (maya, noor):
        page.context.close()


def test_a_scanner_that_opens_every_link_decides_nothing(people: People, slug: str) -> None:
    """Mail scanners have real browsers, and may even have somebody's session."""
    maya, scanner = people.enter("maya"), people.enter("noor")
    opens(people, maya, slug)
    proposes(people, maya, slug, f"We are looking into it ({slug}).")
    seen: set[str] = set()
    pending = ["/", f"/incidents/{slug}"]
    while pending:
        path = pending.pop()
        if path in seen or (path.startswith("/incidents/") and slug not in path):
            continue
        seen.add(path)
        people.goes_to(scanner, path)
        links = scanner.eval_on_selector_all("a[href]", "all => all.map((one) => one.href)")
        inside = [one.removeprefix(people.url).partition("#")[0] for one in links]
        pending += [one for one in inside if one.startswith("/")]
    assert len(seen) >= 10
    people.goes_to(maya, f"/incidents/{slug}")
    expect(maya.locator("#message-1")).to_contain_text("waits for signatures")
    people.goes_to(maya, f"/incidents/{slug}/timeline")
    happened = maya.locator(".timeline b").all_inner_texts()
    assert not {"approved", "rejected", "withdrawn", "closed"} & set(happened)
    assert "proposed" in happened
    for page in (maya, scanner):
        page.context.close()


def test_a_page_and_its_session_survive_the_death_of_the_console(people: People, slug: str) -> None:
    maya = people.enter("maya")
    opens(people, maya, slug)
    as_of = maya.locator(".as-of time")
    os.kill(people.up.pids()["console"], signal.SIGKILL)
    before = as_of.get_attribute("datetime")
    assert before is not None
    expect(as_of).not_to_have_attribute("datetime", before, timeout=PATIENCE)
    proposes(people, maya, slug, f"We are looking into it ({slug}).")
    expect(maya.get_by_text("You wrote this")).to_be_visible()
    maya.context.close()
