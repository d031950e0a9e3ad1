"""Planning replies: one for each mention, agreed to by a second person, or called off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select, update

from domain.explanation import Explanation
from domain.mentions import MentionState
from domain.model import Value
from domain.priorities import MentionPriority
from domain.publication import PublicationState
from domain.replies import ReplyGround
from store.desk.claiming import free_for
from store.desk.reading import CHUNK
from store.desk.reply_rows import ReplyRow, rows_of
from store.kernel.database import Database
from store.kernel.transitions import stored
from store.tables import mentions, replies

_R = replies.c
_S = PublicationState


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

    One that has a reply which may have gone out, or still will, gets no other. The rows entered.
    """
    planned: list[ReplyRow] = []
    async with db.write(many_rows=len(wanted) > 1) as connection:
        for begin in range(0, len(wanted), CHUNK):
            some = {one.mention: one for one in wanted[begin : begin + CHUNK]}
            authors = {one.ground.by for one in some.values()}
            free: dict[int, str] = {}
            for author in sorted(authors):
                # In one order everywhere, and locked: a mention that is dismissed at this moment
                # is not replied to.
                query = (
                    select(mentions.c.id, mentions.c.channel)
                    .where(
                        mentions.c.id.in_(
                            [n for n, one in some.items() if one.ground.by == author]
                        ),
                        mentions.c.state == MentionState.OPEN.value,
                        free_for(author, at),
                    )
                    .order_by(mentions.c.id)
                    .with_for_update()
                )
                free |= {row.id: row.channel for row in await connection.execute(query)}
            values = [_values(some[number], channel, at) for number, channel in free.items()]
            if not values:
                continue
            added = await connection.scalars(
                db.insert_or_ignore(replies).values(values).returning(_R.id)
            )
            query = select(replies).where(_R.id.in_(list(added))).order_by(_R.id)
            planned += await rows_of(connection, query)
    return planned


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


def _values(reply: NewReply, channel: str, at: datetime) -> dict[str, object]:
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
        "planned_at": at,
        "state": _S.PLANNED.value,
        "updated_at": at,
        "version": reply.version,
    }
