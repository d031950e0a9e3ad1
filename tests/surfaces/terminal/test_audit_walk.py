"""The audit on a running stack: it agrees with what happened, and notices what did not."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from contextlib import closing
from typing import Any

import pytest

from tests.surfaces.terminal.test_walk import announced, settled, wait_for
from tests.terminal import Terminal, Up

pytestmark = pytest.mark.whole

__all__ = ["announced"]


@pytest.fixture
def published(announced: tuple[Terminal, str]) -> tuple[Terminal, str]:
    """An announcement that has reached every channel, and whose every mail has arrived."""
    terminal, slug = announced
    digest = terminal.read(f"status {slug}")["messages"][0]["digest"]
    terminal.type(f"approve {slug} 1 --digest {digest} --as noor")
    settled(terminal, slug)
    wait_for(lambda: audit(terminal, slug), lambda report: "400 events" in str(report["intents"]))
    return terminal, slug


def audit(terminal: Terminal, slug: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(terminal.type(f"audit {slug} --json").stdout)
    return report


def on_ledger(terminal: Terminal, statement: str, *values: object) -> None:
    path = terminal.folder / ".frontfoot" / "frontfoot.db"
    with closing(sqlite3.connect(path, timeout=30)) as book, book:
        book.execute(statement, values)


def test_four_records_of_a_published_message_agree(published: tuple[Terminal, str]) -> None:
    terminal, slug = published
    result = terminal.type(f"audit {slug}")
    report = audit(terminal, slug)
    providers = {one["channel"]: one["provider"] for one in report["intents"]}
    assert (result.exit_code, report["found"]) == (0, []), result.output
    assert "The records agree." in result.output
    assert providers == {
        "email": "200 mails",
        "facebook": "1 post",
        "twitter": "1 post",
        "website": "seen",
    }


def test_a_message_at_its_gate_is_open_and_no_difference(announced: tuple[Terminal, str]) -> None:
    terminal, slug = announced
    result = terminal.type(f"audit {slug}")
    assert (result.exit_code, "It waits for signatures" in result.output) == (0, True)


def test_a_post_that_somebody_made_by_hand_is_noticed_until_it_is_gone(
    up: Up, published: tuple[Terminal, str]
) -> None:
    """Not said by any message of the ledger: a stranger on our account."""
    terminal, slug = published
    sandbox = up.stack()["addresses"]["sandbox"]
    page = f"{sandbox}/v25.0/100000000000001/feed?access_token=sandbox-page-token"
    made = json.load(urllib.request.urlopen(page, data=b"message=Who wrote this?"))
    noticed = terminal.type(f"audit {slug}")
    gone = f"{sandbox}/v25.0/{made['id']}?access_token=sandbox-page-token"
    urllib.request.urlopen(urllib.request.Request(gone, method="DELETE"))
    said = " ".join(noticed.output.split())
    assert (noticed.exit_code, "no message in the ledger accounts for" in said) == (1, True)
    assert terminal.type(f"audit {slug}").exit_code == 0


@pytest.mark.parametrize(
    ("statement", "back", "kind", "says"),
    [
        (
            "UPDATE publications SET state = 'sending', receipt_id = NULL,"
            " started_at = '2026-01-01 00:00:00.000000' WHERE incident = ? AND channel = 'twitter'",
            None,
            "stuck",
            "It is sending",
        ),
        (
            "UPDATE publications SET state = 'unknown', explanation = ''"
            " WHERE incident = ? AND channel = 'facebook'",
            None,
            "unexplained",
            "without a reason",
        ),
        (
            "UPDATE publications SET number = 99 WHERE incident = ? AND channel = 'facebook'",
            # Other incidents' audits would find its post and no message that says it.
            "UPDATE publications SET number = 1 WHERE incident = ? AND channel = 'facebook'",
            "differs",
            "the ledger has no row for it",
        ),
        (
            "UPDATE batches SET delivered = delivered + 1 WHERE number = 1 AND broadcast_id ="
            " (SELECT id FROM broadcasts WHERE incident = ?)",
            None,
            "differs",
            "there are 200 such recipients",
        ),
        (
            "DELETE FROM delivery_events WHERE recipient_id % 2 = 0 AND broadcast ="
            " (SELECT key FROM broadcasts WHERE incident = ?)",
            None,
            "differs",
            "ahead of every event",
        ),
        (
            "UPDATE deliveries SET state = 'processed' WHERE recipient_id % 10 = 0 AND"
            " broadcast_id = (SELECT id FROM broadcasts WHERE incident = ?)",
            None,
            "differs",
            "an event ahead of their row",
        ),
        (
            "UPDATE timeline SET who = 'nobody' WHERE seq = 2 AND incident = ?",
            None,
            "differs",
            "The record was changed",
        ),
    ],
)
def test_a_ledger_that_was_tampered_with_does_not_agree(
    published: tuple[Terminal, str], statement: str, back: str | None, kind: str, says: str
) -> None:
    terminal, slug = published
    on_ledger(terminal, statement, slug)
    report, code = audit(terminal, slug), terminal.type(f"audit {slug}").exit_code
    if back is not None:
        on_ledger(terminal, back, slug)
    told = [one for one in report["found"] if one["kind"] == kind and says in one["detail"]]
    assert told, report["found"]
    assert (report["agrees"], code, told[0]["next_step"] != "") == (False, 1, True)


def test_a_mail_that_the_provider_lost_is_noticed(up: Up, published: tuple[Terminal, str]) -> None:
    terminal, slug = published
    path = up.folder / ".frontfoot" / "sandbox.db"
    with closing(sqlite3.connect(path, timeout=30)) as book, book:
        number = book.execute("SELECT max(id) FROM mail_request").fetchone()[0]
        gone = book.execute("DELETE FROM mail WHERE request_id = ? AND n = 0", (number,)).rowcount
    report = audit(terminal, slug)
    lost = [one["detail"] for one in report["found"] if one["kind"] == "lost"]
    assert (gone, len(lost), lost[0].startswith("1 mail accepted")) == (1, 1, True)


def test_the_record_alone_is_verified_in_one_line(published: tuple[Terminal, str]) -> None:
    terminal, slug = published
    said = terminal.type(f"timeline verify {slug}").stdout
    assert "The record is whole" in said
    assert "opened" not in said
    assert terminal.read(f"timeline verify {slug}")["whole"] is True
