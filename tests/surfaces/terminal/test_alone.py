"""Commands with nothing running: what they say, and how they end."""

from __future__ import annotations

import asyncio
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from domain.offer import OfferTerms
from domain.timeline import TimelineEntry
from settings import HERE, Settings
from store.kernel.database import Database
from store.migrate import upgrade
from store.offers import codes
from store.record import incidents, timeline
from store.tables import timeline as timeline_table
from tests.sealing import KEY, with_key
from tests.terminal import Terminal

AT = datetime(2026, 10, 26, 13, 5, tzinfo=UTC)
TERMS = OfferTerms.model_validate(
    {"title": "10 off", "worth": "10", "currency": "USD", "budget_cap": "1000"}
)


@pytest.fixture
def recorded(terminal: Terminal) -> Terminal:
    """A ledger with one incident, three timeline entries and three codes."""
    url = Settings().database()
    upgrade(url)

    async def fill() -> None:
        database = Database.open(url)
        await incidents.register(database, "site-down", "Down", "plan", (), AT)
        entries = [
            TimelineEntry(seq=number, at=AT, what=what, who="maya", about="\x1b[31mred")
            for number, what in enumerate(("opened", "proposed", "approved"), 1)
        ]
        await timeline.append(await with_key(database), KEY, "site-down", entries)
        await codes.ensure_codes(database, b"s" * 32, "site-down", [7, 8, 9], TERMS)
        await database.close()

    asyncio.run(fill())
    return terminal


def write_csv(folder: Path, *lines: str) -> None:
    (folder / "list.csv").write_text("\n".join(lines), encoding="utf-8")


# --- without Temporal ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "status site-down",
        "status site-down --watch",
        "propose site-down announcement --as maya",
        "approve site-down 1 --digest 0123abcd --as noor",
        "facts site-down --fix done --as maya",
        "withdraw site-down 1 --as maya",
        "close site-down --as maya",
        'open site-down --title "Down" --as maya',
    ],
)
def test_without_temporal_a_command_says_how_to_start_it(terminal: Terminal, line: str) -> None:
    result = terminal.type(line)
    told = "No Temporal server answers" in result.stderr and "frontfoot up" in result.stderr
    assert (result.exit_code, told, result.stdout) == (1, True, "")


@pytest.mark.parametrize(
    "line",
    [
        "approve site-down 1 --digest 0123abcd",
        "propose site-down announcement",
        "close site-down",
        "settle site-down 1 twitter --went-out",
    ],
)
def test_whoever_acts_has_to_say_who_they_are(terminal: Terminal, line: str) -> None:
    result = terminal.type(line)
    assert (result.exit_code, "--as PERSON" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("status Site_Down", "cannot name an incident"),
        ("settle site-down 1 twitter --as maya", "Did it go out?"),
        ("settle site-down 1 twitter --did-not-go-out --url https://x.com/1 --as maya", "--url"),
        ("reject site-down 1 --digest 0123abcd --as noor", "needs a reason"),
        ("facts site-down --as maya", "No fact was given"),
        ("facts site-down --set causee=x --as maya", "Did you mean cause?"),
        ("facts site-down --due soon --as maya", "2026-11-30"),
        ("propose site-down announcement --text a --text-file b --as maya", "Choose one"),
        ("propose site-down announcement --subject Hello --as maya", "free copy"),
        ('propose site-down announcement --text " " --as maya', "is empty"),
        ("propose site-down announcement --text a --for twitter --as maya", "names no file"),
        ("propose site-down announcement --text a --for =README --as maya", "names no channel"),
        ("propose site-down announcement --text a --for text=README --as maya", "no channel"),
        ("propose site-down announcement --text-file gone.txt --as maya", "gone.txt"),
        ("propose site-down announcement --next-update-by soon --as maya", "is not a time"),
        ("propose site-down something --as maya", "announcement"),
        ("advance site-down nowhere --as maya", "identify"),
        ("open site-down --title Down --playbook gone --as maya", "no playbook 'gone'"),
        ("audience import gone.csv --name customers", "gone.csv is not a file"),
    ],
)
def test_wrong_usage_is_named_and_ends_with_two(terminal: Terminal, line: str, says: str) -> None:
    result = terminal.type(line)
    said = " ".join(result.stderr.replace("│", " ").split())
    assert (result.exit_code, says in said) == (2, True), said


@pytest.mark.parametrize("number", ["", "1"])
def test_a_decision_without_a_digest_is_never_taken_silently(
    terminal: Terminal, number: str
) -> None:
    """Not even with somebody's "y" on standard input: a script has to name the digest."""
    result = terminal.type(f"approve site-down {number} --as noor", stdin="y\n")
    assert (result.exit_code, "add --digest" in result.stderr) == (2, True)


def test_a_setting_that_cannot_be_used_is_named_without_its_value(terminal: Terminal) -> None:
    os.environ["FRONTFOOT_CODE_SECRET"] = "too-short-secret"
    result = terminal.type("list")
    named = "FRONTFOOT_CODE_SECRET" in result.stderr and "too-short" not in result.stderr
    assert (result.exit_code, named) == (2, True)


def test_settings_are_read_from_a_dot_env_file(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_text("FRONTFOOT_CODE_SECRET=short\n", encoding="utf-8")
    assert "FRONTFOOT_CODE_SECRET" in terminal.type("list").stderr


# --- audiences -------------------------------------------------------------------------------


def test_an_import_counts_what_was_added_and_puts_the_rest_aside(terminal: Terminal) -> None:
    write_csv(terminal.folder, "email,name", "a@example.org,A", "nobody,B", "c@example.org,C")
    result = terminal.type("audience import list.csv --name customers")
    rejects = (terminal.folder / "list.csv.rejects.csv").read_text(encoding="utf-8")
    told = "2 recipients were added" in result.output and "1 row cannot be used" in result.output
    assert (result.exit_code, told, "3," in rejects) == (0, True, True)


def test_rows_that_repeat_an_address_are_counted_beside_the_rejects(terminal: Terminal) -> None:
    write_csv(terminal.folder, "email", "a@example.org", "A@example.org", "nobody")
    told = terminal.type("audience import list.csv --name customers").output
    counted = terminal.read("audience import list.csv --name others")
    assert ("2 rows cannot be used" in told, "1 of them only repeats" in told) == (True, True)
    assert (counted["rejected"], counted["doubled"]) == (2, 1)


def test_importing_the_same_file_again_adds_nobody(terminal: Terminal) -> None:
    write_csv(terminal.folder, "email", "a@example.org", "b@example.org")
    terminal.type("audience import list.csv --name customers")
    again = terminal.read("audience import list.csv --name customers")
    assert (again["added"], again["already_there"]) == (0, 2)


def test_a_file_without_addresses_names_the_columns_it_has(terminal: Terminal) -> None:
    write_csv(terminal.folder, "name,city", "A,Bonn")
    result = terminal.type("audience import list.csv --name customers")
    assert (result.exit_code, "name, city" in result.stderr) == (3, True)


def test_audiences_are_listed_with_their_size(terminal: Terminal) -> None:
    write_csv(terminal.folder, "email", "a@example.org", "b@example.org")
    terminal.type("audience import list.csv --name customers")
    (listed,) = terminal.read("audience list")
    assert (listed["name"], listed["recipients"]) == ("customers", 2)
    # When it was last imported, in UTC.
    assert listed["imported_at"].endswith("Z")


@pytest.mark.parametrize("line", ["list", "audience list", "timeline site-down"])
def test_a_folder_without_a_ledger_is_not_taken_for_an_empty_one(
    terminal: Terminal, line: str
) -> None:
    result = terminal.type(line)
    file = terminal.folder / ".frontfoot" / "frontfoot.db"
    said = " ".join(result.stderr.split())
    assert (result.exit_code, f"no ledger at {file}" in said, file.exists()) == (2, True, False)


def test_a_ledger_that_an_import_makes_is_named(terminal: Terminal) -> None:
    write_csv(terminal.folder, "email", "a@example.org")
    first = terminal.type("audience import list.csv --name customers")
    again = terminal.type("audience import list.csv --name customers")
    file = str(terminal.folder / ".frontfoot" / "frontfoot.db")
    assert (file in first.stderr, "new ledger" in again.stderr) == (True, False)


def test_an_empty_ledger_says_what_to_do_first(terminal: Terminal) -> None:
    upgrade(Settings().database())
    said = terminal.type("audience list").output + terminal.type("list").output
    assert ("frontfoot audience import" in said, "frontfoot open" in said) == (True, True)


# --- playbooks -------------------------------------------------------------------------------


def test_the_shipped_playbook_can_be_used(terminal: Terminal) -> None:
    result = terminal.type("playbook check site-compromised")
    assert (result.exit_code, "can be used" in result.output) == (0, True)


def test_a_broken_playbook_is_refused_with_file_and_line(terminal: Terminal) -> None:
    folder = terminal.folder / "plan"
    folder.mkdir()
    shipped = HERE / "playbooks" / "site-compromised"
    for path in shipped.iterdir():
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    template = folder / "announcement.twitter.j2"
    template.write_text("{{ facts.causse }}\n{{ mark }}\n", encoding="utf-8")
    result = terminal.type("playbook check ./plan")
    assert (result.exit_code, "announcement.twitter.j2, line 1" in result.output) == (3, True)


def test_a_folder_without_a_playbook_is_told_apart_from_a_broken_one(terminal: Terminal) -> None:
    (terminal.folder / "empty").mkdir()
    found = terminal.type("playbook check ./empty")
    assert (found.exit_code, "playbook.yaml" in found.output) == (3, True)


# --- the record ------------------------------------------------------------------------------


def test_the_timeline_is_there_when_nothing_else_runs(recorded: Terminal) -> None:
    entries = recorded.read("timeline site-down")
    assert [entry["what"] for entry in entries] == ["opened", "proposed", "approved"]


def test_a_timeline_cannot_paint_the_terminal(recorded: Terminal) -> None:
    shown = recorded.type("timeline site-down").stdout
    assert ("\x1b" in shown, "\\u001b[31mred" in shown) == (False, True)


def test_a_whole_record_is_confirmed_as_far_as_it_can_be(recorded: Terminal) -> None:
    result = recorded.type("timeline site-down --verify")
    said = " ".join(result.stdout.split())
    assert (result.exit_code, "could not be asked" in said, "3 entries" in said) == (0, True, True)


def test_a_changed_record_is_found_and_ends_with_three(recorded: Terminal) -> None:
    async def tamper() -> None:
        database = Database.open(Settings().database())
        async with database.write() as connection:
            await connection.execute(
                update(timeline_table).where(timeline_table.c.seq == 2).values(who="nobody")
            )
        await database.close()

    asyncio.run(tamper())
    result = recorded.type("timeline site-down --verify")
    assert (result.exit_code, "entry 2" in result.stderr) == (3, True)


@pytest.mark.parametrize("line", ["timeline gone", "codes export gone --output codes.csv"])
def test_an_incident_that_is_not_there_is_told_apart_from_an_empty_one(
    recorded: Terminal, line: str
) -> None:
    result = recorded.type(line)
    assert (result.exit_code, "frontfoot list" in result.stderr) == (2, True)


def test_codes_are_written_to_a_file_that_only_their_owner_reads(recorded: Terminal) -> None:
    recorded.type("codes export site-down --output codes.csv")
    path = recorded.folder / "codes.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert (lines[0], len(lines), stat.S_IMODE(path.stat().st_mode)) == (
        "code,worth,currency,expires",
        4,
        0o600,
    )


def test_a_list_of_codes_that_is_there_is_not_replaced_unasked(recorded: Terminal) -> None:
    (recorded.folder / "codes.csv").write_text("mine", encoding="utf-8")
    result = recorded.type("codes export site-down --output codes.csv")
    kept = (recorded.folder / "codes.csv").read_text(encoding="utf-8")
    assert (result.exit_code, kept) == (2, "mine")


def test_incidents_are_listed_from_the_ledger_when_temporal_is_away(recorded: Terminal) -> None:
    result = recorded.type("list")
    assert ("site-down" in result.stdout, "does not answer" in result.stdout) == (True, True)


# --- check -----------------------------------------------------------------------------------


def test_check_tells_everything_that_is_missing_at_once(terminal: Terminal) -> None:
    result = terminal.type("check")
    said = " ".join(result.stdout.split())
    assert (result.exit_code, "No Temporal server" in said, "FRONTFOOT_EMAIL_API_KEY" in said) == (
        2,
        True,
        True,
    )


def test_check_never_shows_a_secret(terminal: Terminal) -> None:
    os.environ["FRONTFOOT_CODE_SECRET"] = "c" * 40
    os.environ["FRONTFOOT_EMAIL_API_KEY"] = "SG.very-secret with blanks"
    os.environ["FRONTFOOT_DATABASE_URL"] = "postgresql://me:pass-word@127.0.0.1:1/db"
    shown = terminal.type("check").output
    assert [word for word in ("cccc", "very-secret", "pass-word") if word in shown] == []


def test_check_does_not_make_the_ledger_it_looks_for(terminal: Terminal) -> None:
    terminal.type("check --no-channels")
    assert not (terminal.folder / ".frontfoot" / "frontfoot.db").exists()
