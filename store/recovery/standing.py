"""Whether the ledger has everything that an incident, or a publication of it, knows it to have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.explanation import Explanation
from domain.ids import MessageRef, publication_key
from domain.ledger import BegunAttempt, KnownLedger, behind
from domain.publication import Destination
from domain.timeline import RecordHead
from store.kernel.database import Database
from store.recovery.generations import read_generation
from store.recovery.locks import lock_of
from store.tables import batches, broadcasts, publications, timeline


async def why_behind(
    db: Database,
    incident: str,
    known: KnownLedger,
    ref: MessageRef | None = None,
    place: Destination | None = None,
) -> Explanation | None:
    """Why nothing may go out for ``incident`` from this ledger; None if it may.

    ``known.newest`` is compared for the message ``ref`` at ``place``.
    """
    held = await lock_of(db, incident)
    return held.why if held is not None else await what_lacks(db, incident, known, ref, place)


class Begun(NamedTuple):
    """An attempt at a message that the ledger must have, and where it was made."""

    ref: MessageRef
    place: Destination
    newest: BegunAttempt


async def what_lacks(
    db: Database,
    incident: str,
    known: KnownLedger,
    ref: MessageRef | None = None,
    place: Destination | None = None,
    attempts: Sequence[Begun] = (),
) -> Explanation | None:
    """The same without the incident's lock: whether the ledger lacks something at this moment.

    ``attempts`` are looked for besides.
    """
    if known.newest and ref and place:
        attempts = [Begun(ref, place, known.newest), *attempts]
    async with db.read() as connection:
        current = await read_generation(connection)
        if known.generation and current != known.generation:
            return behind(incident, "The ledger is not the one in which it was kept so far.")
        lacks = await _record_lacks(connection, incident, known.record)
        if lacks:
            return behind(incident, lacks)
        for one in attempts:
            if await _begun(connection, *one) < one.newest.attempt:
                return behind(incident, _lacks(one.newest, one.ref, one.place))
    return None


async def _record_lacks(connection: AsyncConnection, incident: str, known: RecordHead) -> str:
    """What the incident's record in the ledger lacks of what it had; "" if nothing."""
    if not known.entries:
        return ""
    mine = timeline.c.incident == incident
    there = await connection.scalar(
        select(timeline.c.hash).where(mine, timeline.c.link == known.entries)
    )
    if there == known.hash:
        return ""
    has = int(await connection.scalar(select(func.count()).select_from(timeline).where(mine)) or 0)
    if has < known.entries:
        return f"The ledger has {has} of the {known.entries} entries that it had."
    return f"The ledger has another entry {known.entries} than it had."


async def _begun(
    connection: AsyncConnection, ref: MessageRef, place: Destination, newest: BegunAttempt
) -> int:
    if place.audience is None:
        query = select(publications.c.attempt).where(
            publications.c.incident == ref.incident,
            publications.c.number == ref.number,
            publications.c.channel == place.channel,
        )
    else:
        key = publication_key(ref, place.channel, place.audience)
        query = (
            select(batches.c.attempt)
            .join(broadcasts, broadcasts.c.id == batches.c.broadcast_id)
            .where(broadcasts.c.key == key, batches.c.number == newest.number)
        )
    return int(await connection.scalar(query) or 0)


def _lacks(newest: BegunAttempt, ref: MessageRef, place: Destination) -> str:
    which = f"batch {newest.number}" if place.audience is not None else f"attempt {newest.attempt}"
    return f"The ledger has forgotten {which} of message {ref.number} on {place}."
