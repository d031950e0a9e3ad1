"""Notifications on a phone: a browser is added, a push arrives, its link opens, it is acknowledged.

The console is served to a real browser. Headless browsers have no push service, so a stand-in takes
that place: it opens what it is sent as the browser would, and hands it to the page's own worker.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from client.engine import Engine
from client.people import known_people
from client.signing_in import make_link
from client.stack.ports import Ports
from domain.severity import Severity
from settings import Settings
from store.notifications import reading
from surfaces.console.app import served
from tests.fresh_ledger import empty_ledger
from tests.notifying import INCIDENT, House, house
from tests.push_service import Browser
from tests.surfaces.console.houses import House as People
from tests.surfaces.console.people import PHONE, WATCH, chromium, faults_of, find_browser

__all__ = ["empty_ledger"]

pytestmark = pytest.mark.browser

T = TypeVar("T")
SUBSCRIBES = """
PushManager.prototype.subscribe = async function (options) {
  if (!options.userVisibleOnly || options.applicationServerKey.length < 80) throw new Error("no");
  return { toJSON: () => (%s) };
};
"""


class Side:
    """An event loop in a thread of its own: the console, the worker's part, and the stand-in."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)


class HasEngine:
    """What a house of people is made for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine


class Story:
    """One console with its people, and what notifies them."""

    def __init__(self, folder: Path, ledger: Path) -> None:
        self.side = Side()
        self.stack = AsyncExitStack()
        self.side.do(self._begin(folder, ledger))

    async def _begin(self, folder: Path, ledger: Path) -> None:
        shutil.copy(ledger, folder / "frontfoot.db")
        port = Ports.free().console
        self.url = f"http://localhost:{port}"
        settings = Settings(
            state_dir=folder,
            database_url="",
            console_url=self.url,
            outbox_private_networks=True,
        )
        self.engine = Engine(settings)
        People(HasEngine(self.engine), folder).has(
            ada="contact: [{name: browser, kind: web_push}]", ben=""
        )
        database = await self.engine.ledger()
        self.home: House = await self.stack.enter_async_context(house(database, folder / "secrets"))
        self.home.people = list(known_people(self.engine.settings))
        self.home.console_is_at(self.url)
        self.home.clock.now = datetime.now(UTC)
        config = uvicorn.Config(served(self.engine), port=port, log_level="error")
        self.server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self.server.serve())
        while not self.server.started:
            await asyncio.sleep(0.01)

    def end(self) -> None:
        """Let go of everything."""

        async def ending() -> None:
            self.server.should_exit = True
            await self._serving
            await self.stack.aclose()

        self.side.do(ending())
        self.side.loop.call_soon_threadsafe(self.side.loop.stop)


@pytest.fixture
def story(tmp_path: Path, empty_ledger: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{Ports.free().temporal}")
    made = Story(tmp_path, empty_ledger)
    yield made
    made.end()


def test_a_push_arrives_its_link_opens_and_after_signing_in_it_is_acknowledged(
    story: Story,
) -> None:
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    phone = Browser()
    said = {
        "endpoint": f"http://localhost:{story.home.server.port}/phone",
        "keys": {"p256dh": phone.p256dh, "auth": phone.auth},
    }
    with chromium(path) as browser:
        context = browser.new_context(viewport={"width": PHONE, "height": 740}, locale="en-GB")
        context.grant_permissions(["notifications"], origin=story.url)
        page = context.new_page()
        page.add_init_script(WATCH)
        page.add_init_script(SUBSCRIBES % json.dumps(said))
        sign_in(story, page)

        page.get_by_role("link", name="Your notifications").click()
        faults = faults_of(page)
        page.get_by_label("What to call this device").fill("my phone")
        page.get_by_role("button", name="Receive notifications in this browser").click()
        expect(page.get_by_role("button", name="Remove my phone")).to_be_visible()
        expect(page.get_by_text("nothing sent yet")).to_be_visible()
        faults += faults_of(page)

        story.side.do(story.home.notify("ada", severity=Severity.CRITICAL))
        assert story.side.do(story.home.after()) == ["/phone"]
        told = phone.opened(story.home.server.received[-1].body)
        assert told["url"].startswith(f"{story.url}/n/")
        assert shown_by_worker(page, story.url, told) == [told["title"], told["url"]]

        page.get_by_role("button", name="Sign out").click()
        page.goto(told["url"])
        expect(page.get_by_role("heading", name="Sign in to Frontfoot")).to_be_visible()
        sign_in(story, page)
        assert page.url == told["url"]
        expect(page.get_by_role("link", name="Read message 3")).to_be_visible()
        faults += faults_of(page)
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_text("You acknowledged it")).to_be_visible()
        faults += faults_of(page)
        context.close()
    assert faults == []
    (one,) = story.side.do(reading.of_incident(story.home.ledger, INCIDENT))
    assert one.acknowledged_at is not None


def sign_in(story: Story, page: Page) -> None:
    """Ada opens a link and presses her name."""
    page.goto(story.url + story.side.do(make_link(story.engine)))
    page.locator("button[value=ada]").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def shown_by_worker(page: Page, origin: str, told: dict[str, Any]) -> list[str]:
    """What the browser shows of a push: title and link, as its own worker put them there."""
    cdp = page.context.new_cdp_session(page)
    found: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    cdp.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.getRegistrations().then((all) => all.length)")
    while not found:
        page.wait_for_timeout(20)
    cdp.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": origin, "registrationId": found[0], "data": json.dumps(told)},
    )
    shown: list[str] = page.evaluate(
        """async () => {
          const [registration] = await navigator.serviceWorker.getRegistrations();
          for (;;) {
            const [one] = await registration.getNotifications();
            if (one) return [one.title, one.data];
            await new Promise((done) => setTimeout(done, 20));
          }
        }"""
    )
    return shown
