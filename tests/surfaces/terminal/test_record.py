"""The record's commands at a terminal where nothing else runs."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest

from client.record_key import read_key
from domain.installation import Happened, InstallationEntry
from domain.timeline import BRANCHED, TimelineEntry
from settings import Settings
from store.installation import entries, sealing
from store.kernel.database import Database
from store.record import incidents, timeline
from store.tables import installation_record
from surfaces.terminal.failures import ExitCode
from tests.terminal import Terminal, terminal

__all__ = ["terminal"]

AT = datetime(2026, 10, 26, 13, 5, tzinfo=UTC)
STORY = [(1, 1, "opened"), (2, 1, "proposed"), (2, 2, BRANCHED), (3, 2, "closed")]


@pytest.fixture
def recorded(terminal: Terminal) -> Terminal:
    """A ledger with a key and one closed incident, whose record has two branches."""
    made = terminal.read("record new-key .frontfoot/record.key")
    assert len(made["fingerprint"]) == 64

    async def fill() -> None:
        database = Database.open(Settings().database())
        key = read_key(Settings().record_key())
        await incidents.register(database, "site-down", "Down", "plan", (), AT)
        entries = [
            TimelineEntry(seq=seq, branch=branch, at=AT, what=what, who="maya")
            for seq, branch, what in STORY
        ]
        for one in entries:
            await timeline.append(database, key, "site-down", [one])
        await incidents.mark_closed(database, "site-down", AT)
        await database.close()

    asyncio.run(fill())
    return terminal


def test_a_record_is_exported_and_verified_with_its_fingerprint(recorded: Terminal) -> None:
    [key] = recorded.read("record key")["keys"]
    assert recorded.type("timeline site-down --export record.json").exit_code == 0
    done = recorded.type(f"record verify record.json --key {key['fingerprint'][:16]}")
    whole = "The record of site-down is whole: 4 entries"
    assert (done.exit_code, whole in done.stdout) == (0, True)
    assert "the one that was expected" in done.stdout
    assert "Compare it" in recorded.type("record verify record.json").stdout

    content = json.loads((recorded.folder / "record.json").read_text(encoding="utf-8"))
    content["entries"][1]["who"] = "nobody"
    (recorded.folder / "record.json").write_text(json.dumps(content), encoding="utf-8")
    done = recorded.type("record verify record.json")
    assert done.exit_code == ExitCode.REFUSED
    assert "entry 2 does not fit" in " ".join(done.stderr.split())


def test_both_branches_are_shown_and_it_is_said_that_there_are_two(recorded: Terminal) -> None:
    shown = recorded.type("timeline site-down").stdout
    assert shown.index("Branch 1") < shown.index("proposed") < shown.index("Branch 2")
    assert "The record has several branches" in shown
    assert [one["branch"] for one in recorded.read("timeline site-down")] == [1, 1, 2, 2]
    verified = recorded.type("timeline site-down --verify")
    assert verified.exit_code == 0
    assert "It has 2 branches" in " ".join(verified.stdout.split())


def test_json_of_a_changed_record_stays_json(recorded: Terminal) -> None:
    done = recorded.type(f"timeline verify site-down --json --key {'ab' * 32}")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["whole"]) == (ExitCode.REFUSED, False)
    assert "no key with the fingerprint" in answer["detail"]


@pytest.mark.parametrize(
    "line",
    ["record verify gone.json", "record verify list.csv", "timeline site-down --verify --key 3f"],
)
def test_what_cannot_be_verified_is_wrong_usage_or_refused(recorded: Terminal, line: str) -> None:
    (recorded.folder / "list.csv").write_text("a,b", encoding="utf-8")
    assert recorded.type(line).exit_code in (ExitCode.USAGE, ExitCode.REFUSED)


def test_a_lost_key_is_replaced_only_when_it_is_said(recorded: Terminal) -> None:
    refused = recorded.type("record new-key other.key")
    assert refused.exit_code == ExitCode.REFUSED
    assert recorded.type("record new-key other.key --begin-anew").exit_code == 0
    shown = recorded.type("timeline site-down --verify")
    assert shown.exit_code == 0, "the file here is the key that it trusts"


def test_the_installations_record_is_verified_where_nothing_runs(recorded: Terminal) -> None:
    asyncio.run(seal_installation())
    done = recorded.type("audit")
    assert (done.exit_code, "record is whole: 2 entries" in done.stdout) == (0, True)
    assert recorded.read("audit")["unsealed"] == 0

    assert recorded.type("audit --export installation.json").exit_code == 0
    [key] = recorded.read("record key")["keys"]
    checked = recorded.type(f"record verify installation.json --key {key['fingerprint']}")
    assert (checked.exit_code, "the one that was expected" in checked.stdout) == (0, True)

    path = recorded.folder / "installation.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["entries"].pop()
    path.write_text(json.dumps(content), encoding="utf-8")
    cut = recorded.type("record verify installation.json")
    assert cut.exit_code == ExitCode.REFUSED
    assert "The end of the installation's record" in cut.stderr

    asyncio.run(delete_the_last())
    assert recorded.type("audit").exit_code == ExitCode.FAILED


async def seal_installation() -> None:
    database = Database.open(Settings().database())
    await sealing.seal(database, read_key(Settings().record_key()), AT)
    entry = InstallationEntry(at=AT, what=Happened.SIGNED_IN, who="maya")
    await entries.enter(database, entry)
    await sealing.seal(database, read_key(Settings().record_key()), AT)
    await database.close()


async def delete_the_last() -> None:
    database = Database.open(Settings().database())
    async with database.write() as connection:
        await connection.execute(
            installation_record.delete().where(installation_record.c.link == 2)
        )
    await database.close()
