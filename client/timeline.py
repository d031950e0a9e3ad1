"""The timeline of an incident, and whether anybody has changed it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from temporalio.service import RPCError

from client.asking import ask
from client.engine import Engine
from client.errors import ClientError, UnknownIncident
from client.incidents import refuse_unknown
from client.record_key import trusted_key
from domain.errors import DomainError
from domain.explanation import Explanation, explained
from domain.model import Value
from domain.plural import plural
from domain.record import Record, SealedEntry
from domain.record_check import FIND_OUT, Checked, check_head, check_record
from domain.status import IncidentStatus
from domain.timeline import TimelineEntry
from store.record import event_numbers, incidents, records, timeline
from store.record.event_numbers import NumberedEntry
from store.record.incidents import IncidentRow
from wiring import TemporalUnreachable

ON_ITS_WAY = timedelta(seconds=60)
"""How long an entry may take from the incident to the ledger. After that it is missing."""


class Verified(Value):
    """What verifying a record came to; it is whole if nothing was ``found``.

    ``confirmed``: the incident itself compared it with its own entries and with the end that it
    has seen; otherwise it could not be asked. ``on_their_way`` entries are not in the ledger yet.
    ``key`` is the fingerprint of the key that sealed the end, and ``compared`` whether this process
    knew that key from elsewhere than the ledger.
    """

    entries: int
    confirmed: bool
    on_their_way: int = 0
    branches: int = 1
    key: str = ""
    compared: bool = False
    found: tuple[Explanation, ...] = ()


async def read_timeline(engine: Engine, slug: str) -> list[TimelineEntry]:
    """Everything that happened in an incident, by branch, oldest first: the ledger's record.

    ``UnknownIncident`` if the ledger has nothing of it, ``DomainError`` if a row of it cannot be
    read.
    """
    entries = await timeline.read(await engine.ledger(), slug)
    if not entries:
        await refuse_unknown(engine, slug)
    return entries


async def newest_entries(
    engine: Engine, slug: str, after: int = 0, most: int = 100
) -> list[TimelineEntry]:
    """What happened behind the first ``after`` entries, in the order in which it was entered.

    ``UnknownIncident`` and ``DomainError`` as ``read_timeline``.
    """
    entries = await timeline.read_some(await engine.ledger(), slug, after, most)
    if not entries:
        await refuse_unknown(engine, slug)
    return entries


async def newest_of_all(
    engine: Engine, after: int = 0, mark: str = "", most: int = 100
) -> list[NumberedEntry]:
    """What happened in all incidents behind number ``after``, whose ``mark`` the reader was given.

    Nothing is passed over and nothing comes twice, whatever is entered meanwhile. ``OtherEntries``
    if the ledger has something else under that number, as a restored one may.
    """
    return await event_numbers.read_some(await engine.ledger(), after, mark, most)


async def verify_timeline(engine: Engine, slug: str, key: str = "") -> Verified:
    """Check that nobody has changed, shortened or replaced the record.

    First by its own seals, which needs neither Temporal nor a secret; then by asking the incident,
    if it answers. ``key`` is a fingerprint that the reader has from elsewhere.
    """
    asked = await _ask(engine, slug)
    trusted = trusted_key(engine.settings, key)
    if trusted is None and asked.status is not None:
        trusted = asked.status.record.key or None
    try:
        record = await records.read_record(await engine.ledger(), slug)
    except DomainError as error:
        return Verified(entries=0, confirmed=False, found=(error.explanation,))
    checked = check_record(record, trusted)
    found = [*checked.found, *asked.found, *await _whole_record_missing(engine, slug, record)]
    on_their_way = 0
    if asked.status is not None:
        found += check_head(record, asked.status.record)
        compared, on_their_way = _compare(record.entries, asked.entries, datetime.now(UTC))
        found += compared or await _unknown_to_the_incident(engine, slug, record, asked.entries)
    return _verified(checked, found, on_their_way, confirmed=asked.status is not None)


def _verified(
    checked: Checked, found: Sequence[Explanation], on_their_way: int, *, confirmed: bool
) -> Verified:
    return Verified(
        entries=checked.entries,
        branches=checked.branches,
        key=checked.key,
        compared=checked.compared,
        confirmed=confirmed,
        on_their_way=on_their_way,
        found=tuple(found),
    )


class _Asked(Value):
    """What the incident said of its record; no status if it could not be asked."""

    status: IncidentStatus | None = None
    entries: tuple[TimelineEntry, ...] = ()
    found: tuple[Explanation, ...] = ()


async def _ask(engine: Engine, slug: str) -> _Asked:
    try:
        status, entries = await asyncio.gather(
            ask(engine, slug, "status", IncidentStatus),
            ask(engine, slug, "timeline", list[TimelineEntry]),
        )
    except UnknownIncident:
        row = await _row(engine, slug)
        if row is None or row.closed_at is not None:
            return _Asked()
        lost = explained(
            "The ledger says that the incident is open, and Temporal does not know it.",
            FIND_OUT,
            means="So nobody can confirm that the end of the record is there: the closing was "
            "taken out, or Temporal's database was lost or replaced.",
        )
        return _Asked(found=(lost,))
    except (ClientError, TemporalUnreachable, RPCError):
        return _Asked()
    return _Asked(status=status, entries=tuple(entries))


def _compare(
    ledger: Sequence[SealedEntry], incident: Sequence[TimelineEntry], now: datetime
) -> tuple[list[Explanation], int]:
    """What is different from the incident's own entries, and how many are still on their way."""
    there = {(one.branch, one.seq): one for one in ledger}
    late: list[TimelineEntry] = []
    on_their_way = 0
    for entry in incident:
        kept = there.get((entry.branch, entry.seq))
        if kept is None and now - entry.at <= ON_ITS_WAY:
            on_their_way += 1
        elif kept is None:
            late.append(entry)
        elif not kept.says(entry):
            what = f"Entry {entry.seq} of the record is not the one that the incident wrote."
            return [explained(what, FIND_OUT)], on_their_way
    if not late:
        return [], on_their_way
    missing = explained(
        f"The record lacks {plural(len(late), 'entry', 'entries')} that the incident has, from "
        f"number {late[0].seq} on.",
        "See whether a worker runs and reaches the ledger. If it does: find out who may write to "
        "the database.",
        means=f"{'It was' if len(late) == 1 else 'They were'} written more than "
        f"{ON_ITS_WAY.total_seconds():.0f} s ago, so "
        f"{'it is' if len(late) == 1 else 'they are'} not on the way any more.",
    )
    return [missing], on_their_way


async def _unknown_to_the_incident(
    engine: Engine, slug: str, record: Record, known: Sequence[TimelineEntry]
) -> list[Explanation]:
    """Entries that the ledger has and the incident has not, in the branch that it writes."""
    if not _strangers(record.entries, known):
        return []
    # It may have written them since it was asked.
    known = await ask(engine, slug, "timeline", list[TimelineEntry])
    strangers = _strangers(record.entries, known)
    if not strangers:
        return []
    return [
        explained(
            f"The record has {plural(len(strangers), 'entry', 'entries')} of which the incident "
            f"knows nothing, from number {strangers[0].seq} on.",
            "Compare with an export made earlier. The incident goes on in another branch with its "
            "next entry.",
            means="Temporal was reset or restored to an earlier state, or somebody wrote to the "
            "ledger.",
        )
    ]


def _strangers(
    ledger: Sequence[SealedEntry], incident: Sequence[TimelineEntry]
) -> list[SealedEntry]:
    if not incident:
        return []
    last = incident[-1]
    return [one for one in ledger if one.branch == last.branch and one.seq > last.seq]


async def _whole_record_missing(engine: Engine, slug: str, record: Record) -> list[Explanation]:
    """An incident of the list without one entry, if it is not of this moment."""
    if record.entries or record.closed:
        return []
    row = await _row(engine, slug)
    if row is None:
        return []
    if datetime.now(UTC) - row.opened_at <= ON_ITS_WAY:
        return []
    return [
        explained(
            "The whole record is missing: the incident is in the list, and not one entry of it is "
            "there.",
            FIND_OUT,
        )
    ]


async def _row(engine: Engine, slug: str) -> IncidentRow | None:
    listed = await incidents.list_incidents(await engine.ledger())
    return next((one for one in listed if one.slug == slug), None)
