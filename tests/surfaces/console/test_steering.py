"""Steering from a phone: stop everything, ask after one person, see how channels do, print it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import orjson
import pytest
from playwright.sync_api import Page, expect

from tests.surfaces.console.people import People, chromium, faults_of, find_browser
from tests.terminal import Up

pytestmark = [pytest.mark.browser, pytest.mark.whole]

PATIENCE = 120_000
SLUG = "steering"
JANE = "jane.quill@steering.feather.example"


@pytest.fixture(scope="module")
def people(up: Up) -> Iterator[People]:
    """People with browsers, and an open incident whose announcement waits for a signature."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    (up.folder / "two.csv").write_text(f"email\n{JANE}\njoe@steering.feather.example\n")
    with chromium(path) as browser:
        people = People(up, browser)
        people.types("audience import two.csv --name two")
        people.types(f"open {SLUG} --title Sign-in-is-down --audience two --as maya")
        people.types(f"facts {SLUG} --set summary=sign-in-fails --as maya")
        people.types(f"propose {SLUG} announcement --next-update-by 45m --as maya")
        yield people


def goes_to(people: People, page: Page, path: str = "") -> None:
    people.goes_to(page, f"/incidents/{SLUG}{path}")


def test_one_button_stops_everything_and_one_resumes_it(people: People) -> None:
    faults: list[str] = []
    maya = people.enter("maya")
    goes_to(people, maya)
    maya.get_by_role("link", name="Stop everything").click()
    maya.wait_for_url("**/stop")
    expect(maya.get_by_text("No further post and no further mail")).to_be_visible()
    faults += faults_of(maya)
    maya.get_by_label("Why?").fill("Not sure about the scope")
    maya.get_by_role("button", name="Stop everything").click()
    maya.wait_for_url(f"**/incidents/{SLUG}")
    expect(maya.get_by_text("Not sure about the scope").first).to_be_visible()
    faults += faults_of(maya)

    noor = people.enter("noor")
    expect(noor.get_by_text("everything is stopped")).to_be_visible()
    faults += faults_of(noor)
    goes_to(people, noor, "/messages/1/sign")
    expect(noor.get_by_text("counts, and goes out once it is resumed")).to_be_visible()
    noor.get_by_role("button", name=re.compile("Approve")).click()
    noor.wait_for_url(f"**/incidents/{SLUG}#message-1")
    # Nobody reloads: each channel says why it waits.
    expect(noor.locator("#message-1 .outcomes").get_by_text("was stopped by maya")).to_have_count(
        4, timeout=PATIENCE
    )

    noor.get_by_role("link", name="Resume everything").first.click()
    noor.get_by_role("button", name="Resume everything").click()
    noor.wait_for_url(f"**/incidents/{SLUG}")
    expect(noor.locator("#message-1")).to_contain_text("2 of 2 accepted", timeout=PATIENCE)
    expect(noor.locator("#message-1")).to_contain_text("is out", timeout=PATIENCE)
    expect(noor.get_by_text("was stopped by maya")).to_have_count(0)
    assert faults == []
    for page in (maya, noor):
        page.context.close()


def test_one_person_is_looked_up_and_the_address_is_in_no_url(people: People) -> None:
    maya = people.enter("maya")
    asked: list[str] = []
    maya.on("request", lambda one: asked.append(one.url))
    goes_to(people, maya)
    maya.get_by_label("Their e-mail address").fill(JANE)
    maya.get_by_role("button", name="Look it up").click()
    expect(maya.get_by_role("heading", name=JANE)).to_be_visible()
    expect(maya.get_by_text("on email to two: handed to the provider")).to_be_visible()
    assert faults_of(maya) == []
    assert not [one for one in asked if "jane" in one]
    maya.context.close()


def test_a_test_is_mailed_to_oneself_alone(people: People) -> None:
    maya = people.enter("maya")
    goes_to(people, maya, "/messages/1/sign")
    maya.get_by_role("link", name="Send me a test").click()
    maya.get_by_label("Your e-mail address").fill("maya@steering.feather.example")
    faults = faults_of(maya)
    maya.get_by_role("button", name="Send me a test").click()
    expect(maya.get_by_role("heading", name="Your tests")).to_be_visible()
    while not maya.get_by_text("handed over to the provider").count():
        maya.reload()
    assert faults == []
    book = httpx.get(f"http://127.0.0.1:{people.up.ports.sandbox}/_sandbox/books/mail.ndjson").text
    mine = [orjson.loads(line) for line in book.splitlines() if "maya@steering" in line]
    assert len(mine) == 1
    assert "[TEST] " in str(mine[0])
    maya.context.close()


def test_channels_readiness_and_the_whole_record(people: People) -> None:
    maya = people.enter("maya")
    faults: list[str] = []
    expect(maya.get_by_text("Last asked for work")).to_be_visible(timeout=PATIENCE)
    expect(maya.locator(".health")).to_contain_text("last accepted")
    maya.get_by_role("link", name="Check everything").click()
    expect(maya.get_by_role("status")).to_contain_text("work now")
    faults += faults_of(maya)
    goes_to(people, maya, "/record")
    for words in ("sign-in-fails", "The record is whole", "noor: approve", "stopped everything"):
        expect(maya.get_by_text(words).first).to_be_visible()
    assert "feather.example" not in maya.content()
    faults += faults_of(maya)
    maya.emulate_media(media="print")
    expect(maya.get_by_role("button", name="Sign out")).to_be_hidden()
    assert faults == []
    maya.context.close()


def test_the_terminal_does_the_same(people: People) -> None:
    said = people.types(f"stop-all {SLUG} --reason Again --as maya")
    assert "Everything was stopped by maya" in said
    assert f"frontfoot resume-all {SLUG}" in said
    shown = people.types(f"status {SLUG}")
    assert "STOPPED: Everything was stopped by maya" in shown
    assert f"frontfoot resume-all {SLUG}" in shown
    assert "goes on where it was stopped" in people.types(f"resume-all {SLUG} --as noor")
    asked = people.types(f"recipient {SLUG} {JANE}")
    assert "message 1 (announcement) on email to two: " in asked


def test_a_deadline_to_an_authority_is_seen_and_met_on_a_phone(people: People) -> None:
    faults: list[str] = []
    maya = people.enter("maya")
    goes_to(people, maya, "/facts")
    maya.locator("#fact-data_kinds").fill("names and addresses")
    maya.locator("#fact-aware_at").fill("2026-01-05 09:00 Europe/Berlin")
    maya.locator("#fact-malicious").select_option("yes")
    faults += faults_of(maya)
    maya.get_by_role("button", name="Record").click()
    maya.get_by_role("link", name="Deadlines to authorities").click()
    expect(maya.locator("#gdpr33")).to_contain_text("8 January 2026, 08:00 UTC")
    expect(maya.locator("#gdpr33 .badge")).to_have_attribute("data-state", "late")
    faults += faults_of(maya)
    maya.get_by_label("When?").fill("2026-01-08 07:00 UTC")
    maya.get_by_role("button", name="Record it").click()
    expect(maya.locator("#gdpr33 .badge")).to_have_attribute("data-state", "done")
    maya.locator("section", has_text="Article 33").get_by_role("link", name="Fact sheet").click()
    expect(maya.get_by_role("heading", name="What is not known yet")).to_be_visible()
    expect(maya.get_by_text("names and addresses")).to_be_visible()
    faults += faults_of(maya)
    goes_to(people, maya, "/timeline")
    expect(maya.get_by_text("authority notified").first).to_be_visible()
    assert faults == []
