"""The desk in a browser: keys, a draft that is kept while typing, and news that move nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Page, expect

from domain.mentions import Mention
from store.desk import entering, reading
from store.desk.reading import Which
from store.kernel.database import Database
from tests.store.desk.said import mention
from tests.surfaces.console.people import People, chromium, faults_of, find_browser
from tests.terminal import Up

AUTHOR = {"id": "desk-9", "handle": "desk_ann", "name": "Ann"}
QUEUE = "/desk?author=desk_ann"


@pytest.fixture(scope="module")
def people(up: Up) -> Iterator[People]:
    """People with browsers."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    with chromium(path) as browser:
        yield People(up, browser)


def said(people: People, first: int, last: int) -> int:
    """Ann says something so often; the number of the newest mention."""

    async def enter() -> int:
        database = Database.open(f"sqlite:///{people.up.folder / '.frontfoot' / 'frontfoot.db'}")
        await entering.enter(database, [_one(n) for n in range(first, last + 1)], now)
        rows = await reading.listed(database, Which(author="desk_ann"), 1)
        await database.close()
        return rows[0].number

    now = datetime.now(UTC)
    # Playwright has a loop of its own in this thread.
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(lambda: asyncio.run(enter())).result()


def _one(number: int) -> Mention:
    return mention(f"desk-{number}", f"why? {number}", author=AUTHOR, at=datetime.now(UTC))


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('href') ?? ''"))


def test_the_desk_by_keys_and_while_something_new_comes(people: People) -> None:
    said(people, 1, 30)
    maya = people.enter("maya")
    people.goes_to(maya, QUEUE)
    rows = maya.locator("[data-mention]")
    expect(rows).to_have_count(30)
    assert faults_of(maya) == []

    maya.keyboard.press("j")
    first = focused(maya)
    maya.keyboard.press("j")
    second = focused(maya)
    assert first != second
    maya.keyboard.press("k")
    assert focused(maya) == first
    maya.keyboard.press("d")
    expect(rows.first.get_by_role("checkbox")).to_be_checked()

    maya.locator("[data-mention]").nth(20).scroll_into_view_if_needed()
    at, text = maya.evaluate("scrollY"), rows.nth(20).inner_text()
    top = rows.nth(20).bounding_box()
    said(people, 31, 33)
    expect(maya.get_by_role("link", name="3 new")).to_be_attached()
    assert (rows.count(), rows.nth(20).inner_text()) == (30, text)
    assert rows.nth(20).bounding_box() == top
    assert at == maya.evaluate("scrollY")
    # What was chosen is still chosen.
    expect(rows.first.get_by_role("checkbox")).to_be_checked()
    maya.get_by_role("link", name="3 new").click()
    expect(rows).to_have_count(33)
    maya.keyboard.press("/")
    assert maya.evaluate("document.activeElement.id") == "author"
    # A letter in a field is a letter.
    maya.keyboard.press("c")
    expect(maya.get_by_label("Author")).to_have_value("c")


def test_a_draft_is_kept_while_somebody_types(people: People) -> None:
    newest = said(people, 40, 40)
    maya, noor = people.enter("maya"), people.enter("noor")
    people.goes_to(maya, QUEUE)
    maya.keyboard.press("j")
    maya.keyboard.press("c")
    maya.wait_for_url(f"**/desk/{newest}")
    maya.get_by_label("Draft of a reply").press_sequentially("We are on it")
    expect(maya.locator("#kept")).to_contain_text("Kept at")
    people.goes_to(noor, f"/desk/{newest}")
    expect(noor.get_by_text("We are on it")).to_be_visible()
    expect(noor.get_by_role("heading", name="maya is at it")).to_be_visible()
    assert faults_of(maya) == []
    maya.get_by_role("button", name="Release it").click()
    noor.reload()
    noor.keyboard.press("c")
    expect(noor.get_by_label("Draft of a reply")).to_have_value("We are on it")


def test_of_two_who_answer_one_gets_it_and_it_is_answered_on_the_platform(people: People) -> None:
    slug = "answered-from-the-desk"
    people.types(f"open {slug} --title Spam --as maya")
    people.types(f"facts {slug} --set scope=some-accounts --as maya")
    people.types(f"propose {slug} reply_rules --as maya")
    digest = json.loads(people.types(f"status {slug} --json"))["messages"][0]["digest"]
    people.types(f"approve {slug} 1 --digest {digest[:12]} --as noor")
    addresses = people.up.stack()["addresses"]
    sandbox = addresses["sandbox"]
    order = {"provider": "twitter", "count": 2, "texts": ["am I safe? 77ab"]}
    made = httpx.post(f"{sandbox}/_sandbox/crowd", json=order).raise_for_status().json()["ids"]
    # By webhook: the next reading may be a minute away.
    telling = {"provider": "twitter", "url": f"{addresses['webhooks']}/mentions/twitter"}
    httpx.post(f"{sandbox}/_sandbox/tell", json=telling | {"ids": made}).raise_for_status()
    first, second = on_the_desk(people, slug, "open")

    sam, dana = people.enter("sam"), people.enter("dana")
    for page in (sam, dana):
        people.goes_to(page, f"/desk/{first}")
    assert faults_of(sam) == []
    sam.get_by_role("radio", name="Thanks, and good luck").check()
    sam.get_by_role("button", name="Send the chosen one").click()
    expect(sam.get_by_role("heading", name="Our reply")).to_be_visible()
    dana.get_by_label("In your own words").fill("We are on it, and it is going well.")
    dana.get_by_role("button", name="Send these words").click()
    expect(dana.get_by_role("alert")).to_contain_text("already, by sam")

    # Words with a risk need somebody else, who finds them in the list.
    people.goes_to(sam, f"/desk/{second}")
    sam.get_by_label("In your own words").fill("We will see about a refund.")
    sam.get_by_role("button", name="Send these words").click()
    expect(sam.get_by_text("waits for a second person")).to_be_visible()
    people.goes_to(dana, "/desk/replies")
    assert faults_of(dana) == []
    dana.get_by_role("button", name="Agree: send it").click()
    dana.wait_for_url(f"**/desk/{second}")
    expect(dana.get_by_text("agreed to by dana")).to_be_visible()

    assert on_the_desk(people, slug, "answered") == [first, second]
    dana.reload()
    expect(dana.get_by_role("link", name="See it where it was published")).to_be_visible()
    assert faults_of(dana) == []
    books = httpx.get(f"{sandbox}/_sandbox/books/replies").json()["mentions"]
    assert sorted(one["replies"] for one in books)[-2:] == [1, 1]


def on_the_desk(people: People, slug: str, state: str, many: int = 2) -> list[int]:
    """The numbers of an incident's mentions in a state, once there are so many."""
    deadline = time.monotonic() + 150
    line = f"desk list --incident {slug} --state {state} --json"
    while True:
        found = json.loads(people.types(line))["mentions"]
        if len(found) >= many:
            return sorted(one["number"] for one in found)
        assert time.monotonic() < deadline, found
        time.sleep(1)
