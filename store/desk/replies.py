"""Planning replies: one for each mention, agreed to by a second person, or called off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger, Boolean, Integer, Text

from domain.explanation import Explanation
from domain.mentions import MentionState
from domain.model import Value
from domain.priorities import MentionPriority
from domain.publication import PublicationState
from domain.replies import ReplyGround
from store.desk.claiming import free_for
from store.desk.private import NOT_PRIVATE
from store.desk.reading import CHUNK
from store.desk.reply_rows import ReplyRow, rows_of
from store.kernel.bulk import Bulk, Kind, Scalar
from store.kernel.columns import Moment, moment_text
from store.kernel.database import Database
from store.kernel.transitions import stored
from store.tables import mentions, replies

_R = replies.c
_S = PublicationState
AT_ONCE = 100
"""Replies that are entered in one transaction."""

_COLUMNS: Mapping[str, Kind] = {
    "mention_id": BigInteger(),
    **{name: Text() for name in ("channel", "text", "incident", "basis")},
    "message": Integer(),
    "revision": Integer(),
    "saved": Text(),
    "wording": Integer(),
    **{name: Text() for name in ("by", "second")},
    "waits": Boolean(),
    "rank": Integer(),
    "planned_at": Moment(),
    "state": Text(),
    "updated_at": Moment(),
    "version": Text(),
}


class NewReply(Value):
    """A reply to ``mention`` in ``text``, and why it may go out.

    ``waits``: a second person has to agree to the words first. ``version`` of the mention is what
    it answers; empty, it goes out whatever the mention says by then.
    """

    mention: int
    text: str
    ground: ReplyGround
    version: str = ""
    waits: bool = False
    priority: MentionPriority = MentionPriority.NONE


async def plan(db: Database, wanted: Sequence[NewReply], at: datetime) -> list[ReplyRow]:
    """Enter replies to those of the mentions that are open, free for their author and unanswered.

    A private message gets none. One that has a reply which may have gone out, or still will, gets
    no other. The rows entered.
    """
    planned: list[ReplyRow] = []
    for begin in range(0, len(wanted), AT_ONCE):
        some = {one.mention: one for one in wanted[begin : begin + AT_ONCE]}
        # Of its own, so that nobody waits long for the ledger.
        async with db.write(many_rows=len(wanted) > 1) as connection:
            free = await _free(connection, some, at)
            rows = [_row(some[number], channel, at) for number, channel in free.items()]
            if rows:
                planned += await _insert(db, connection, rows)
    return planned


async def _free(
    connection: AsyncConnection, wanted: Mapping[int, NewReply], at: datetime
) -> dict[int, str]:
    """The channels of the mentions that may be answered, by number.

    Locked in one order: a mention that is dismissed at this moment is not replied to.
    """
    free: dict[int, str] = {}
    for author in sorted({one.ground.by for one in wanted.values()}):
        query = (
            select(mentions.c.id, mentions.c.channel)
            .where(
                mentions.c.id.in_([n for n, one in wanted.items() if one.ground.by == author]),
                mentions.c.state == MentionState.OPEN.value,
                NOT_PRIVATE,
                free_for(author, at),
            )
            .order_by(mentions.c.id)
            .with_for_update()
        )
        free |= {row.id: row.channel for row in await connection.execute(query)}
    return free


async def _insert(
    db: Database, connection: AsyncConnection, rows: Sequence[Mapping[str, Scalar]]
) -> list[ReplyRow]:
    bulk = Bulk(db.dialect, **_COLUMNS)
    inserting = (
        db.insert_or_ignore(replies).from_select(list(_COLUMNS), bulk.select()).returning(_R.id)
    )
    values = ([row[name] for name in _COLUMNS] for row in rows)
    added = await connection.scalars(inserting, bulk.parameter(values))
    return await rows_of(connection, select(replies).where(_R.id.in_(list(added))).order_by(_R.id))


async def agree(db: Database, number: int, person: str, at: datetime) -> bool:
    """Let a reply out that waits for a second person; false if it does not, or it is their own."""
    async with db.write() as connection:
        agreed = await connection.execute(
            update(replies)
            .where(_R.id == number, _R.waits, _R.state == _S.PLANNED.value, _R.by != person)
            .values(waits=False, second=person, updated_at=at)
        )
        return bool(agreed.rowcount)


async def call_off(
    db: Database, numbers: Sequence[int], why: Explanation, at: datetime
) -> list[ReplyRow]:
    """Withdraw those of the replies that are planned and of which nothing can have gone out."""
    called_off: list[ReplyRow] = []
    async with db.write(many_rows=len(numbers) > 1) as connection:
        for begin in range(0, len(numbers), CHUNK):
            changed = await connection.scalars(
                update(replies)
                .where(
                    and_(
                        _R.id.in_(numbers[begin : begin + CHUNK]),
                        _R.state == _S.PLANNED.value,
                        _R.uncertain_since.is_(None),
                    )
                )
                .values(state=_S.WITHDRAWN.value, explanation=stored(why), updated_at=at)
                .returning(_R.id)
            )
            query = select(replies).where(_R.id.in_(list(changed))).order_by(_R.id)
            called_off += await rows_of(connection, query)
    return called_off


def _row(reply: NewReply, channel: str, at: datetime) -> dict[str, Scalar]:
    ground = reply.ground
    return {
        "mention_id": reply.mention,
        "channel": channel,
        "text": reply.text,
        "incident": ground.incident,
        "basis": ground.basis.value,
        "message": ground.number,
        "revision": ground.revision,
        "saved": ground.saved,
        "wording": ground.wording,
        "by": ground.by,
        "second": ground.second,
        "waits": reply.waits,
        "rank": reply.priority.rank,
        "planned_at": moment_text(at),
        "state": _S.PLANNED.value,
        "updated_at": moment_text(at),
        "version": reply.version,
    }
