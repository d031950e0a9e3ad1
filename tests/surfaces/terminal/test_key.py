"""Keys at a terminal: made with one command, and used without another."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator

import pytest

from surfaces.terminal.failures import ExitCode
from tests.terminal import Terminal

PUBLIC = "MCowBQYDK2VwAyEA"
"""With what the public half of every Ed25519 key begins, in SPKI DER and base64."""


def test_a_key_is_made_listed_and_removed(terminal: Terminal) -> None:
    made = terminal.read("key create --as noor")
    assert (made["enrolled"], made["person"]) == (True, "noor")
    shown = terminal.type("key list").stdout
    assert made["id"][:16] in shown.replace("\n", "")

    done = terminal.type(f"key remove {made['id'][:8]} --as maya")

    assert done.exit_code == 0, done.output
    [one] = terminal.read("key list")
    assert (one["person"], one["removed_by"]) == ("noor", "maya")
    again = terminal.read("key create --as noor")
    assert (again["enrolled"], again["id"] == made["id"]) == (True, False)


def test_elsewhere_the_public_half_is_shown_and_the_private_one_never(terminal: Terminal) -> None:
    os.environ["FRONTFOOT_DATABASE_URL"] = f"sqlite+aiosqlite:///{terminal.folder}/other.db"

    done = terminal.type("key create --as noor")

    assert done.exit_code == 0, done.output
    said = done.stdout.replace("\n", "")
    assert "not enrolled yet" in said
    assert f"frontfoot key enrol noor {PUBLIC}" in said
    pem = (terminal.folder / ".frontfoot" / "keys" / "noor.pem").read_text()
    assert pem.splitlines()[1] not in said
    public = terminal.read("key create --as noor")["public"]
    assert terminal.type(f"key enrol noor {public} --as maya --name laptop").exit_code == 0
    [one] = terminal.read("key list")
    assert (one["person"], one["created_by"], one["name"]) == ("noor", "maya", "laptop")


def test_who_leaves_loses_every_key(terminal: Terminal) -> None:
    terminal.read("key create --as noor")

    assert "1 key of noor removed" in terminal.type("key remove --all-of noor --as maya").stdout


def test_which_key_to_remove_has_to_be_said(terminal: Terminal) -> None:
    done = terminal.type("key remove --as maya")

    assert (done.exit_code, "Which key?" in done.output) == (ExitCode.USAGE, True)


@pytest.fixture
def with_key(second: Terminal) -> Iterator[Terminal]:
    """A terminal at the running stack where Tomas has a key, which he takes with him."""
    (second.folder / "few.csv").write_text("email\nann@example.com\n")
    done = second.type("audience import few.csv --name few")
    assert done.exit_code == 0, done.output
    second.read("key create --as tomas")
    yield second
    shutil.rmtree(second.folder / ".frontfoot" / "keys")


def test_approving_signs_with_the_key_and_the_audit_says_so(with_key: Terminal) -> None:
    terminal = with_key
    opened = terminal.type('open signed-down --title "Signed" --audience few --as maya')
    assert opened.exit_code == 0, opened.output
    proposed = terminal.read("propose signed-down announcement --as maya")
    assert "to be signed with: a name" in terminal.type("status signed-down").stdout

    done = terminal.type(f"approve signed-down 1 --digest {proposed['digest'][:8]} --as tomas")

    assert done.exit_code == 0, done.output
    # The ledger has both a moment after the answer, which does not wait for it.
    _until(lambda: ", proof " in " ".join(terminal.type("timeline signed-down").stdout.split()))
    _until(lambda: _verified(terminal, "signed-down") == [("tomas", "key")])
    assert "1 of 1 decision was verified by proof" in terminal.type("audit signed-down").stdout


def _verified(terminal: Terminal, slug: str) -> list[tuple[str, str]]:
    """Who decided and how that was verified, by the audit, also while mail is on its way."""
    said = json.loads(terminal.type(f"audit {slug} --json").stdout)
    return [(one["person"], one["verified_by"]) for one in said["decisions"]]


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.2)
