"""Where the reading of each source is, and how it goes.

A page and what comes after it are one transaction: whoever dies before its end has read nothing,
and whoever dies afterwards goes on behind it. The newest mentions are always read first. What a
reading did not finish becomes a chain of its own, which is read further between the readings.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.explanation import Explanation
from domain.listening import Cursor, Gap, MentionPage, SourceProblem
from domain.model import Value
from domain.times import UtcTime
from store.desk.entering import Entered, enter_in
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.kernel.transitions import read_explanation, stored
from store.tables import mention_chains, mention_sources

_SOURCE = mention_sources.c
_CHAIN = mention_chains.c


class Source(Value):
    """One source as the ledger has it. ``behind``: how many chains are not complete.

    ``every``: seconds between two readings. ``misses``: readings without an answer since the last
    one that had one. ``gap`` was told at ``gap_told_at``. ``expires_at``: when the credentials end.
    """

    channel: str
    newest: str
    every: int
    since: UtcTime
    asked_at: UtcTime | None
    succeeded_at: UtcTime | None
    item_at: UtcTime | None
    failed_at: UtcTime | None
    misses: int
    problem: SourceProblem | None
    explanation: Explanation | None
    again_at: UtcTime | None
    gap: Gap | None
    gap_told_at: UtcTime | None
    lacks: str
    lacked_at: UtcTime | None
    unreadable: int
    expires_at: UtcTime | None = None
    behind: int = 0


class Lane(Value):
    """What is read next: from the newest mention on, or further in a ``chain``."""

    cursor: Cursor
    chain: int | None = None


async def register(db: Database, channel: str, every: int, at: datetime) -> Source:
    """The source of a channel, entered if it is new; ``every`` is how often it is read now."""
    row = {"channel": channel, "every": every, "since": at}
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(db.insert_or_ignore(mention_sources, ["channel"]).values(row))
        await connection.execute(
            update(mention_sources)
            .where(_SOURCE.channel == channel, _SOURCE.every != every)
            .values(every=every)
        )
        (found,) = await _sources(connection, channel)
        return found


async def all_sources(db: Database) -> list[Source]:
    """Every source there ever was, by channel."""
    async with db.read() as connection:
        return await _sources(connection)


async def newest_chain(db: Database, channel: str) -> Lane | None:
    """The chain to go on with: the one that began last, since its mentions are the newest."""
    query = (
        select(mention_chains).where(_CHAIN.channel == channel).order_by(_CHAIN.id.desc()).limit(1)
    )
    async with db.read() as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        return None
    cursor = Cursor(since=row.since, token=row.token, newest=row.newest)
    return Lane(cursor=cursor, chain=row.id)


async def enter_page(
    db: Database, channel: str, lane: Lane, page: MentionPage, at: datetime
) -> Entered:
    """Enter a page that was read in ``lane``, and where that lane is now.

    Somebody else may have read the same page and be further: then its mentions are known, and the
    lane stays where they brought it.
    """
    async with db.write(Priority.NORMAL, many_rows=True) as connection:
        entered = await enter_in(db, connection, page.mentions, at)
        if lane.chain is None:
            await _move_newest(connection, channel, lane, page.cursor, at)
        else:
            await _move_chain(connection, lane.chain, lane.cursor, page.cursor)
        await _answered(connection, channel, page, entered, at, newest=lane.chain is None)
    return entered


async def begin_again(db: Database, lane: Lane) -> None:
    """Read a chain again from its beginning, since its next page is no longer known."""
    if lane.chain is None:
        return
    async with db.write(Priority.NORMAL) as connection:
        await _move_chain(connection, lane.chain, lane.cursor, lane.cursor.again(), ends=False)


async def enter_failure(
    db: Database,
    channel: str,
    problem: SourceProblem,
    why: Explanation,
    again_at: datetime,
    at: datetime,
) -> None:
    """Enter that a reading had no answer. A limit is no miss: there was an answer, and a time."""
    missed = 0 if problem is SourceProblem.THROTTLED else 1
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(
            update(mention_sources)
            .where(_SOURCE.channel == channel)
            .values(
                failed_at=at,
                misses=_SOURCE.misses + missed,
                problem=problem.value,
                explanation=stored(why),
                again_at=again_at,
            )
        )


async def enter_expiry(db: Database, channel: str, expires_at: datetime | None) -> None:
    """Enter when the credentials of a source end; None if they do not."""
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(
            update(mention_sources).where(_SOURCE.channel == channel).values(expires_at=expires_at)
        )


async def _move_newest(
    connection: AsyncConnection, channel: str, lane: Lane, after: Cursor, at: datetime
) -> None:
    moved = await connection.execute(
        update(mention_sources)
        .where(_SOURCE.channel == channel, _SOURCE.newest == lane.cursor.since)
        .values(newest=after.newest or lane.cursor.since)
    )
    if moved.rowcount and after.token:
        chain = {"channel": channel, "begun_at": at, **after.model_dump()}
        await connection.execute(insert(mention_chains).values(chain))


async def _move_chain(
    connection: AsyncConnection, chain: int, before: Cursor, after: Cursor, *, ends: bool = True
) -> None:
    here = (_CHAIN.id == chain, _CHAIN.token == before.token)
    if ends and not after.token:
        await connection.execute(delete(mention_chains).where(*here))
        return
    values = {"token": after.token, "newest": after.newest}
    await connection.execute(update(mention_chains).where(*here).values(values))


async def _answered(
    connection: AsyncConnection,
    channel: str,
    page: MentionPage,
    entered: Entered,
    at: datetime,
    *,
    newest: bool,
) -> None:
    values: dict[str, object] = {
        "succeeded_at": at,
        "misses": 0,
        "problem": "",
        "explanation": "",
        "again_at": None,
    }
    if newest:
        values["asked_at"] = at
    if entered.new or entered.changed:
        values["item_at"] = at
    if page.gap is not None:
        values |= {
            "gap_since": page.gap.since,
            "gap_until": page.gap.until,
            "gap_told_at": at,
        }
    if page.lacks:
        values |= {"lacks": page.lacks, "lacked_at": at}
    await connection.execute(
        update(mention_sources)
        .where(_SOURCE.channel == channel)
        .values(**values, unreadable=_SOURCE.unreadable + page.unreadable)
    )


async def _sources(connection: AsyncConnection, channel: str | None = None) -> list[Source]:
    query = select(mention_sources).order_by(_SOURCE.channel)
    chains = select(_CHAIN.channel)
    if channel is not None:
        query = query.where(_SOURCE.channel == channel)
        chains = chains.where(_CHAIN.channel == channel)
    behind = list(await connection.scalars(chains))
    found = []
    for row in await connection.execute(query):
        values = dict(row._mapping)
        since, until = values.pop("gap_since"), values.pop("gap_until")
        values |= {
            "problem": SourceProblem(row.problem) if row.problem else None,
            "explanation": read_explanation(row.explanation),
            "gap": Gap(since=since, until=until) if since and until else None,
            "behind": behind.count(row.channel),
        }
        found.append(Source.model_validate(values))
    return found
