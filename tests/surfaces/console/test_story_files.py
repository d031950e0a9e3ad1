"""People's files from a phone, in a real browser, over a whole stack."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, expect

from client.record_file import verify_file
from tests.surfaces.console.people import People, chromium, faults_of, find_browser
from tests.terminal import Up

pytestmark = [pytest.mark.browser, pytest.mark.whole]

PATIENCE = 120_000
SLUG = "files"
JANE = "jane.quill@files.feather.example"
MANY = 300_000


@pytest.fixture(scope="module")
def people(up: Up) -> Iterator[People]:
    """People with browsers."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no chromium here: install it, or name it in FRONTFOOT_TEST_BROWSER")
    with chromium(path) as browser:
        yield People(up, browser)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A list of two customers, with three rows that cannot be used."""
    path = tmp_path / "mixed.csv"
    rows = f"{JANE},Jane\njoe@files.feather.example,Joe\nnobody,=1+1\nnowhere,Kim\n{JANE},Jane\n"
    path.write_text(f"email,name\n{rows}")
    return path


def brings(people: People, page: Page, file: Path, button: str, name: str = "") -> None:
    """Somebody goes to the files, presses a button there, and sends a file."""
    people.goes_to(page, "/")
    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_role("link", name=button).click()
    if name:
        page.get_by_label("Name of the").fill(name)
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Import the file").click()
    page.wait_for_url("**/files/imports/*")


def takes(page: Page, button: str, to: Path) -> Path:
    """Somebody presses a button and gets a file."""
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("button", name=button).click()
    waiting.value.save_as(to)
    return to


@pytest.mark.parametrize("script", [True, False])
def test_a_list_is_brought_corrected_and_brought_again(
    people: People, mixed: Path, tmp_path: Path, script: bool
) -> None:
    name = f"guests-{script}".lower()
    maya = people.enter("maya", java_script_enabled=script)
    faults: list[str] = []

    def look() -> None:
        faults.extend(faults_of(maya) if script else [])

    people.goes_to(maya, "/files")
    look()
    people.goes_to(maya, "/files/import?kind=audience")
    look()
    brings(people, maya, mixed, "Import an audience", name)
    expect(maya.get_by_role("status")).to_contain_text(f"2 recipients were added to {name}.")
    expect(maya.get_by_role("heading", name="3 rows cannot be used")).to_be_visible()
    look()
    rejects = takes(maya, "Download the rejected rows", tmp_path / "rejects.csv")
    assert "'=1+1" in rejects.read_text()
    rejects.write_text(rejects.read_text().replace("nobody", "kim@files.feather.example"))
    brings(people, maya, rejects, "Import an audience", name)
    said = f"1 recipient was added to {name}. 1 was in it already."
    expect(maya.get_by_role("status")).to_contain_text(said)
    maya.get_by_role("link", name="See the audience").click()
    expect(maya.get_by_text(JANE)).to_be_visible()
    expect(maya.locator("dl")).to_contain_text("name")
    look()
    maya.get_by_role("link", name="Import more into it").click()
    expect(maya.get_by_label("Name of the audience")).to_have_value(name)
    assert faults == []
    maya.context.close()


def test_suppressions_and_codes_are_brought_the_same_way(people: People, tmp_path: Path) -> None:
    maya = people.enter("maya")
    left, pool = tmp_path / "left.csv", tmp_path / "spring.csv"
    left.write_text("email\ngone@files.feather.example\n")
    pool.write_text("code\nSPRING-1001\nSPRING-1002\n")
    faults: list[str] = []
    for kind in ("suppressions", "codes"):
        people.goes_to(maya, f"/files/import?kind={kind}")
        faults += faults_of(maya)
    brings(people, maya, left, "Import suppressions")
    expect(maya.get_by_role("status")).to_contain_text("1 address was read, 1 entry is new.")
    brings(people, maya, pool, "Import codes", "files-spring")
    expect(maya.get_by_role("status")).to_contain_text("2 codes were added to the pool")
    people.goes_to(maya, "/files")
    expect(maya.get_by_text("2 left of 2")).to_be_visible()
    faults += faults_of(maya)
    assert faults == []
    maya.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_an_import_outlives_the_death_of_the_console(
    people: People, tmp_path: Path, script: bool
) -> None:
    """The page is left open: it shows how far the import is, and in the end that all are in."""
    large, name = tmp_path / "large.csv", f"large-{script}".lower()
    rows = (f"p{n}@files.feather.example\n" for n in range(MANY))
    large.write_text("email\n" + "".join(rows))
    maya = people.enter("maya", java_script_enabled=script)
    brings(people, maya, large, "Import an audience", name)
    expect(maya.locator("#live")).to_contain_text(re.compile(r"[1-9][\d,]* rows in"))
    faults = faults_of(maya) if script else []
    os.kill(people.up.pids()["console"], signal.SIGKILL)
    if not script:
        # A browser asks no further once nobody has answered it. If the console is back before
        # that, the page is being loaded by itself, and our asking is put off for that.
        place = maya.url
        people.up.wait_until(lambda: answers(people))
        with contextlib.suppress(BrowserError):
            maya.goto(place)
    expect(maya.get_by_role("status")).to_contain_text(f"added to {name}.", timeout=5 * PATIENCE)
    expect(maya.get_by_role("status")).to_contain_text("begun a second time")
    assert faults == []
    listed = people.types("audience list --json")
    assert re.search(rf'"name": ?"{name}",\s*"recipients": ?{MANY}\b', listed), listed
    kept = people.up.folder / ".frontfoot" / "imports"
    assert not list(kept.rglob("large.csv"))
    maya.context.close()


def answers(people: People) -> bool:
    """Whether there is a console."""
    try:
        return httpx.get(f"{people.url}/health").is_success
    except httpx.TransportError:
        return False


def test_files_are_taken_away(people: People, tmp_path: Path) -> None:
    (people.up.folder / "one.csv").write_text(f"email\n{JANE}\n")
    people.types("audience import one.csv --name one")
    people.types(f"open {SLUG} --title Sign-in-is-down --audience one --as maya")
    people.types(f"facts {SLUG} --set summary=sign-in-fails --as maya")
    people.types(f"propose {SLUG} announcement --next-update-by 45m --as maya")
    noor = people.enter("noor")
    people.goes_to(noor, f"/incidents/{SLUG}/messages/1/sign")
    noor.get_by_role("button", name=re.compile("Approve")).click()
    expect(noor.locator("#message-1")).to_contain_text("1 of 1 accepted", timeout=PATIENCE)
    noor.get_by_role("link", name="Download files").click()
    noor.wait_for_url("**/files")
    faults = faults_of(noor)

    record = takes(noor, "Download the record", tmp_path / "record.json")
    verified, checked = verify_file(record)
    assert (verified.incident, checked.found) == (SLUG, ())
    proof = takes(noor, "Download the proof", tmp_path / "proof.csv")
    with proof.open(newline="") as file:
        assert JANE in {row["address"] for row in csv.DictReader(file)}
    codes = takes(noor, "Download the codes", tmp_path / "codes.csv")
    assert codes.read_text().splitlines() == ["code,worth,currency,expires"]

    asked: list[str] = []
    noor.on("request", lambda one: asked.append(one.url))
    people.goes_to(noor, f"/incidents/{SLUG}/recipient")
    noor.get_by_label("Their e-mail address").fill(JANE)
    noor.get_by_role("button", name="Look it up").click()
    hers = takes(noor, "Download this as a file", tmp_path / "hers.csv")
    assert "the provider accepted it" in hers.read_text()
    assert not [one for one in asked if "jane" in one]
    faults += faults_of(noor)
    assert faults == []
    log = "\n".join(one.read_text() for one in people.up.folder.rglob("console*.log"))
    assert "jane.quill" not in log
    exported = people.types("audit --export installation.json")
    entered = (people.up.folder / "installation.json").read_text()
    assert ("codes exported" in entered, "jane.quill" in entered + exported) == (True, False)
    noor.context.close()
