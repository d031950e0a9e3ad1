"""The page in a real browser: readable by everybody, at any width, and honest about its age."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route

from channels.website.site import compose
from domain.status_page import article_path, incident_path
from tests.browser import browser
from tests.channels.website.serving import Served, serving
from tests.channels.website.world import busy, past, quiet, spam
from tests.npm import unpacked

__all__ = ["browser"]

pytestmark = pytest.mark.browser

WIDGET = "@statuspage/status-widget@1.0.5"
WIDGET_SHA256 = "34b6aceae710d9cd3fd62cfb61cf14d218744252422e9673b542981d9b4c812c"
PAGES = (
    "",
    incident_path(spam().id),
    incident_path(past()[0].id),
    article_path(past()[0].newest.id),
    "history/",
    "no/such/page",
)
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (one) => refused.push(one.blockedURI));
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    """A page in the middle of an incident, below a path."""
    with serving(lambda url: compose(busy(url=url), subscribe=True), "/status/") as served:
        yield served


def opened(browser: Browser, url: str, **options: Any) -> Page:
    """A page as somebody sees it a moment after it was generated."""
    options = {"viewport": {"width": 360, "height": 740}, "locale": "en-GB"} | options
    page = browser.new_context(**options).new_page()
    page.clock.install(time="2026-11-28T14:06:00Z")
    page.add_init_script(WATCH)
    page.route("https://**", lambda route: Route.abort(route))
    page.goto(url)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_read_every_page(
    browser: Browser, site: Served, width: int, scheme: str
) -> None:
    for path in PAGES:
        page = opened(
            browser,
            site.url + path,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
        )
        page.evaluate(AXE_SCRIPT)
        found = page.evaluate("axe.run().then((all) => [all.passes.length, all.violations])")
        assert found[0] > 10
        assert [(one["id"], one["nodes"][0]["html"]) for one in found[1]] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate("window.refused") == [], path
        page.context.close()


def test_without_script_the_state_has_its_time(browser: Browser, site: Served) -> None:
    page = opened(browser, site.url, java_script_enabled=False)
    banner = page.locator(".state")
    assert "Critical problem" in banner.inner_text()
    assert "As of 14:05 UTC, 28 November 2026" in banner.inner_text()
    assert page.locator(".updates > li").count() == 4
    page.context.close()


def test_local_times_are_beside_utc(browser: Browser, site: Served) -> None:
    page = opened(browser, site.url, timezone_id="Asia/Kolkata")
    assert "As of 14:05 UTC (19:35 your time)" in page.locator(".state .as-of").inner_text()
    page.context.close()


def test_a_page_that_nobody_refreshes_loses_its_green(browser: Browser) -> None:
    with serving(lambda url: compose(quiet(url=url))) as served:
        page = opened(browser, served.url, timezone_id="UTC")
        assert page.locator("h2[data-word]").inner_text() == "All systems operational"
        page.clock.run_for(5 * 60 * 1000)
        banner = page.locator(".state")
        banner.locator(".stale").wait_for()
        assert "Current state unknown" in banner.inner_text()
        assert "Not refreshed since 14:05 UTC." in banner.inner_text()
        assert "All systems operational" not in page.locator("body").inner_text()
        page.context.close()


def test_a_problem_stays_in_sight_on_an_old_page(browser: Browser, site: Served) -> None:
    page = opened(browser, site.url)
    page.clock.run_for(6 * 60 * 1000)
    page.locator(".state .stale").wait_for()
    assert "Critical problem" in page.locator(".state").inner_text()
    page.context.close()


def test_a_new_snapshot_with_news_is_offered_and_one_without_confirms(browser: Browser) -> None:
    with serving(lambda url: compose(quiet(url=url))) as served:
        page = opened(browser, served.url, timezone_id="UTC")
        minute_later = quiet().generated_at.replace(minute=6)
        served.show(compose(quiet(url=served.url, number=4, generated_at=minute_later)))
        page.clock.run_for(31_000)
        page.get_by_text("As of 14:06 UTC").wait_for()
        assert not page.get_by_text("There is something new.").is_visible()
        served.show(compose(busy(url=served.url, number=5)))
        page.clock.run_for(31_000)
        page.get_by_text("There is something new.").wait_for()
        page.get_by_role("link", name="Show the newest page").click()
        page.get_by_role("heading", name="Critical problem").wait_for()
        page.context.close()


def test_print_shows_the_state_and_no_buttons(browser: Browser, site: Served) -> None:
    page = opened(browser, site.url, viewport={"width": 794, "height": 1100})
    page.emulate_media(media="print")
    assert page.locator("h2[data-word]").is_visible()
    assert not page.get_by_role("link", name="Get updates by e-mail").first.is_visible()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    page.context.close()


@pytest.fixture(scope="module")
def widget() -> Path:
    """The script of the status widget."""
    return unpacked(WIDGET, WIDGET_SHA256) / "dist" / "index.js"


def test_the_status_widget_shows_the_state(browser: Browser, widget: Path) -> None:
    with serving(lambda url: compose(busy(url=url))) as served:
        page = browser.new_context().new_page()
        address = served.url.rstrip("/")
        page.set_content(f"<statuspage-widget src='{address}'>Status</statuspage-widget>")
        with page.expect_response("**/api/v2/summary.json"):
            page.add_script_tag(path=str(widget))
        page.get_by_text("Critical problem").wait_for(timeout=5_000)
        page.context.close()
