"""The pages for subscribers in a real browser: for everybody, and not for mail scanners."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Locator, Page

from domain.page_entry import PagePlan
from domain.playbook_files import parse_playbook
from settings import HERE
from store.files.playbook_folder import read_playbook
from store.kernel.database import Database
from store.people import sign_ups, subscriber_list, subscribers
from store.people.subscribers import SubscriptionState
from store.record import incidents
from store.recovery import snapshots
from tests.browser import browser
from tests.fresh_ledger import empty_ledger
from tests.surfaces.public.running import Running, running

__all__ = ["browser", "empty_ledger"]

pytestmark = pytest.mark.browser

COMPONENTS = ("Posting to social networks", "Sign-in", "API")
LONG = "a-very-long-name-of-somebody-who-really-has-one@customers.of.example.com"
ASKED = "n" * 22
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (one) => refused.push(one.blockedURI));
"""


@pytest.fixture
def served(empty_ledger: Path, tmp_path: Path) -> Iterator[Running]:
    """The pages, after an incident whose playbook names components."""

    async def open_one(db: Database) -> None:
        plan = parse_playbook(read_playbook(HERE / "playbooks" / "site-compromised"))
        named = PagePlan.model_validate({"components": [{"name": one} for one in COMPONENTS]})
        now = datetime.now(UTC)
        await incidents.register(db, "down", "Down", "plan", (), now, "run")
        await snapshots.keep_plan(
            db, "down", plan.model_copy(update={"page": named}).model_dump_json()
        )

    with running(empty_ledger, tmp_path) as served:
        served.do(open_one)
        yield served


def asked(served: Running, address: str = LONG, nonce: str = ASKED) -> str:
    """Somebody has asked; returns the link that their mail has."""
    served.do(lambda db: sign_ups.ask(db, address, ["API"], nonce, datetime.now(UTC)))
    return served.links.to_confirm(nonce)


def subscribed(served: Running) -> int:
    """Somebody has confirmed; returns their number."""
    asked(served)
    return served.do(lambda db: sign_ups.confirm(db, ASKED, datetime.now(UTC)))


def opened(browser: Browser, url: str, width: int = 360, scheme: str = "light") -> Page:
    viewport = {"width": width, "height": 740}
    page = browser.new_context(viewport=viewport, color_scheme=scheme).new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    return page


def confirmed(served: Running) -> int:
    """How many people are subscribed."""
    return served.do(subscriber_list.counts).confirmed


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_read_and_use_every_page(
    browser: Browser, served: Running, width: int, scheme: str
) -> None:
    links = served.links.to_each([subscribed(served)])
    waiting = asked(served, "cy@example.com", "o" * 22)
    form = f"{served.url}/subscribe/"
    for url in (form, waiting, links.manage[0], links.unsubscribe[0], f"{form}confirm/cut-off"):
        page = opened(browser, url, width, scheme)
        for details in page.locator("summary").all():
            details.click()
        page.evaluate(AXE_SCRIPT)
        found = page.evaluate("axe.run().then((all) => [all.passes.length, all.violations])")
        assert found[0] > 5
        assert [(one["id"], one["nodes"][0]["html"]) for one in found[1]] == [], url
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
        assert page.evaluate("window.refused") == [], url
        assert page.locator("h1").count() == 1
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is not None
            # A thumb has to hit it.
            assert min(box["width"], box["height"]) >= 40
        page.context.close()


def test_a_person_signs_up_confirms_chooses_and_leaves(browser: Browser, served: Running) -> None:
    page = opened(browser, f"{served.url}/subscribe/")
    page.get_by_label("E-mail address").fill("ann@example.com")
    page.get_by_label("Sign-in").uncheck()
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("heading", name="Look into your mailbox").is_visible()

    page.goto(asked(served, "ann@example.com"))
    page.get_by_label("Yes, send me these e-mails").check()
    page.get_by_role("button", name="Confirm").click()
    assert page.get_by_role("heading", name="You are subscribed").is_visible()
    assert confirmed(served) == 1

    page.get_by_role("link", name="Choose what you are told about").click()
    assert page.get_by_label("API").is_checked()
    page.get_by_label("Sign-in").check()
    page.get_by_role("button", name="Save").click()
    assert page.locator("dd", has_text="API, Sign-in").is_visible()
    page.get_by_role("button", name="Unsubscribe").click()
    assert page.get_by_role("heading", name="You are unsubscribed").is_visible()
    assert confirmed(served) == 0
    page.context.close()


def press_everything(browser: Browser, url: str) -> list[str]:
    """What a mail scanner with a browser may do: open a link, and press each button there is.

    Twice, the second time with the browser's own checks of the form taken away.
    """
    page = opened(browser, url)
    names = [button.inner_text() for button in buttons_of(page)]
    page.context.close()
    for name in names:
        page = opened(browser, url)
        for _ in range(2):
            for button in buttons_of(page):
                if button.inner_text() == name:
                    button.click()
                    page.wait_for_load_state()
                    break
            for form in page.locator("form").all():
                form.evaluate("(form) => form.noValidate = true")
        page.context.close()
    return names


def buttons_of(page: Page) -> list[Locator]:
    """Every button, those in what has to be unfolded included."""
    for details in page.locator("details:not([open]) > summary").all():
        details.click()
    return page.get_by_role("button").all()


def test_a_scanner_that_presses_every_button_subscribes_nobody(
    browser: Browser, served: Running
) -> None:
    link = asked(served)

    assert press_everything(browser, link) == ["Confirm"]
    assert (confirmed(served), served.do(subscriber_list.counts).waiting) == (0, 1)

    page = opened(browser, link)
    page.get_by_label("Yes, send me these e-mails").check()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="You are subscribed").wait_for()
    assert confirmed(served) == 1
    page.context.close()


def test_a_scanner_deletes_nothing_and_at_most_stops_the_mail(
    browser: Browser, served: Running
) -> None:
    """One press has to be enough to unsubscribe, for people as for mail programs."""
    one = subscribed(served)
    pressed = press_everything(browser, served.links.to_each([one]).manage[0])
    assert pressed == ["Save", "Unsubscribe", "Delete everything"]

    known = served.do(lambda db: subscribers.get(db, one))
    assert (known.address, known.state) == (LONG, SubscriptionState.UNSUBSCRIBED)
    assert known.components == ("API",)


def test_what_was_typed_stays_when_it_has_to_be_mended(browser: Browser, served: Running) -> None:
    page = opened(browser, f"{served.url}/subscribe/")
    page.locator("form").evaluate("(form) => form.noValidate = true")
    page.get_by_label("E-mail address").fill("ann(at)example.com")
    page.get_by_label("Sign-in").uncheck()
    page.get_by_role("button", name="Subscribe").click()

    assert page.get_by_role("alert").is_visible()
    assert page.get_by_label("E-mail address").input_value() == "ann(at)example.com"
    assert not page.get_by_label("Sign-in").is_checked()
    page.context.close()
