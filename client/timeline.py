"""The timeline of an incident, and whether anybody has changed it."""

from __future__ import annotations

from collections.abc import Sequence

from client.asking import ask
from client.engine import Engine
from client.errors import ClientError, RecordChanged
from client.incidents import refuse_unknown
from domain.model import Value
from domain.timeline import TimelineEntry
from store.record import timeline
from wiring import TemporalUnreachable

_FIND_OUT = "Find out who may write to the database"


class Verified(Value):
    """A record that is whole.

    ``confirmed``: the incident itself says that these are all; otherwise it could not be asked.
    ``on_their_way`` entries are not in the ledger yet.
    """

    entries: int
    confirmed: bool
    on_their_way: int = 0


async def read_timeline(engine: Engine, slug: str) -> list[TimelineEntry]:
    """Everything that happened in an incident, oldest first: the ledger's record.

    ``UnknownIncident`` if the ledger has nothing of it.
    """
    entries = await timeline.read(await engine.ledger(), slug)
    if not entries:
        await refuse_unknown(engine, slug)
    return entries


async def broken_at(engine: Engine, slug: str) -> int | None:
    """The number of the first entry that does not fit what comes before it, or None."""
    return await timeline.verify(await engine.ledger(), slug)


async def verify_timeline(engine: Engine, slug: str, entries: Sequence[TimelineEntry]) -> Verified:
    """Check that nobody has changed the record: by its seals, and by asking the incident.

    ``entries`` are those that were read. ``RecordChanged`` names the entry that does not fit.
    """
    broken = await broken_at(engine, slug)
    if broken is not None:
        raise RecordChanged(
            f"The record was changed: entry {broken} does not fit what comes before it.",
            f"{_FIND_OUT}; the workflow's own history in Temporal shows what really happened.",
        )
    # A chain does not show that its end was cut off; the workflow does.
    try:
        newest = await ask(engine, slug, "timeline", list[TimelineEntry])
    except (ClientError, TemporalUnreachable):
        return Verified(entries=len(entries), confirmed=False)
    absent = {one.seq for one in newest} - {one.seq for one in entries}
    # Entries of this moment may still be on their way to the ledger.
    if absent and min(absent) <= max((one.seq for one in entries), default=0):
        raise RecordChanged(
            f"The record lacks entry {min(absent)}, which the incident has.", f"{_FIND_OUT}."
        )
    return Verified(entries=len(entries), confirmed=True, on_their_way=len(absent))
