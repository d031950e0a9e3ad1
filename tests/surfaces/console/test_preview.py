"""What an author sees while typing is what approvers sign."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.surfaces.console.people import People, faults_of
from tests.surfaces.console.test_story import PATIENCE, opens, people

__all__ = ["people"]

pytestmark = [pytest.mark.browser, pytest.mark.whole]
_MARK = re.compile(r"(Notice|Update) \d+, .*ref [0-9a-f]{4}")


def words(page: Page, inside: str) -> dict[str, str]:
    """All that is shown of each channel; the mark has the time, which may differ."""
    found = page.locator(f"{inside} .copy").evaluate_all(
        "all => all.map((one) => [one.querySelector('h2').firstChild.textContent.trim(),"
        " one.innerText])"
    )
    return {name: _MARK.sub("MARK", text) for name, text in found}


def test_the_preview_is_what_is_signed(people: People) -> None:
    maya = people.enter("maya")
    opens(people, maya, "preview-own")
    people.goes_to(maya, "/incidents/preview-own/propose?kind=announcement")
    # From the template, before anything is typed: it says what is missing, or shows the words.
    expect(maya.locator("#preview .copy").first).to_be_visible(timeout=PATIENCE)
    maya.get_by_label("My own words").check()
    text = maya.get_by_label("Text for every channel")
    text.press_sequentially("Nobody can sign in since 13:00.")
    expect(maya.locator("#preview")).to_contain_text("Nobody can sign in since 13:00.")
    expect(text).to_be_focused()
    text.fill("x" * 300)
    expect(maya.locator("#preview")).to_contain_text(re.compile("twitter: .* 280"))
    text.fill("Nobody can sign in since 14:00.")
    maya.get_by_label("Subject of the mail").fill("Sign-in is down")
    expect(maya.locator("#preview")).to_contain_text("14:00.")
    expect(maya.locator("#preview")).to_contain_text("of 280")
    expect(maya.locator("#preview dd b")).to_have_text("Sign-in is down")
    faults = faults_of(maya)
    summary = maya.locator("#preview summary").first
    summary.click()
    mail = maya.frame_locator("#preview iframe").first
    expect(mail.locator("body")).to_contain_text("Nobody can sign in since 14:00.")
    summary.click()
    shown = words(maya, "#preview")
    maya.get_by_role("button", name="Propose").click()
    maya.wait_for_url("**/messages/1/sign")
    assert words(maya, "main") == shown
    assert faults == []
    maya.context.close()


def test_a_preview_without_a_script(people: People) -> None:
    maya = people.enter("maya", java_script_enabled=False)
    opens(people, maya, "preview-plain")
    people.goes_to(maya, "/incidents/preview-plain/propose?kind=announcement")
    maya.get_by_label("My own words").check()
    maya.get_by_label("Text for every channel").fill("Nobody can sign in.")
    maya.get_by_label("Subject of the mail").fill("Sign-in is down")
    maya.get_by_role("button", name="Show the words").click()
    expect(maya.locator("#preview")).to_contain_text("Nobody can sign in.")
    expect(maya.get_by_label("Text for every channel")).to_have_value("Nobody can sign in.")
    shown = words(maya, "#preview")
    people.goes_to(maya, "/incidents/preview-plain")
    expect(maya.locator("#message-1")).to_have_count(0)
    people.goes_to(maya, "/incidents/preview-plain/propose?kind=announcement")
    maya.get_by_label("My own words").check()
    maya.get_by_label("Text for every channel").fill("Nobody can sign in.")
    maya.get_by_label("Subject of the mail").fill("Sign-in is down")
    maya.get_by_role("button", name="Propose").click()
    assert words(maya, "main") == shown
    maya.context.close()


def test_facts_beside_the_form_are_in_the_preview_and_recorded_with_the_message(
    people: People,
) -> None:
    maya = people.enter("maya")
    opens(people, maya, "preview-facts")
    people.goes_to(maya, "/incidents/preview-facts/propose?kind=announcement")
    maya.get_by_label("Summary").fill("sign-in fails")
    maya.get_by_label("What happened").fill("Since 13:00 UTC nobody can sign in.")
    expect(maya.locator("#preview")).to_contain_text("Since 13:00 UTC nobody can sign in.")
    shown = words(maya, "#preview")
    maya.get_by_role("button", name="Propose").click()
    maya.wait_for_url("**/messages/1/sign")
    assert words(maya, "main") == shown
    people.goes_to(maya, "/incidents/preview-facts/facts")
    expect(maya.get_by_label("Summary")).to_have_value("sign-in fails")
    maya.context.close()


def test_facts_that_somebody_else_has_recorded_are_shown_beside_ones_own(people: People) -> None:
    maya = people.enter("maya", java_script_enabled=False)
    opens(people, maya, "preview-both")
    people.goes_to(maya, "/incidents/preview-both/propose?kind=announcement")
    people.types("facts preview-both --set summary=mail-is-late --as maya")
    maya.get_by_label("Summary").fill("sign-in fails")
    maya.get_by_label("What happened").fill("Nobody can sign in.")
    maya.get_by_role("button", name="Propose").click()
    expect(maya.locator("#refusal")).to_contain_text("summary")
    expect(maya.get_by_label("Summary")).to_have_value("sign-in fails")
    expect(maya.get_by_text("Somebody else has recorded: mail-is-late")).to_be_visible()
    # Having read that, she insists.
    maya.get_by_role("button", name="Propose").click()
    maya.wait_for_url("**/messages/1/sign")
    expect(maya.locator("main")).to_contain_text("sign-in fails")
    maya.context.close()
