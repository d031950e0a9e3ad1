"""``suppressions`` as it is typed: nobody's address on the screen unless asked for."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from tests.terminal import Terminal, Up


def have_list(terminal: Terminal, *addresses: str) -> None:
    lines = "\n".join(["email", *addresses])
    (terminal.folder / "left.csv").write_text(lines, encoding="utf-8")


def counts(terminal: Terminal) -> list[tuple[str, str, int]]:
    found = terminal.read("suppressions list")["counts"]
    return [(one["reason"], one["message_class"], one["addresses"]) for one in found]


def test_a_list_of_who_left_is_imported_for_everything_but_safety(terminal: Terminal) -> None:
    have_list(terminal, "ann@example.com", "bob@example.com", "no address")
    said = terminal.type("suppressions import left.csv --as maya").output
    assert "2 addresses were read, 2 entries are new." in said
    assert "1 row cannot be used" in said
    assert counts(terminal) == [("unsubscribed", "goodwill", 2)]


@pytest.mark.parametrize(
    ("options", "entry"),
    [
        ("--class all", ("unsubscribed", "", 1)),
        ("--class safety", ("unsubscribed", "safety", 1)),
        ("--reason bounced", ("bounced", "", 1)),
        ("--reason complained", ("complained", "goodwill", 1)),
    ],
)
def test_what_an_entry_covers_can_be_said_or_follows_from_the_reason(
    terminal: Terminal, options: str, entry: tuple[str, str, int]
) -> None:
    have_list(terminal, "ann@example.com")
    terminal.type(f"suppressions import left.csv --as maya {options}")
    assert counts(terminal) == [entry]


def test_no_address_is_shown_unless_it_is_asked_for(terminal: Terminal) -> None:
    added = terminal.type("suppressions add ann@example.com --as sam")
    plain = terminal.type("suppressions list")
    asked = terminal.type("suppressions list --show")
    machine = terminal.type("suppressions list --json")
    shown = ["ann@" in one.output for one in (added, plain, machine, asked)]
    assert (shown, "requested" in plain.output) == ([False, False, False, True], True)


def test_taking_an_address_off_needs_a_name_and_a_reason(terminal: Terminal) -> None:
    terminal.type("suppressions add ann@example.com --as sam")
    nobody = terminal.type('suppressions remove ann@example.com --why "wrote to us"')
    mute = terminal.type("suppressions remove ann@example.com --as sam")
    still = counts(terminal)
    done = terminal.type('suppressions remove ann@example.com --as sam --why "wrote to us"')
    assert (nobody.exit_code, mute.exit_code, done.exit_code) == (2, 2, 0)
    assert (still, counts(terminal)) == ([("requested", "", 1)], [])
    assert "The mail provider has lists of its own" in done.output


def test_who_is_not_on_the_list_is_not_taken_off(terminal: Terminal) -> None:
    result = terminal.type('suppressions remove ann@example.com --as sam --why "wrote to us"')
    assert (result.exit_code, "ann@" in result.output) == (3, False)


def test_a_channel_that_is_not_there_is_not_asked(terminal: Terminal) -> None:
    result = terminal.type("suppressions sync pigeon")
    assert (result.exit_code, "not a configured channel" in result.output) == (2, True)


def test_a_provider_that_cannot_be_asked_is_said_with_what_is_missing(terminal: Terminal) -> None:
    result = terminal.type("suppressions sync email")
    assert (result.exit_code, "FRONTFOOT_EMAIL_API_KEY" in result.output) == (1, True)


def test_a_channel_without_lists_says_so(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAGE_ID", "PAGE_TOKEN"):
        monkeypatch.setenv(f"FRONTFOOT_FACEBOOK_{name}", "1")
    result = terminal.type("suppressions sync facebook")
    assert (result.exit_code, "has no lists" in result.output) == (1, True)


@pytest.mark.whole
def test_the_providers_lists_are_entered_once(up: Up, second: Terminal) -> None:
    sandbox = up.stack()["addresses"]["sandbox"]
    people = {"bounces": 600, "spam_reports": 2, "blocks": 3}
    for name, many in people.items():
        order = {"list": name, "emails": [f"{name}{n}@example.com" for n in range(many)]}
        post(f"{sandbox}/_sandbox/suppress", order)
    first: dict[str, Any] = second.read("suppressions sync email --as maya")
    again: dict[str, Any] = second.read("suppressions sync email --as maya")
    assert (first["added"], again["read"], again["added"]) == (602, 602, 0)
    assert counts(second) == [("bounced", "", 600), ("complained", "goodwill", 2)]


def post(url: str, body: object) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    urllib.request.urlopen(request).close()
