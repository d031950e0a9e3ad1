"""Pictures of every page at both sizes: ``python -m tests.surfaces.console.pictures``.

Plays one response on a stack of its own, and writes ``docs/pictures/console/PAGE-WIDTH.png``.
"""

from __future__ import annotations

import csv
import os
import re
import sqlite3
import sys
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Page

from tests.surfaces.console.people import DESK, PHONE, Authenticator, People, chromium, find_browser
from tests.terminal import ROOT, Up

FOLDER = ROOT / "docs" / "pictures" / "console"
SLUG = "sign-in-down"
RECIPIENTS = 40_000
MEMBERS = 400_000
FACTS = {
    "summary": "Sign-in fails for everybody",
    "what_happened": "Since 13:00 UTC nobody can sign in.",
    "scope": "Everybody who signs in; whoever is signed in can go on",
    "doing": "we are restoring the database of accounts",
}
SAID = (
    "is this you? something odd was posted from my account",
    "are my passwords safe? And why do I hear it from the newspaper first",
    "\u00bfmis contrase\u00f1as est\u00e1n a salvo?",
    "=HYPERLINK(1) <script>alert(1)</script> \x1b[2J \u202eturned around",
    "thanks for telling us so fast",
)
DRAFT = "Your password is safe: it was not stored with the tokens. More at status.example."
TALL = 1_800
"""Pixels. What is below is cut off: a picture is for the first impression."""


def main() -> int:
    """Take them all; return an exit code."""
    path = find_browser()
    if path is None:
        print("There is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER.")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        up = Up(Path(folder))
        try:
            up.start()
            with chromium(path) as browser:
                play(People(up, browser))
        finally:
            up.tidy()
    return 0


def play(people: People) -> None:
    """One response, with a picture of each page on the way."""
    with (people.up.folder / "customers.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["email"])
        rows.writerows([f"customer{n}@pictures.example"] for n in range(RECIPIENTS))
    people.types("audience import customers.csv --name customers")
    stranger = people.browser.new_page()
    people.goes_to(stranger, "/")
    take(stranger, "sign-in")
    stranger.goto(people.types("sign-in"))
    take(stranger, "who-are-you")

    maya = people.enter("maya")
    bring(people, maya)
    people.goes_to(maya, "/open")
    maya.get_by_label("What happened").fill("Sign-in is down")
    maya.get_by_label("A short name").fill(SLUG)
    maya.get_by_label("customers, 40,000 recipients").check()
    take(maya, "open")
    maya.get_by_role("button", name="Open the incident").click()
    people.goes_to(maya, f"/incidents/{SLUG}/facts")
    for name, text in FACTS.items():
        maya.locator(f"#fact-{name}").fill(text)
    take(maya, "facts")
    maya.get_by_role("button", name="Record").click()
    people.goes_to(maya, f"/incidents/{SLUG}/propose?kind=announcement")
    maya.get_by_label("Promise the next update by").fill("45m")
    maya.get_by_label("Web app").select_option("major_outage")
    maya.locator("#preview .copy").first.wait_for()
    take(maya, "propose")
    maya.get_by_role("button", name="Propose").click()
    maya.wait_for_url("**/sign")

    noor = people.enter("noor")
    take(noor, "home")
    Authenticator(noor)
    people.goes_to(noor, "/passkeys")
    noor.get_by_label("Its name").fill("Phone")
    noor.get_by_role("button", name="Add a passkey").click()
    noor.get_by_text("not used yet").wait_for()
    take(noor, "passkeys")
    noor.get_by_role("link", name="Remove Phone").click()
    take(noor, "remove-passkey")
    people.goes_to(noor, f"/incidents/{SLUG}/messages/1/sign")
    take(noor, "sign")
    take(maya, "cannot-sign")
    noor.locator("summary", has_text="Reject").click()
    noor.get_by_role("button", name="Reject").click()
    noor.get_by_role("alert").wait_for()
    take(noor, "refused")
    # As slow as a provider: a picture of something under way needs some seconds.
    sandbox = people.up.stack()["addresses"]["sandbox"]
    slow = {"provider": "sendgrid", "operation": "send", "kind": "latency", "seconds": 4}
    httpx.post(f"{sandbox}/_sandbox/faults", json=slow, timeout=60).raise_for_status()
    noor.get_by_role("button", name="Approve").click()
    noor.wait_for_url("**/incidents/*")
    noor.locator("progress").wait_for()
    noor.get_by_text("per second").wait_for()
    take(noor, "incident")
    for name in ("mail", "withdraw"):
        people.goes_to(maya, f"/incidents/{SLUG}/messages/1/{name}")
        take(maya, name)
    for name in ("timeline", "close"):
        people.goes_to(maya, f"/incidents/{SLUG}/{name}")
        take(maya, name)
    listen(people, maya)
    steer(people, maya)
    administrate(people)


def listen(people: People, maya: Page) -> None:
    """What strangers say: the queue, and one of them claimed, with a draft."""
    crowd = {"provider": "twitter", "count": 60, "texts": SAID}
    sandbox = people.up.stack()["addresses"]["sandbox"]
    httpx.post(f"{sandbox}/_sandbox/crowd", json=crowd, timeout=60).raise_for_status()
    people.goes_to(maya, "/desk")
    maya.get_by_role("link", name=re.compile("new$")).click(timeout=180_000)
    maya.locator("[data-mention]").first.wait_for()
    take(maya, "desk")
    maya.locator("[data-mention] .place > a").nth(1).click()
    maya.get_by_role("button", name="Claim it").click()
    maya.get_by_label("Draft of a reply").fill(DRAFT)
    maya.get_by_role("button", name="Keep the draft").click()
    maya.get_by_text("You are at it").wait_for()
    take(maya, "mention")


def bring(people: People, maya: Page) -> None:
    """Files that people bring: a large list under way, and one with rows that cannot be used."""
    (people.up.folder / "spring.csv").write_text(
        "code\n" + "".join(f"SPRING-{n}\n" for n in range(1_000, 3_000))
    )
    people.types("codes import spring.csv --pool spring")
    (people.up.folder / "left.csv").write_text(
        "email\n" + "".join(f"left{n}@pictures.example\n" for n in range(120))
    )
    people.types("suppressions import left.csv --as maya")
    large, mixed = people.up.folder / "members.csv", people.up.folder / "partners.csv"
    large.write_text(
        "email,first name,plan\n"
        + "".join(f"member{n}@pictures.example,Ann,yearly\n" for n in range(MEMBERS))
    )
    mixed.write_text(
        "email,first name,plan\n"
        + "".join(f"partner{n}@pictures.example,Kim,team\n" for n in range(1_200))
        + "partner at pictures.example,Joe,team\npartner7@pictures.example,Kim,team\n"
        + "x@localhost,Ann,team,what is this\nsomebody,Lee,team\n"
    )
    people.goes_to(maya, "/files/import?kind=audience")
    take(maya, "import-file")
    for file, name in ((mixed, "partners"), (large, "members")):
        people.goes_to(maya, "/files/import?kind=audience")
        maya.get_by_label("Name of the audience").fill(name)
        maya.get_by_label("CSV file").set_input_files(file)
        maya.get_by_role("button", name="Import the file").click()
        maya.wait_for_url("**/files/imports/*")
        maya.get_by_text(re.compile("cannot be used|per second")).wait_for()
        take(maya, "imported" if file == mixed else "importing")
    people.goes_to(maya, "/files")
    take(maya, "files")
    people.goes_to(maya, "/files/audiences/partners")
    take(maya, "audience")


def steer(people: People, maya: Page) -> None:
    """Everything is stopped; one person is looked up; the record as it is then."""
    people.goes_to(maya, f"/incidents/{SLUG}/stop")
    take(maya, "stop")
    maya.get_by_label("Why?").fill("The time in the mail is wrong")
    maya.get_by_role("button", name="Stop everything").click()
    maya.wait_for_url(f"**/incidents/{SLUG}")
    maya.get_by_text("Everything was stopped").first.wait_for()
    take(maya, "stopped")
    people.goes_to(maya, f"/incidents/{SLUG}/recipient")
    maya.get_by_label("Their e-mail address").fill("customer7@pictures.example")
    maya.get_by_role("button", name="Look it up").click()
    maya.locator(".timeline").wait_for()
    take(maya, "recipient")
    people.goes_to(maya, f"/incidents/{SLUG}/messages/1/tests")
    take(maya, "tests")
    people.goes_to(maya, "/readiness")
    take(maya, "readiness")
    people.goes_to(maya, "/people")
    take(maya, "people")
    people.goes_to(maya, "/people/calendar?zone=Asia/Kolkata")
    take(maya, "on-call")
    people.goes_to(maya, f"/incidents/{SLUG}/files")
    take(maya, "take-files")
    people.goes_to(maya, f"/incidents/{SLUG}/record")
    take(maya, "record")
    people.goes_to(maya, "/")
    take(maya, "home-stopped")
    words = "We have restored half of the accounts. Nobody has to do anything."
    for page, text in (("propose?kind=progress_update", words), ("", words.replace("half", "all"))):
        people.goes_to(maya, f"/incidents/{SLUG}/{page or 'messages/2/revise'}")
        maya.get_by_label("My own words").check()
        maya.get_by_label("Text for every channel").fill(text)
        maya.get_by_role("button", name="Revise" if not page else "Propose").click()
        maya.wait_for_url("**/messages/2/sign")
    maya.locator(".changes").first.wait_for()
    take(maya, "revised")


def administrate(people: People) -> None:
    """Lee has used a recovery code, Sam's new passkey waits, and Ines looks after both."""
    lee = people.enter("lee")
    people.goes_to(lee, "/recovery-codes")
    lee.get_by_role("button", name="Make 10 new codes").click()
    take(lee, "recovery-codes")
    code = lee.locator(".codes code").first.inner_text()
    lee.get_by_role("button", name="Sign out").click()
    lee.locator("summary", has_text="Have you lost your phone").click()
    lee.get_by_label("One of your codes").fill(code)
    lee.get_by_role("button", name="Sign in with a code").click()
    sam = people.enter("sam")
    Authenticator(sam)
    people.goes_to(sam, "/passkeys")
    sam.get_by_label("Its name").fill("Phone")
    sam.get_by_role("button", name="Add a passkey").click()
    sam.get_by_text("not used yet").wait_for()
    # As it would where accounts are live.
    with sqlite3.connect(people.up.folder / ".frontfoot" / "frontfoot.db") as ledger:
        ledger.execute("UPDATE credentials SET confirmed_at = NULL WHERE person = 'sam'")
    people.goes_to(sam, "/passkeys")
    take(sam, "passkey-waits")
    people.goes_to(sam, "/administration")
    take(sam, "may-not")
    ines = people.enter("ines")
    people.goes_to(ines, "/administration")
    take(ines, "administration")
    people.goes_to(ines, "/administration/record")
    take(ines, "installation")
    for name in ("tokens", "webhooks"):
        people.goes_to(ines, f"/administration/{name}")
        take(ines, name)
    people.goes_to(ines, "/administration")
    ines.get_by_role("link", name="Remove Phone of Sam Rivers").click()
    take(ines, "remove-credential")


def take(page: Page, name: str) -> None:
    """A picture at each width; on the phone the whole page, with a limit."""
    # A link that was just pressed may still be on its way.
    page.wait_for_load_state()
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 800})
        height = min(TALL, page.evaluate("document.documentElement.scrollHeight"))
        clip = {"x": 0, "y": 0, "width": width, "height": height if width == PHONE else 800}
        page.screenshot(
            path=FOLDER / f"{name}-{width}.png",
            clip=clip,  # type: ignore[arg-type]
            full_page=True,
        )
    page.set_viewport_size({"width": PHONE, "height": 800})
    print(name)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
