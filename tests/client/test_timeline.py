"""The record of an incident, read and verified without the incident, and in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from client.engine import Engine
from client.errors import UnknownIncident, WrongInput
from client.record_file import export_record, verify_file
from client.timeline import read_timeline, verify_timeline
from domain.actor import Actor
from domain.ledger import KnownLedger
from domain.stage import Stage
from domain.status import IncidentStatus
from domain.timeline import RecordHead, TimelineEntry
from store.kernel.database import Database
from store.record import incidents, keys, openings, timeline
from store.tables import record_keys
from store.tables import timeline as timeline_table
from tests.activities.conftest import notice
from tests.sealing import KEY, STRANGER, opening_of, with_key

AT = datetime(2026, 10, 26, 13, 5, tzinfo=UTC)
HERE = "hacked"
ENTRIES = [
    TimelineEntry(seq=number, at=AT, what=what, who="maya")
    for number, what in enumerate(("opened", "proposed", "approved"), 1)
]


@pytest.fixture
async def recorded(away: Engine, ledger: Database) -> Engine:
    await incidents.register(ledger, HERE, "Down", "plan", (), AT)
    await timeline.append(await with_key(ledger), KEY, HERE, ENTRIES)
    await openings.enter(ledger, KEY, opening_of(notice()))
    return away


async def test_a_whole_record_says_that_nobody_could_confirm_it(recorded: Engine) -> None:
    entries = await read_timeline(recorded, HERE)
    found = await verify_timeline(recorded, HERE)
    assert (entries, found.entries, found.confirmed, found.found) == (ENTRIES, 3, False, ())
    assert (found.key, found.compared) == (KEY.fingerprint, False)


async def test_with_a_fingerprint_from_elsewhere_the_key_is_compared(recorded: Engine) -> None:
    assert (await verify_timeline(recorded, HERE, KEY.fingerprint)).compared
    [other] = (await verify_timeline(recorded, HERE, STRANGER.fingerprint)).found[:1]
    assert "no key with the fingerprint" in other.what


async def test_an_entry_that_was_changed_is_named(recorded: Engine, ledger: Database) -> None:
    async with ledger.write() as connection:
        change = update(timeline_table).where(timeline_table.c.seq == 2).values(who="nobody")
        await connection.execute(change)
    [found] = (await verify_timeline(recorded, HERE)).found
    assert "entry 2" in found.what


async def test_an_incident_without_an_entry_is_not_unknown_and_is_soon_a_finding(
    away: Engine, ledger: Database
) -> None:
    await incidents.register(ledger, "just-opened", "Down", "plan", (), datetime.now(UTC))
    assert await read_timeline(away, "just-opened") == []
    assert (await verify_timeline(away, "just-opened")).found == ()

    await incidents.register(ledger, "long-open", "Down", "plan", (), AT)
    [found] = (await verify_timeline(away, "long-open")).found
    assert "whole record is missing" in found.what


async def test_an_incident_that_the_ledger_does_not_have_is_unknown(recorded: Engine) -> None:
    with pytest.raises(UnknownIncident, match="not-there"):
        await read_timeline(recorded, "not-there")


# --- in a file ----------------------------------------------------------------------------------


async def test_an_export_is_verified_without_anything_else(
    recorded: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "record.json"
    await export_record(recorded, HERE, path)
    record, checked = verify_file(path, KEY.fingerprint)
    assert (record.incident, checked.entries, checked.found) == (HERE, 3, ())
    assert checked.compared
    assert path.stat().st_mode & 0o077 == 0


CHANGES: dict[str, Callable[[dict[str, list[dict[str, object]]]], object]] = {
    "a name": lambda it: it["entries"][1].update(who="nobody"),
    "an entry": lambda it: it["entries"].pop(1),
    "the order": lambda it: it["entries"].reverse(),
    "the key": lambda it: it["keys"][0].update(public=STRANGER.public.public),
    "the keys": lambda it: it["keys"].clear(),
    "a decision": lambda it: it["openings"][0].update(decisions=[]),
    "an opening's seal": lambda it: it["openings"][0].update(seal=""),
    "the incident": lambda it: it.update(incident="another"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("change", CHANGES)
async def test_whatever_is_changed_in_an_export_is_found(
    recorded: Engine, tmp_path: Path, change: str
) -> None:
    path = tmp_path / "record.json"
    await export_record(recorded, HERE, path)
    content = json.loads(path.read_text(encoding="utf-8"))
    CHANGES[change](content)
    path.write_text(json.dumps(content), encoding="utf-8")
    assert verify_file(path)[1].found or verify_file(path, KEY.fingerprint)[1].found


async def test_a_shortened_export_of_a_closed_incident_is_found(
    recorded: Engine, ledger: Database, tmp_path: Path
) -> None:
    closing = TimelineEntry(seq=4, at=AT, what="closed", who="maya")
    await timeline.append(ledger, KEY, HERE, [closing])
    await incidents.mark_closed(ledger, HERE, AT)
    path = tmp_path / "record.json"
    await export_record(recorded, HERE, path)
    assert verify_file(path)[1].found == ()

    async with ledger.write() as connection:
        await connection.execute(delete(timeline_table).where(timeline_table.c.link > 2))
    await export_record(recorded, HERE, path)
    [found] = verify_file(path)[1].found
    assert "its closing is not in the record" in found.what


def test_a_file_that_is_no_record_is_refused(tmp_path: Path) -> None:
    for content in ("", "[]", "{}", '{"format": "frontfoot-record-1"}'):
        path = tmp_path / "record.json"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(WrongInput, match="not an exported record"):
            verify_file(path)


# --- with the incident --------------------------------------------------------------------------


class Incident:
    """An incident that answers: its own entries, and the end of the record that it has seen."""

    def __init__(self, entries: list[TimelineEntry], head: RecordHead) -> None:
        self.entries = entries
        self._head = head

    async def ask(self, engine: Engine, slug: str, query: str, result: object) -> object:
        return self.entries if query == "timeline" else self._status(slug)

    def _status(self, slug: str) -> IncidentStatus:
        return IncidentStatus(
            incident=slug,
            title="Down",
            stage=Stage.ACKNOWLEDGE,
            opened_by=Actor.at_terminal("maya"),
            opened_at=AT,
            closed_at=None,
            audiences=(),
            playbook="plan",
            facts=None,
            facts_filled=(),
            messages=(),
            ledger=KnownLedger(record=self._head),
        )


@pytest.fixture
async def incident(recorded: Engine, ledger: Database, monkeypatch: pytest.MonkeyPatch) -> Incident:
    head = (await timeline.append(ledger, KEY, HERE, ENTRIES)).head
    incident = Incident(list(ENTRIES), head)
    monkeypatch.setattr("client.timeline.ask", incident.ask)
    return incident


def later(seconds: float, what: str = "withdrawn", seq: int = 4) -> TimelineEntry:
    """An entry that the incident wrote so many seconds ago."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    return TimelineEntry(seq=seq, at=at, what=what, who="maya")


async def test_the_incident_confirms_its_record_and_names_the_key(
    recorded: Engine, incident: Incident
) -> None:
    found = await verify_timeline(recorded, HERE)
    assert (found.confirmed, found.compared, found.found) == (True, True, ())


async def test_an_entry_is_on_its_way_for_a_minute_and_then_it_is_missing(
    recorded: Engine, incident: Incident
) -> None:
    """Twelve entries that were cut off were "on their way", minutes later."""
    incident.entries.append(later(20))
    found = await verify_timeline(recorded, HERE)
    assert (found.on_their_way, found.found) == (1, ())

    incident.entries[-1] = later(75)
    [missing] = (await verify_timeline(recorded, HERE)).found
    assert "lacks 1 entry that the incident has, from number 4 on" in missing.what


async def test_what_the_incident_did_not_write_is_found(
    recorded: Engine, incident: Incident, ledger: Database
) -> None:
    """Sealed by a worker, as after a restore of Temporal: numbers alone would not tell."""
    await timeline.append(ledger, KEY, HERE, [later(5)])
    [stranger] = (await verify_timeline(recorded, HERE)).found
    assert "1 entry of which the incident knows nothing" in stranger.what

    incident.entries.append(later(5, "approved"))
    [other] = (await verify_timeline(recorded, HERE)).found
    assert "Entry 4 of the record is not the one that the incident wrote" in other.what


async def test_a_record_sealed_anew_is_not_the_one_that_the_incident_has_seen(
    recorded: Engine, incident: Incident, ledger: Database
) -> None:
    async with ledger.write() as connection:
        await connection.execute(delete(timeline_table))
        await connection.execute(delete(record_keys))
    await keys.enter_first(ledger, STRANGER, AT)
    await timeline.append(ledger, STRANGER, HERE, ENTRIES)
    said = " ".join(one.what for one in (await verify_timeline(recorded, HERE)).found)
    assert "no key with the fingerprint" in said
    assert "not the one that the incident has seen" in said
