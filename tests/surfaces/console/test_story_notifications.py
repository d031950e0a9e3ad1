"""A decision at night, on a phone: a push arrives, its link opens, a passkey signs in, and signs.

The whole of it runs. Headless browsers have no push service, so a stand-in takes that place: it
opens what it is sent as the browser would, and hands it to the page's own worker.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from store.kernel.database import Database
from store.people import credentials
from store.tables import push_subscriptions
from tests.endpoint import EndpointServer, serving
from tests.push_service import Browser
from tests.surfaces.console.people import Authenticator, People, chromium, faults_of, find_browser
from tests.terminal import ROOT, Up

pytestmark = [pytest.mark.browser, pytest.mark.whole]

SLUG = "push-story"
SUBSCRIBES = """
PushManager.prototype.subscribe = async function (options) {
  if (!options.userVisibleOnly || options.applicationServerKey.length < 80) throw new Error("no");
  return { toJSON: () => (%s) };
};
"""


class PushService:
    """Takes what is pushed to one browser, in a thread of its own."""

    def __init__(self) -> None:
        self.browser = Browser()
        self.server = EndpointServer()
        self.server.always(201)
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._stack.enter_async_context(serving(self.server)))

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    @property
    def subscription(self) -> str:
        """What a browser says of itself once it is subscribed."""
        keys = {"p256dh": self.browser.p256dh, "auth": self.browser.auth}
        return json.dumps({"endpoint": f"http://localhost:{self.server.port}/phone", "keys": keys})

    def told(self) -> list[dict[str, Any]]:
        """What the browser makes of each push."""
        return [self.browser.opened(one.body) for one in self.server.received]

    def close(self) -> None:
        """Let go of everything."""
        self._do(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def service() -> Iterator[PushService]:
    made = PushService()
    yield made
    made.close()


@pytest.fixture
def people(up: Up) -> Iterator[People]:
    """People with browsers, and a plan by which noor alone signs, with a passkey."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    plan = up.folder / "founders" / "founder-signs"
    shutil.copytree(ROOT / "playbooks" / "site-compromised", plan)
    shutil.copy(ROOT / "playbooks" / "people.yaml", plan.parent)
    content = yaml.safe_load((plan / "playbook.yaml").read_text())
    content["messages"]["announcement"]["gate"] = {"roles": ["founder"], "requires": "passkey"}
    (plan / "playbook.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    (up.folder / "night.csv").write_text("email\nquill@push.feather.example\n")
    with chromium(path) as browser:
        people = People(up, browser)
        people.types("audience import night.csv --name night")
        yield people
    asyncio.run(leave_as_it_was(up))


def test_a_push_arrives_its_link_opens_and_a_passkey_signs_in_and_signs(
    people: People, service: PushService
) -> None:
    page = people.enter("noor")
    page.context.grant_permissions(["notifications"], origin=people.url)
    page.add_init_script(SUBSCRIBES % service.subscription)
    Authenticator(page)
    page.get_by_role("link", name="(your passkeys)").click()
    page.get_by_label("Its name").fill("phone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("not used yet")).to_be_visible()
    people.goes_to(page, "/notifications")
    faults = manifest_faults(page) + faults_of(page)
    page.get_by_label("What to call this device").fill("my phone")
    page.get_by_role("button", name="Receive notifications in this browser").click()
    expect(page.get_by_role("button", name="Remove my phone")).to_be_visible()
    faults += faults_of(page)
    page.get_by_role("button", name="Sign out").click()

    plan = people.up.folder / "founders" / "founder-signs"
    people.types(
        f"open {SLUG} --title Down --severity 1 --playbook {plan} --audience night --as maya"
    )
    people.types(f"propose {SLUG} announcement --next-update-by 45m --as maya")
    people.up.wait_until(lambda: service.server.received)
    told = service.told()[0]
    assert told["title"] == f"Your decision is needed: {SLUG}"
    assert shown_by_worker(page, people.url, told) == [told["title"], told["url"]]

    page.goto(told["url"])
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(told["url"])
    faults += faults_of(page)
    page.get_by_role("link", name="Read message 1").click()
    expect(page.get_by_role("heading", name="Sign", exact=True)).to_be_visible()
    digest = page.locator(".digest").inner_text()
    page.get_by_role("button", name=f"Approve {digest}").click()
    page.wait_for_url(f"**/incidents/{SLUG}#message-1")
    expect(page.locator("#message-1")).to_contain_text("is out")
    # Who was asked about it can be seen, and that it is over.
    page.reload()
    notified = page.get_by_role("region", name="Who was notified")
    expect(notified).to_contain_text("approved by noor")
    expect(notified).to_contain_text("browser")
    faults += faults_of(page)
    page.goto(told["url"])
    expect(page.get_by_text("Approved by noor")).to_be_visible()
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    faults += faults_of(page)
    # Whoever has signed is told nothing more; before, it may come twice rather than not at all.
    before = service.told()
    page.wait_for_timeout(3_000)
    assert service.told() == before
    assert {(one["title"], one["url"]) for one in before} == {(told["title"], told["url"])}
    assert faults == []


async def leave_as_it_was(up: Up) -> None:
    """Other stories share this stack, and in them noor has neither a passkey nor a browser.

    Not by the pages: they are wherever the test has failed.
    """
    ledger = Database.open(f"sqlite:///{up.folder / '.frontfoot' / 'frontfoot.db'}")
    await credentials.remove_all_of(ledger, "noor", "maya", datetime.now(UTC))
    async with ledger.write() as connection:
        await connection.execute(delete(push_subscriptions))
    await ledger.close()


def manifest_faults(page: Page) -> list[str]:
    """What keeps a browser from putting the console on a home screen."""
    found = page.context.new_cdp_session(page).send("Page.getAppManifest")
    icons = json.loads(found["data"])["icons"] if found.get("data") else []
    return [one["message"] for one in found["errors"]] + ([] if icons else ["no icons"])


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
