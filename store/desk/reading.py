"""Reading what people said: lists, the newest first and page by page, and one with its versions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.claims import Claim, Draft
from domain.mentions import Author, DismissalReason, Mention, MentionKind, MentionState
from domain.model import Value
from domain.priorities import MentionPriority
from domain.times import UtcTime
from store.kernel.columns import Moment
from store.kernel.database import Database
from store.tables import mention_versions, mentions

_M = mentions.c
CHUNK = 500
"""Numbers of one query; SQLite takes some thousands."""


class Which(Value):
    """Which mentions: all, or those of a state, a channel, an author, an incident, a claim.

    ``author`` is an id or a handle of the platform, exactly as it is there. ``claimed_by`` is who
    claimed them last, also if the lease is over. ``mail``: whether mail is among them. ``language``
    is what the platform says. ``priority``: those of at least this one.
    """

    state: MentionState | None = None
    channel: str = ""
    author: str = ""
    incident: str = ""
    claimed_by: str = ""
    mail: bool = True
    cluster: int | None = None
    language: str = ""
    priority: MentionPriority = MentionPriority.NONE


class Order(StrEnum):
    """What a list begins with: the newest, or what is most urgent and there the oldest."""

    NEWEST = "newest"
    PRIORITY = "priority"


class After(Value):
    """Behind which mention a page of a list begins."""

    written_at: UtcTime
    number: int
    rank: int = 0


class MentionRow(Value):
    """A mention in its newest version, by our ``number``; ``incident`` is empty for none.

    ``reason`` and ``words`` say why it was dismissed, ``closed_by`` who did: nobody for a rule.
    ``claim`` is the last one, also if its lease is over. ``cluster`` is None for none. ``rule`` is
    the name of the rule that gave it its priority.
    """

    number: int
    mention: Mention
    state: MentionState
    arrived_at: UtcTime
    closed_at: UtcTime | None
    reason: DismissalReason | None = None
    words: str = ""
    closed_by: str = ""
    incident: str
    claim: Claim | None = None
    draft: Draft | None = None
    cluster: int | None = None
    priority: MentionPriority = MentionPriority.NONE
    rule: str = ""

    def after(self) -> After:
        """Where the page behind it begins."""
        return After(
            written_at=self.mention.written_at, number=self.number, rank=self.priority.rank
        )


class MentionVersion(Value):
    """One version of what was said."""

    version: str
    text: str
    cut: bool
    changed_at: datetime
    arrived_at: datetime


async def listed(
    db: Database,
    which: Which,
    limit: int,
    after: After | None = None,
    order: Order = Order.NEWEST,
) -> list[MentionRow]:
    """The first of these mentions in this order, or those behind ``after``."""
    async with db.read() as connection:
        return await _with_words(connection, query_of(which, limit, after, order))


def query_of(
    which: Which, limit: int, after: After | None = None, order: Order = Order.NEWEST
) -> Select[Any]:
    """The query of such a list, without the words."""
    query = select(mentions).where(*_conditions(which))
    if order is Order.PRIORITY:
        if after is not None:
            place = tuple_(after.rank, literal(after.written_at, Moment()), after.number)
            query = query.where(tuple_(_M.rank, _M.written_at, _M.id) > place)
        return query.order_by(_M.rank, _M.written_at, _M.id).limit(limit)
    if after is not None:
        place = tuple_(literal(after.written_at, Moment()), after.number)
        query = query.where(tuple_(_M.written_at, _M.id) < place)
    return query.order_by(_M.written_at.desc(), _M.id.desc()).limit(limit)


async def newest(db: Database) -> int:
    """The number of the mention that came last; 0 if there is none."""
    async with db.read() as connection:
        return await connection.scalar(select(func.max(_M.id))) or 0


async def newer(db: Database, which: Which, than: int, most: int) -> int:
    """How many of these mentions came after number ``than``, counted up to ``most``."""
    some = select(_M.id).where(_M.id > than, *_conditions(which)).limit(most).subquery()
    async with db.read() as connection:
        return await connection.scalar(select(func.count()).select_from(some)) or 0


async def find(db: Database, number: int) -> MentionRow | None:
    """One mention; None if there is none of that number."""
    async with db.read() as connection:
        found = await _with_words(connection, select(mentions).where(_M.id == number))
        return found[0] if found else None


async def find_all(db: Database, numbers: Collection[int]) -> dict[int, MentionRow]:
    """Those of these mentions that there are, by number."""
    wanted, found = sorted(set(numbers)), dict[int, MentionRow]()
    async with db.read() as connection:
        for begin in range(0, len(wanted), CHUNK):
            some = wanted[begin : begin + CHUNK]
            read = await _with_words(connection, select(mentions).where(_M.id.in_(some)))
            found |= {one.number: one for one in read}
    return found


async def versions(db: Database, number: int) -> Sequence[MentionVersion]:
    """Every version of a mention, the oldest first."""
    query = (
        select(mention_versions)
        .where(mention_versions.c.mention_id == number)
        .order_by(mention_versions.c.changed_at, mention_versions.c.arrived_at)
    )
    async with db.read() as connection:
        rows = await connection.execute(query)
        return [MentionVersion.model_validate(dict(row._mapping)) for row in rows]


async def counts(db: Database, incident: str = "") -> dict[MentionState, int]:
    """How many there are in each state: of an incident, or of all."""
    query = select(_M.state, func.count()).group_by(_M.state)
    if incident:
        query = query.where(_M.incident == incident)
    async with db.read() as connection:
        found = {MentionState(row[0]): row[1] for row in await connection.execute(query)}
    return {state: found.get(state, 0) for state in MentionState}


async def _with_words(connection: AsyncConnection, query: Select[Any]) -> list[MentionRow]:
    """The mentions of ``query``, each with the words of its newest version.

    The words are read for these alone: joined, they would be read for all that a list is cut from.
    """
    rows = (await connection.execute(query)).all()
    said = await connection.execute(
        select(mention_versions).where(mention_versions.c.mention_id.in_([row.id for row in rows]))
    )
    words = {(one.mention_id, one.version): one for one in said}
    return [_read(row, words[row.id, row.version]) for row in rows]


def _conditions(which: Which) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if which.state is not None:
        conditions.append(_M.state == which.state.value)
    if which.channel:
        conditions.append(_M.channel == which.channel)
    if which.author:
        conditions.append(or_(_M.author_id == which.author, _M.author_handle == which.author))
    if which.incident:
        conditions.append(_M.incident == which.incident)
    if which.claimed_by:
        conditions.append(_M.claimed_by == which.claimed_by)
    if which.cluster is not None:
        conditions.append(_M.cluster == which.cluster)
    if which.language:
        conditions.append(_M.language == which.language)
    if which.priority is not MentionPriority.NONE:
        conditions.append(_M.rank <= which.priority.rank)
    if not which.mail:
        conditions.append(_M.kind != MentionKind.MAIL.value)
    return conditions


def _read(row: Row[Any], words: Row[Any]) -> MentionRow:
    author = Author(
        id=row.author_id,
        handle=row.author_handle,
        name=row.author_name,
        followers=row.author_followers,
    )
    told = {"id": row.provider_id, "author": author, "text": words.text, "cut": words.cut}
    mention = Mention.model_validate({**row._mapping, **told})
    return MentionRow(
        number=row.id,
        mention=mention,
        state=MentionState(row.state),
        arrived_at=row.arrived_at,
        closed_at=row.closed_at,
        reason=DismissalReason(row.reason) if row.reason else None,
        words=row.words,
        closed_by=row.closed_by,
        incident=row.incident,
        claim=_claim(row),
        draft=_draft(row),
        cluster=row.cluster or None,
        priority=MentionPriority.ranked(row.rank),
        rule=row.rule,
    )


def _claim(row: Row[Any]) -> Claim | None:
    if not row.claimed_by:
        return None
    return Claim(by=row.claimed_by, since=row.claimed_at, until=row.claimed_until)


def _draft(row: Row[Any]) -> Draft | None:
    if not row.drafted_by:
        return None
    return Draft(text=row.draft, by=row.drafted_by, at=row.drafted_at)
