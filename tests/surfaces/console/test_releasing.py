"""The first word at three in the morning: approved in peace, out by one person with a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson
import pytest
from playwright.sync_api import expect

from tests.quick_process import run
from tests.surfaces.console.people import People, chromium, faults_of, find_browser
from tests.terminal import Up

pytestmark = [pytest.mark.browser, pytest.mark.whole]
SLUG = "at-night"
TWICE = """() => {
  const form = document.querySelector("form[action='/holding/proposals']");
  const send = () => fetch(form.action, {
    method: "POST", body: new URLSearchParams(new FormData(form)),
  });
  return Promise.all([send(), send()]).then((all) => all.map((one) => new URL(one.url).pathname));
}"""
"""Sends the form twice at once, as two taps do, and returns where each led."""


@pytest.fixture(scope="module")
def people(up: Up) -> Iterator[People]:
    """People with browsers."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    with chromium(path) as browser:
        yield People(up, browser)


def test_one_person_on_duty_publishes_what_two_approved_in_advance(people: People) -> None:
    """Proposed and signed beforehand; then one page, one list, one button, and it is public."""
    maya = people.enter("maya")
    # As after a proposal that failed when its incident was open.
    half = "half-done"
    title = "Holding statements of site-compromised"
    opening = ["open", half, "--title", title, "--as", "maya"]
    assert run(opening, people.up.folder, people.up.environment())[0] == 0
    people.goes_to(maya, "/holding")
    button = maya.get_by_role("button", name="Propose the statements of site-compromised")
    expect(button).to_be_visible()
    first, second = maya.evaluate(TWICE)
    assert first == second
    assert first.endswith(f"/incidents/{half}/messages/1/sign")
    again = orjson.loads(people.types("holding propose site-compromised --json --as maya"))
    assert (again["incident"], again["message"]["number"]) == (half, 1)
    assert len(orjson.loads(people.types(f"status {half} --json"))["messages"]) == 1
    people.goes_to(maya, first)
    prepared, digest = maya.url.split("/")[4], maya.locator(".digest").inner_text()
    people.goes_to(maya, "/holding")
    faults = faults_of(maya)
    expect(maya.get_by_role("link", name="See it for site-compromised")).to_be_visible()
    for signer in ("noor", "ines"):
        people.types(f"approve {prepared} 1 --digest {digest} --as {signer}")
    people.types(f"close {prepared} --as maya")
    assert "approved, in" in people.types("holding list")
    people.types(f"open {SLUG} --title Odd-posts --severity 1 --as maya")

    dana = people.enter("dana")
    people.goes_to(dana, f"/incidents/{SLUG}")
    expect(dana.get_by_text("Severity 1 (critical)").first).to_be_visible()
    expect(dana.get_by_text("The next word is due by").first).to_be_visible()
    faults += faults_of(dana)
    dana.get_by_role("link", name="Release a holding statement").click()
    dana.wait_for_url("**/release")
    faults += faults_of(dana)
    about = dana.get_by_role("region", name="First word about")
    about.get_by_label("What").select_option("trouble signing in")
    about.get_by_label("The next update by").fill("45m")
    about.get_by_role("button", name="Publish it now").click()
    dana.wait_for_url(f"**/incidents/{SLUG}")
    expect(dana.get_by_text("which was approved in advance").first).to_be_visible()
    people.up.wait_until(
        lambda: orjson.loads(people.types(f"scorecard {SLUG} --json"))["scorecard"]["open"] == 1
    )
    people.goes_to(dana, f"/incidents/{SLUG}")
    expect(dana.get_by_text(re.compile("Message 1, by .* dana"))).to_be_visible()
    faults += faults_of(dana)

    # The next update promises what people expect, and somebody else keeps it.
    people.goes_to(maya, f"/incidents/{SLUG}/propose?kind=progress_update")
    expect(maya.get_by_label("Promise the next update by")).to_have_value(re.compile(r"^20\d\d-"))
    maya.get_by_label("Who keeps that promise?").select_option("Sam Rivers")
    maya.get_by_label("My own words").check()
    maya.get_by_label("Text for every channel").fill("We are still looking into it.")
    maya.get_by_role("button", name="Propose").click()
    maya.wait_for_url("**/messages/2/sign")
    status = orjson.loads(people.types(f"status {SLUG} --json"))
    assert status["messages"][1]["owner"] == "sam"
    assert status["messages"][1]["next_update_by"]

    people.goes_to(dana, f"/incidents/{SLUG}/severity")
    dana.get_by_label(re.compile("Severity 3")).check()
    dana.get_by_label("Why?").fill("Only a few people")
    faults += faults_of(dana)
    dana.get_by_role("button", name="Set the severity").click()
    dana.wait_for_url(f"**/incidents/{SLUG}")
    expect(dana.get_by_text("Severity 3 (minor)").first).to_be_visible()
    people.goes_to(dana, "/holding")
    faults += faults_of(dana)
    people.goes_to(dana, f"/incidents/{SLUG}/record")
    expect(dana.get_by_role("heading", name="Promises")).to_be_visible()
    assert faults == []

    said = people.types(f"status {SLUG}")
    assert "next word due by" in said
    assert "1 open" in said
