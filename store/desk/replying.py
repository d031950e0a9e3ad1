"""Sending replies: who may send which, and what became of it, each in one statement.

A reply is ``sending`` before its request, like every publication. One that is found ``sending``
later may have gone out: it is looked for on the platform before anything else is done with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, and_, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.explanation import Explanation, explained
from domain.mentions import DismissalReason, MentionState, same_words
from domain.publication import PublicationState, Receipt
from store.desk.claiming import NOBODY
from store.desk.reply_rows import ReplyRow, rows_of
from store.kernel.database import Database
from store.kernel.transitions import stored
from store.recovery.locks import unlocked
from store.stops.stops import not_stopped
from store.tables import mention_versions, mentions, replies

_R = replies.c
_S = PublicationState

LOOKS_AFTER = (timedelta(seconds=5), timedelta(seconds=20), timedelta(seconds=60))
"""How long after an attempt without a clear answer it is looked for; absent each time, it is
certain that it did not go out."""


MOST_ATTEMPTS = 5
"""So many attempts without a clear answer, and it is given up: a person decides."""


def _may_go() -> ColumnElement[bool]:
    """Whether nothing keeps a planned reply back."""
    still_open = exists().where(
        mentions.c.id == _R.mention_id, mentions.c.state == MentionState.OPEN.value
    )
    return and_(
        _R.state == _S.PLANNED.value,
        ~_R.waits,
        still_open,
        unlocked(_R.incident),
        not_stopped(_R.incident),
    )


async def due(db: Database, channel: str, limit: int) -> list[ReplyRow]:
    """The replies that may go out next on a channel: the most important, then the oldest."""
    query = (
        select(replies)
        .where(_R.channel == channel, _may_go())
        .order_by(_R.rank, _R.id)
        .limit(limit)
    )
    async with db.read() as connection:
        return await rows_of(connection, query)


async def take(db: Database, numbers: Collection[int], at: datetime) -> list[ReplyRow]:
    """Take the right to send those of the replies that may still go out; the rows taken."""
    async with db.write() as connection:
        taken = await connection.scalars(
            update(replies)
            .where(_R.id.in_(sorted(numbers)), _may_go())
            .values(
                state=_S.SENDING.value,
                attempt=_R.attempt + 1,
                started_at=at,
                uncertain_since=at,
                looks=0,
                look_at=at + LOOKS_AFTER[0],
                perhaps=False,
                explanation="",
                updated_at=at,
            )
            .returning(_R.id)
        )
        return await rows_of(connection, select(replies).where(_R.id.in_(list(taken))))


async def accept(db: Database, reply: ReplyRow, receipt: Receipt, at: datetime) -> None:
    """Enter a receipt: the mention is answered. Evidence counts, whatever was known before.

    One that says something else by now stays open: what was answered is what it said before.
    """
    async with db.write() as connection:
        await connection.execute(
            update(replies)
            .where(_R.id == reply.number, _R.state != _S.ACCEPTED.value)
            .values(
                state=_S.ACCEPTED.value,
                receipt_id=receipt.id,
                receipt_url=receipt.url,
                accepted_at=receipt.at,
                uncertain_since=None,
                look_at=None,
                explanation=stored(receipt.degraded),
                updated_at=at,
            )
        )
        answered = {
            "state": MentionState.ANSWERED.value,
            "reason": "",
            "words": "",
            "closed_by": reply.ground.by,
        }
        if not reply.version:
            await _end_mention(connection, reply, at, **answered)
            return
        fits = mentions.c.version.in_(await _same_words(connection, reply))
        await _end_mention(connection, reply, at, fits, **answered)


async def _same_words(connection: AsyncConnection, reply: ReplyRow) -> list[str]:
    """The versions of the mention that say what the answered one says, that one included."""
    said = mention_versions.c
    rows = await connection.execute(
        select(said.version, said.text).where(said.mention_id == reply.mention)
    )
    texts = {row.version: row.text for row in rows}
    then = texts.setdefault(reply.version, "")
    return [version for version, text in texts.items() if same_words(text, then)]


async def nothing_went_out(
    db: Database, reply: ReplyRow, why: Explanation | None, at: datetime
) -> None:
    """Have it sent again: this attempt certainly took nothing."""
    await _settle(db, reply, _S.PLANNED, why, at)


async def refuse(db: Database, reply: ReplyRow, why: Explanation, at: datetime) -> None:
    """Enter a refusal: nothing went out, and a person has to do something."""
    await _settle(db, reply, _S.REFUSED, why, at)


async def doubt(
    db: Database, reply: ReplyRow, why: Explanation | None, at: datetime, *, perhaps: bool = False
) -> None:
    """Say why it is uncertain. ``perhaps``: if it is not found, the answer to it was a no."""
    async with db.write() as connection:
        await connection.execute(
            update(replies)
            .where(_ours(reply))
            .values(explanation=stored(why), perhaps=perhaps, updated_at=at)
        )


async def absent(db: Database, reply: ReplyRow, at: datetime) -> bool:
    """Enter that a look did not find it; whether that was the last one."""
    looks = reply.looks + 1
    if looks >= len(LOOKS_AFTER):
        if reply.perhaps and reply.explanation is not None:
            await _settle(db, reply, _S.REFUSED, reply.explanation, at)
        elif reply.attempt >= MOST_ATTEMPTS:
            await _settle(db, reply, _S.ABANDONED, _given_up(reply), at)
        else:
            await _settle(db, reply, _S.PLANNED, None, at)
        return True
    begun = reply.started_at or at
    await _look_again(db, reply, max(begun + LOOKS_AFTER[looks], at), looks)
    return False


async def look_later(db: Database, reply: ReplyRow, look_at: datetime) -> None:
    """Look for it at another time: the platform could not be read."""
    await _look_again(db, reply, look_at, reply.looks)


async def unknown(db: Database, reply: ReplyRow, why: Explanation, at: datetime) -> None:
    """Enter that nobody can tell whether it went out: a person looks, and settles it."""
    async with db.write() as connection:
        await connection.execute(
            update(replies)
            .where(_ours(reply))
            .values(state=_S.UNKNOWN.value, explanation=stored(why), look_at=None, updated_at=at)
        )


async def settle_unknown(
    db: Database, number: int, at: datetime, why: Explanation
) -> ReplyRow | None:
    """Enter a person's word that an unknown one did not go out; None if it is not unknown."""
    async with db.write() as connection:
        settled = await connection.scalars(
            update(replies)
            .where(_R.id == number, _R.state == _S.UNKNOWN.value)
            .values(
                state=_S.ABANDONED.value,
                uncertain_since=None,
                explanation=stored(why),
                updated_at=at,
            )
            .returning(_R.id)
        )
        found = await rows_of(connection, select(replies).where(_R.id.in_(list(settled))))
    return found[0] if found else None


async def gone(db: Database, reply: ReplyRow, why: Explanation, at: datetime) -> None:
    """Close a mention that is not there any more, and withdraw the reply to it."""
    async with db.write() as connection:
        await connection.execute(_settled(reply, _S.WITHDRAWN, why, at))
        await _end_mention(connection, reply, at, state=MentionState.DELETED.value)


async def answered_elsewhere(
    db: Database, replies_: Sequence[tuple[ReplyRow, Receipt]], why: Explanation, at: datetime
) -> None:
    """Dismiss mentions that somebody has answered on the platform, and withdraw our replies."""
    async with db.write() as connection:
        for reply, receipt in replies_:
            await connection.execute(
                update(replies)
                .where(_R.id == reply.number, _R.state == _S.PLANNED.value)
                .values(state=_S.WITHDRAWN.value, explanation=stored(why), updated_at=at)
            )
            dismissed = {
                "state": MentionState.DISMISSED.value,
                "reason": DismissalReason.ANSWERED_ELSEWHERE.value,
                "words": receipt.url or receipt.id,
            }
            await _end_mention(connection, reply, at, **dismissed)


async def withdraw_pointless(db: Database, channel: str, why: Explanation, at: datetime) -> int:
    """Withdraw planned replies whose mention is not open any more; how many there were."""
    closed = exists().where(
        mentions.c.id == _R.mention_id, mentions.c.state != MentionState.OPEN.value
    )
    async with db.write() as connection:
        withdrawn = await connection.execute(
            update(replies)
            .where(_R.channel == channel, _R.state == _S.PLANNED.value, closed)
            .values(state=_S.WITHDRAWN.value, explanation=stored(why), updated_at=at)
        )
        return int(withdrawn.rowcount)


async def in_doubt(db: Database, channel: str, limit: int) -> list[ReplyRow]:
    """The replies on a channel that may have gone out, those to be looked for first."""
    query = (
        select(replies)
        .where(_R.channel == channel, _R.state == _S.SENDING.value)
        .order_by(_R.look_at, _R.id)
        .limit(limit)
    )
    async with db.read() as connection:
        return await rows_of(connection, query)


def _ours(reply: ReplyRow) -> ColumnElement[bool]:
    """Whether this attempt is still the last one, and nothing is known of it."""
    return and_(_R.id == reply.number, _R.state == _S.SENDING.value, _R.attempt == reply.attempt)


async def _settle(
    db: Database,
    reply: ReplyRow,
    to: PublicationState,
    why: Explanation | None,
    at: datetime,
) -> None:
    async with db.write() as connection:
        await connection.execute(_settled(reply, to, why, at))


def _settled(
    reply: ReplyRow, to: PublicationState, why: Explanation | None, at: datetime
) -> Update:
    return (
        update(replies)
        .where(_ours(reply))
        .values(
            state=to.value,
            uncertain_since=None,
            look_at=None,
            explanation=stored(why),
            updated_at=at,
        )
    )


async def _look_again(db: Database, reply: ReplyRow, look_at: datetime, looks: int) -> None:
    async with db.write() as connection:
        await connection.execute(
            update(replies).where(_ours(reply)).values(looks=looks, look_at=look_at)
        )


async def _end_mention(
    connection: AsyncConnection,
    reply: ReplyRow,
    at: datetime,
    *conditions: ColumnElement[bool],
    **values: str,
) -> None:
    unanswered = mentions.c.state != MentionState.ANSWERED.value
    await connection.execute(
        update(mentions)
        .where(mentions.c.id == reply.mention, unanswered, *conditions)
        .values(closed_at=at, **values, **NOBODY)
    )


def _given_up(reply: ReplyRow) -> Explanation:
    return explained(
        f"{reply.channel} gave no clear answer in {reply.attempt} attempts.",
        "See whether the platform is up, then answer the mention again.",
        means="It was looked for after each of them, and did not go out.",
    )
