"""Numbers for the entries of all timelines together, in which a reader can go on.

Entries of several incidents are committed in any order. So they are numbered when they are read:
by one at a time, who sees all that is committed. What is committed later has a higher number, and
within an incident the order is that of its chain.
"""

from __future__ import annotations

from sqlalchemy import CTE, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.timeline import TimelineEntry
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.record.timeline import entries_of, read_sealed, unreadable
from store.tables import event_numbers, timeline

DIGITS = 16
"""How many of an entry's hash go with its number: a restored ledger may give it to another one."""


class NumberedEntry(Value):
    """An entry with its incident and its number among those of all; ``mark`` is of its hash."""

    number: int
    incident: str
    mark: str
    entry: TimelineEntry


class OtherEntries(DomainError):
    """The ledger has something else under a number than the reader was given."""


async def read_some(db: Database, after: int, mark: str, most: int) -> list[NumberedEntry]:
    """The entries behind number ``after``, whose ``mark`` the reader has; 0 is the beginning.

    ``OtherEntries`` if that number is another entry's by now, or nobody's; ``DomainError`` if
    somebody changed or took out an entry that is to be read.
    """
    async with db.read() as connection:
        behind = (await connection.execute(select(_behind().c.incident).limit(1))).first()
    if behind is not None:
        async with db.write(Priority.NORMAL) as connection:
            await db.serialise(connection, "event numbers")
            await _number(connection)
    async with db.read() as connection:
        if after and await _mark(connection, after) != mark:
            raise OtherEntries(
                "The ledger has other events than when this cursor was given.",
                NextStep(
                    action=Action.LIST_INCIDENTS,
                    advice="Begin again without a cursor, and pass over what you have.",
                ),
                means="It was restored from a copy, or somebody has changed it.",
            )
        query = (
            select(event_numbers)
            .where(event_numbers.c.number > after)
            .order_by(event_numbers.c.number)
            .limit(most)
        )
        numbered = (await connection.execute(query)).all()
    read: dict[tuple[str, int], tuple[str, TimelineEntry]] = {}
    for incident in sorted({row.incident for row in numbered}):
        # Within an incident the numbers are in the order of its chain, and none is left out.
        links = [row.link for row in numbered if row.incident == incident]
        found = await read_sealed(db, incident, links[0] - 1, len(links))
        if [one.link for one in found] != links:
            raise unreadable(incident)
        for one, entry in zip(found, entries_of(incident, found), strict=True):
            read[incident, one.link] = one.hash[:DIGITS], entry
    return [
        NumberedEntry(number=row.number, incident=row.incident, mark=mark, entry=entry)
        for row in numbered
        for mark, entry in [read[row.incident, row.link]]
    ]


async def _number(connection: AsyncConnection) -> None:
    behind = _behind()
    # By time, as far as that keeps the order of each chain: clocks go back.
    since = func.max(timeline.c.at).over(partition_by=timeline.c.incident, order_by=timeline.c.link)
    new = (
        select(timeline.c.incident, timeline.c.link)
        .join(behind, behind.c.incident == timeline.c.incident)
        .where(timeline.c.link > behind.c.link)
        .order_by(since, timeline.c.incident, timeline.c.link)
    )
    await connection.execute(event_numbers.insert().from_select(["incident", "link"], new))


def _behind() -> CTE:
    """The incidents with entries that have no number yet, and the last one that has."""
    names = _incidents()
    there, numbered = (
        select(func.max(table.c.link)).where(table.c.incident == names.c.incident).scalar_subquery()
        for table in (timeline, event_numbers)
    )
    last = func.coalesce(numbered, 0)
    return select(names.c.incident, last.label("link")).where(there > last).cte()


def _incidents() -> CTE:
    """Every incident of the timeline, each found behind the one before in an index.

    To group all entries by it would read all of them.
    """
    first = func.min(timeline.c.incident)
    names = select(first.label("incident")).cte(recursive=True)
    following = select(first).where(timeline.c.incident > names.c.incident).scalar_subquery()
    return names.union_all(select(following).where(names.c.incident.is_not(None)))


async def _mark(connection: AsyncConnection, number: int) -> str | None:
    same = (timeline.c.incident == event_numbers.c.incident) & (
        timeline.c.link == event_numbers.c.link
    )
    query = select(timeline.c.hash).join(event_numbers, same)
    found = await connection.scalar(query.where(event_numbers.c.number == number))
    return None if found is None else str(found)[:DIGITS]
