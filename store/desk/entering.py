"""Entering what people said: each version once, by whatever way and in whatever order it comes.

A webhook and a reading bring the same mention; a page is read again after a crash; an old version
may come after a newer one. What we ourselves said never becomes a mention.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, null, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.mentions import DismissalReason, Gone, Mention, MentionState, same_words
from domain.model import Value
from domain.priorities import PriorityRules
from store.desk.inserting import (
    Belongs,
    described,
    insert_mentions,
    insert_versions,
    judged,
    mention_row,
    not_later,
    version_row,
)
from store.desk.priorities import priority_rules
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import incidents, mention_versions, mentions, publications, replies

CHUNK = 200
"""Mentions of one statement."""


class Entered(Value):
    """How many mentions are new, and how many have a new version."""

    new: int = 0
    changed: int = 0

    def __add__(self, other: Entered) -> Entered:
        return Entered(new=self.new + other.new, changed=self.changed + other.changed)


async def enter(db: Database, said: Sequence[Mention], at: datetime) -> Entered:
    """Enter mentions that came at ``at``; those that are known change nothing."""
    async with db.write(Priority.NORMAL, many_rows=True) as connection:
        return await enter_in(db, connection, said, at)


async def enter_in(
    db: Database, connection: AsyncConnection, said: Sequence[Mention], at: datetime
) -> Entered:
    """The same within a transaction."""
    entered = Entered()
    if not said:
        return entered
    incident = await _running(connection)
    rules = await priority_rules(connection)
    for channel in sorted({one.channel for one in said}):
        ours = [one for one in said if one.channel == channel]
        for begin in range(0, len(ours), CHUNK):
            some = ours[begin : begin + CHUNK]
            entered += await _enter_some(
                db, connection, channel, some, Belongs(incident, rules), at
            )
    return entered


async def close_deleted(db: Database, gone: Sequence[Gone], at: datetime) -> int:
    """Close mentions that were deleted, with that as the reason; how many there were.

    One that is not known yet is entered as deleted: webhooks come in any order, and what comes
    later must not be open.
    """
    closed = 0
    async with db.write(Priority.NORMAL, many_rows=True) as connection:
        for channel in sorted({one.channel for one in gone}):
            ids = {one.id for one in gone if one.channel == channel}
            ended = await connection.execute(
                update(mentions)
                .where(
                    mentions.c.channel == channel,
                    mentions.c.provider_id.in_(ids),
                    mentions.c.state == MentionState.OPEN,
                )
                .values(state=MentionState.DELETED.value, closed_at=at)
            )
            closed += ended.rowcount
            ids -= set(await _own_posts(connection, channel, ids))
            await _enter_unknown(db, connection, channel, sorted(ids), at)
    return closed


async def draw_into(db: Database, numbers: Collection[int], incident: str) -> int:
    """Have mentions belong to an incident, whatever they belonged to; how many there are."""
    async with db.write() as connection:
        drawn = await connection.execute(
            update(mentions).where(mentions.c.id.in_(numbers)).values(incident=incident)
        )
        return int(drawn.rowcount)


async def _enter_some(
    db: Database,
    connection: AsyncConnection,
    channel: str,
    said: Sequence[Mention],
    belongs: Belongs,
    at: datetime,
) -> Entered:
    own = await _own_posts(connection, channel, {one.id for one in said})
    versions = {(one.id, one.version): one for one in said if one.id not in own}
    if not versions:
        return Entered()
    newest: dict[str, Mention] = {}
    for one in versions.values():
        if one.id not in newest or one.changed_at > newest[one.id].changed_at:
            newest[one.id] = one
    # In one order everywhere, so that two transactions never wait for each other.
    first = [mention_row(newest[name], belongs, at) for name in sorted(newest)]
    added = await insert_mentions(db, connection, first)
    new = {row.provider_id for row in added}
    known = await connection.execute(
        select(mentions.c.provider_id, mentions.c.id).where(
            mentions.c.channel == channel, mentions.c.provider_id.in_(newest)
        )
    )
    numbers = {row.provider_id: row.id for row in known}
    rows = [version_row(numbers[one.id], one, at) for _, one in sorted(versions.items())]
    came = await insert_versions(db, connection, rows)
    arrived = {(row.mention_id, row.version) for row in came}
    changed = [
        one
        for name, one in sorted(newest.items())
        if name not in new and (numbers[name], one.version) in arrived
    ]
    before = await _words(connection, [numbers[one.id] for one in changed])
    # In the order in which they are put into clusters, for the same reason.
    for one in sorted(changed, key=lambda one: numbers[one.id]):
        reworded = not same_words(before.get(numbers[one.id], ""), one.text)
        await _become(connection, numbers[one.id], one, belongs.rules, at, reworded=reworded)
    for name in sorted(set(newest) - new):
        await _learn_author(connection, numbers[name], newest[name])
    return Entered(new=len(new), changed=len(changed))


async def _learn_author(connection: AsyncConnection, number: int, mention: Mention) -> None:
    """Keep who wrote a private message and where it is answered, if a webhook could not tell."""
    author = mention.author
    if not mention.is_private_message or not (author.name or author.handle):
        return
    nameless = (mentions.c.author_name == "", mentions.c.author_handle == "")
    await connection.execute(
        update(mentions)
        .where(mentions.c.id == number, mentions.c.author_id == author.id, *nameless)
        .values(author_name=author.name, author_handle=author.handle, url=mention.url)
    )


async def _enter_unknown(
    db: Database, connection: AsyncConnection, channel: str, ids: Sequence[str], at: datetime
) -> None:
    """Enter those of ``ids`` that are not known, as deleted and without words."""
    if not ids:
        return
    empty = [Mention(channel=channel, id=one, written_at=at, changed_at=at) for one in ids]
    deleted = MentionState.DELETED.value
    rows = [
        {**mention_row(one, Belongs("", PriorityRules()), at), "state": deleted} for one in empty
    ]
    added = await insert_mentions(db, connection, rows)
    if not added:
        return
    new = {row.provider_id for row in added}
    await connection.execute(
        update(mentions)
        .where(mentions.c.channel == channel, mentions.c.provider_id.in_(new))
        .values(closed_at=at)
    )
    numbers = await connection.scalars(
        select(mentions.c.id).where(mentions.c.channel == channel, mentions.c.provider_id.in_(new))
    )
    versions = [version_row(number, one, at) for number, one in zip(numbers, empty, strict=False)]
    await insert_versions(db, connection, versions)


async def _words(connection: AsyncConnection, numbers: Collection[int]) -> dict[int, str]:
    """What each mention says in its newest version."""
    if not numbers:
        return {}
    query = (
        select(mentions.c.id, mention_versions.c.text)
        .join(
            mention_versions,
            and_(
                mention_versions.c.mention_id == mentions.c.id,
                mention_versions.c.version == mentions.c.version,
            ),
        )
        .where(mentions.c.id.in_(numbers))
    )
    return {row.id: row.text for row in await connection.execute(query)}


async def _become(
    connection: AsyncConnection,
    number: int,
    mention: Mention,
    rules: PriorityRules,
    at: datetime,
    *,
    reworded: bool,
) -> None:
    """Let a mention be in this version, unless the known one is newer.

    It is put into a cluster again, unless a person has put it where it is, or it is private. If it
    was ``reworded`` after it was closed, it is open again: somebody has to read what it says now.
    """
    values: dict[str, object] = {
        **described(mention),
        **judged(mention, rules),
        **(_REOPENED if reworded else {}),
    }
    if not mention.is_private_message:
        anew = case((mentions.c.clustered_by == "", null()), else_=mentions.c.cluster)
        values["cluster"] = anew
    changed = not_later(mention.changed_at, at)
    await connection.execute(
        update(mentions)
        .where(mentions.c.id == number, mentions.c.changed_at <= changed)
        .values(**values, changed_at=changed)
    )


def _open_again(column: ColumnElement[Any], to: object) -> ColumnElement[Any]:
    return case((_JUDGED_BY_WORDS, to), else_=column)


_JUDGED_BY_WORDS = or_(
    mentions.c.state == MentionState.ANSWERED.value,
    and_(
        mentions.c.state == MentionState.DISMISSED.value,
        mentions.c.reason.in_([one.value for one in DismissalReason if one.about_the_words]),
    ),
)
_REOPENED = {
    name: _open_again(mentions.c[name], to)
    for name, to in {
        "state": MentionState.OPEN.value,
        "reason": "",
        "words": "",
        "closed_by": "",
        "closed_at": null(),
    }.items()
}


async def _own_posts(
    connection: AsyncConnection, channel: str, ids: Collection[str]
) -> Collection[str]:
    """Those of ``ids`` for which the ledger has a receipt of ours: of a post, or of a reply."""
    posts, answers = (
        select(table.c.receipt_id).where(table.c.channel == channel, table.c.receipt_id.in_(ids))
        for table in (publications, replies)
    )
    return set(await connection.scalars(union_all(posts, answers)))


async def _running(connection: AsyncConnection) -> str:
    """The incident that was opened last and is open; empty if none is."""
    slug = await connection.scalar(
        select(incidents.c.slug)
        .where(incidents.c.closed_at.is_(None))
        .order_by(incidents.c.opened_at.desc(), incidents.c.slug)
        .limit(1)
    )
    return slug or ""
