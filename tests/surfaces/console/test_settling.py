"""What went wrong at a platform, put right from a phone: retried, or settled by who has looked."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from settings import HERE
from tests.surfaces.console.people import People, chromium, faults_of, find_browser
from tests.terminal import Up

pytestmark = [pytest.mark.browser, pytest.mark.whole]

PLANS = "plans-that-look-twice"
PATIENCE = 240_000
"""Milliseconds. A lost answer is looked for several times before anybody is asked."""


@pytest.fixture(scope="module")
def people(up: Up) -> Iterator[People]:
    """People with browsers, and an audience of one."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    (up.folder / "settled.csv").write_text("email\nquill@settling.feather.example\n")
    with chromium(path) as browser:
        people = People(up, browser)
        people.types("audience import settled.csv --name settled")
        shutil.copytree(HERE / "playbooks", up.folder / PLANS)
        plan = up.folder / PLANS / "site-compromised" / "playbook.yaml"
        # As it is shipped, a lost answer is looked for during a minute.
        text = re.sub(
            r"(?m)^  looks: 3\n  apart: 20s$", "  looks: 2\n  apart: 1s", plan.read_text()
        )
        assert "apart: 1s" in text
        plan.write_text(text)
        yield people


@pytest.fixture
def sandbox(up: Up) -> Iterator[httpx.Client]:
    """The sandbox, and no fault in it afterwards."""
    with httpx.Client(base_url=f"http://127.0.0.1:{up.ports.sandbox}", timeout=60) as sandbox:
        yield sandbox
        sandbox.delete("/_sandbox/faults")


def goes_wrong(sandbox: httpx.Client, provider: str, operation: str, kind: str, **more: int) -> int:
    """Let something fail; the fault's number."""
    fault = {"provider": provider, "operation": operation, "kind": kind, **more}
    return int(sandbox.post("/_sandbox/faults", json=fault).raise_for_status().json()["id"])


def is_approved(people: People, slug: str) -> Page:
    """The page of somebody who has just approved the announcement of a new incident."""
    plan = f"{PLANS}/site-compromised"
    people.types(
        f"open {slug} --playbook {plan} --title Sign-in-is-down --audience settled --as maya"
    )
    people.types(f"facts {slug} --set summary=sign-in-fails-in-{slug} --as maya")
    people.types(f"propose {slug} announcement --next-update-by 45m --as maya")
    noor = people.enter("noor")
    people.goes_to(noor, f"/incidents/{slug}/messages/1/sign")
    noor.get_by_role("button", name=re.compile("Approve")).click()
    noor.wait_for_url(f"**/incidents/{slug}#message-1")
    return noor


def outcome(page: Page, channel: str) -> Locator:
    return page.locator("#message-1 .outcome").filter(has=page.get_by_text(channel, exact=True))


def tweets(sandbox: httpx.Client, words: str) -> int:
    """How many tweets with these words are public."""
    posts = sandbox.get("/_sandbox/books").json()["twitter"]["posts"]
    return sum(words in str(post) for post in posts)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again until it is so."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.2)


def test_what_was_refused_goes_out_after_a_retry(people: People, sandbox: httpx.Client) -> None:
    fault = goes_wrong(sandbox, "facebook", "post", "dead_token")
    noor = is_approved(people, "retried")
    expect(outcome(noor, "facebook")).to_contain_text("refused", timeout=PATIENCE)
    sandbox.delete(f"/_sandbox/faults/{fault}")
    noor.get_by_role("link", name="Retry facebook").first.click()
    noor.wait_for_url("**/publications?*")
    expect(noor.get_by_text("refused")).to_be_visible()
    faults = faults_of(noor)
    noor.get_by_role("button", name="Retry").click()
    noor.wait_for_url("**/incidents/retried#message-1")
    expect(outcome(noor, "facebook")).to_contain_text("accepted", timeout=PATIENCE)
    assert faults == []
    noor.context.close()


def test_who_has_looked_settles_what_nobody_knew(people: People, sandbox: httpx.Client) -> None:
    """One tweet was there and its answer was lost, the other never got there."""
    blind = goes_wrong(sandbox, "twitter", "list", "error_before")
    goes_wrong(sandbox, "twitter", "post", "drop_after", times=1)
    goes_wrong(sandbox, "twitter", "post", "drop_before", after=1, times=1)
    there = is_approved(people, "was-there")
    # Both wait at the same time, but for which of the faults is decided by who comes first.
    wait_until(lambda: tweets(sandbox, "in-was-there") == 1)
    absent = is_approved(people, "was-not-there")
    expect(outcome(there, "twitter")).to_contain_text("unknown", timeout=PATIENCE)
    faults: list[str] = []

    there.get_by_role("link", name="Settle twitter").first.click(timeout=PATIENCE)
    there.wait_for_url("**/publications?*")
    faults += faults_of(there)
    there.get_by_label("Its address there").fill("https://x.com/example/status/77")
    there.get_by_role("button", name="It went out").click()
    there.wait_for_url("**/incidents/was-there#message-1")
    expect(outcome(there, "twitter")).to_contain_text("accepted", timeout=PATIENCE)
    expect(outcome(there, "twitter").get_by_role("link")).to_have_attribute(
        "href", "https://x.com/example/status/77"
    )

    absent.get_by_role("link", name="Settle twitter").first.click(timeout=PATIENCE)
    absent.wait_for_url("**/publications?*")
    sandbox.delete(f"/_sandbox/faults/{blind}")
    absent.get_by_role("button", name="It did not go out").click()
    absent.wait_for_url("**/incidents/was-not-there#message-1")
    expect(outcome(absent, "twitter")).to_contain_text("accepted", timeout=PATIENCE)

    assert [tweets(sandbox, slug) for slug in ("in-was-there", "in-was-not-there")] == [1, 1]
    people.goes_to(there, "/incidents/was-there/timeline")
    expect(there.locator(".timeline")).to_contain_text("noor in the console")
    assert faults == []
    for page in (there, absent):
        page.context.close()
