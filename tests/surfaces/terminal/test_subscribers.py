"""``subscribers`` as it is typed: who is counted, and nobody's address on the screen."""

from __future__ import annotations

import csv
import stat

from tests.terminal import Terminal

LIST = "old-page.csv"


def have_list(terminal: Terminal, *rows: str) -> None:
    lines = "\n".join(["email,components", *rows])
    (terminal.folder / LIST).write_text(lines, encoding="utf-8")


def exported(terminal: Terminal) -> list[dict[str, str]]:
    said = terminal.type("subscribers export all.csv")
    assert said.exit_code == 0, said.output
    file = terminal.folder / "all.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8", newline="") as rows:
        found = list(csv.DictReader(rows))
    file.unlink()
    return found


def test_people_who_confirmed_elsewhere_are_imported_once(terminal: Terminal) -> None:
    have_list(terminal, "ann@example.com,API; Web", "bob@example.com,", "no address,")

    first = terminal.type(f"subscribers import {LIST} --as maya")
    again = terminal.type(f"subscribers import {LIST} --as maya")

    assert "2 subscribers were added." in first.output
    assert "1 row cannot be used" in first.output
    assert "0 subscribers were added.\n2 were subscribed already." in again.output
    counted = terminal.read("subscribers status")
    assert (counted["confirmed"], counted["choosing"]) == (2, 1)
    assert [one["address"] for one in exported(terminal)] == ["ann@example.com", "bob@example.com"]


def test_the_status_is_in_words_and_names_nobody(terminal: Terminal) -> None:
    have_list(terminal, "ann@example.com,API")
    terminal.type(f"subscribers import {LIST} --as maya")
    said = terminal.type("subscribers status").output
    assert "1 is subscribed, 1 of them to some components only." in said
    assert "@" not in said


def test_whoever_is_forgotten_is_in_no_file_and_stays_away(terminal: Terminal) -> None:
    have_list(terminal, "ann@example.com,", "bob@example.com,")
    terminal.type(f"subscribers import {LIST} --as maya")

    gone = terminal.type('subscribers forget Ann@Example.com --as sam --why "asked us to"')
    twice = terminal.type("subscribers forget ann@example.com --as sam")

    assert "It is deleted." in gone.output
    assert (twice.exit_code, "Nobody with this address" in twice.output) == (3, True)
    assert [one["address"] for one in exported(terminal)] == ["bob@example.com"]


def test_importing_and_forgetting_need_a_name(terminal: Terminal) -> None:
    have_list(terminal, "ann@example.com,")
    for line in (f"subscribers import {LIST}", "subscribers forget ann@example.com"):
        said = terminal.type(line)
        assert (said.exit_code, "--as" in said.output) == (2, True)


def test_a_list_that_nobody_can_use_fails(terminal: Terminal) -> None:
    have_list(terminal, "no address,", "neither,")
    said = terminal.type(f"subscribers import {LIST} --as maya")
    assert said.exit_code == 3
    assert terminal.read("subscribers status")["confirmed"] == 0
