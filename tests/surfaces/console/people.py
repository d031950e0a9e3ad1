"""People with browsers of their own, in front of the console of a running stack."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.quick_process import run
from tests.terminal import Up

WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (one) => refused.push(one.blockedURI));
"""
PHONE, DESK = 360, 1280
OF_COLOURS = "{runOnly: ['color-contrast', 'link-in-text-block']}"
"""The rules of axe whose answer depends on the colours; the others know no light and no dark."""
PATIENCE = 120_000
"""Milliseconds until something that should be on a page counts as missing."""


def find_browser() -> str | None:
    """The path of a browser of this machine."""
    names = (os.environ.get("FRONTFOOT_TEST_BROWSER", ""), "chromium", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A browser, for as long as this lasts."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Authenticator:
    """The browser's own stand-in for a phone's fingerprint reader, for one page."""

    def __init__(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable")
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self._id = {"authenticatorId": made["authenticatorId"]}

    def recognises(self, its_owner: bool) -> None:
        """Whether whoever touches it passes for its owner."""
        self._cdp.send("WebAuthn.setUserVerified", {**self._id, "isUserVerified": its_owner})


class People:
    """Everybody who signs in to one stack."""

    def __init__(self, up: Up, browser: Browser) -> None:
        self.up = up
        self.browser = browser
        self.url = f"http://localhost:{up.ports.console}"

    def types(self, line: str) -> str:
        """Somebody types a command in the folder of the stack; what it printed."""
        code, said, errors = run(line.split(), self.up.folder, self.up.environment())
        assert code == 0, errors
        return said.strip()

    def enter(self, person: str, **options: Any) -> Page:
        """The page of somebody who has opened a link and pressed their name."""
        options = {"viewport": {"width": PHONE, "height": 740}, "locale": "en-GB"} | options
        page = self.browser.new_context(**options).new_page()
        page.set_default_timeout(PATIENCE)
        page.add_init_script(WATCH)
        page.goto(self.types("sign-in"))
        page.locator(f"button[value={person}]").click()
        page.wait_for_url(f"{self.url}/")
        return page

    def goes_to(self, page: Page, path: str) -> None:
        """Somebody types an address."""
        page.goto(f"{self.url}{path}")


def faults_of(page: Page) -> list[str]:
    """What somebody could not read or use on this page, at two widths, in light and in dark."""
    found: list[str] = []
    page.evaluate(AXE_SCRIPT)
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 740})
        for scheme, rules in (("light", "{}"), ("dark", OF_COLOURS)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for one in page.evaluate(f"axe.run({rules}).then((all) => all.violations)"):
                where = one["nodes"][0]["html"][:120]
                found.append(f"{page.url} {width} {scheme}: {one['id']}: {where}")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} {width}: wider than the screen")
    page.set_viewport_size({"width": PHONE, "height": 740})
    page.emulate_media(color_scheme="light")
    if page.evaluate("window.refused ?? []"):
        found.append(f"{page.url}: the policy refused {page.evaluate('refused')}")
    return found
