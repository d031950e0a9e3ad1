"""The rows of our replies: reading them, for one mention, for a list, and how many there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.explanation import Explanation
from domain.model import Value
from domain.priorities import MentionPriority
from domain.publication import PublicationState, Receipt
from domain.replies import ReplyBasis, ReplyGround
from store.desk.reading import CHUNK
from store.kernel.database import Database
from store.kernel.transitions import read_explanation
from store.tables import replies

_R = replies.c
_S = PublicationState

LIVE = (
    _S.PLANNED,
    _S.SENDING,
    _S.ACCEPTED,
    _S.UNKNOWN,
)
"""A mention has one reply in these states; in any other, the reply certainly did not go out."""


class ReplyRow(Value):
    """Our reply number ``number`` to mention ``mention``, and how it stands.

    It answers ``version`` of it. ``waits``: somebody else has to agree to the words before it goes
    out. ``started_at`` is when attempt ``attempt`` began, ``uncertain``: an attempt may have gone
    out and was not seen.
    """

    number: int
    mention: int
    channel: str
    text: str
    version: str = ""
    ground: ReplyGround
    waits: bool
    priority: MentionPriority
    planned_at: datetime
    state: PublicationState
    attempt: int
    started_at: datetime | None
    uncertain: bool
    looks: int
    look_at: datetime | None
    perhaps: bool
    receipt: Receipt | None
    explanation: Explanation | None
    updated_at: datetime

    @property
    def answers(self) -> bool:
        """Whether there is a receipt of it."""
        return self.state is _S.ACCEPTED


async def find(db: Database, number: int) -> ReplyRow | None:
    """One reply by its number; None if there is none."""
    async with db.read() as connection:
        found = await rows_of(connection, select(replies).where(_R.id == number))
    return found[0] if found else None


async def of_mentions(db: Database, numbers: Collection[int]) -> dict[int, ReplyRow]:
    """The last reply to each of these mentions, by the number of the mention."""
    wanted, found = sorted(set(numbers)), dict[int, ReplyRow]()
    async with db.read() as connection:
        for begin in range(0, len(wanted), CHUNK):
            some = wanted[begin : begin + CHUNK]
            query = select(replies).where(_R.mention_id.in_(some)).order_by(_R.id)
            found |= {one.mention: one for one in await rows_of(connection, query)}
    return found


async def of_mention(db: Database, mention: int) -> list[ReplyRow]:
    """Every reply to a mention, those that did not go out too, in order."""
    async with db.read() as connection:
        query = select(replies).where(_R.mention_id == mention).order_by(_R.id)
        return await rows_of(connection, query)


async def used_before(db: Database, channel: str, texts: Collection[str]) -> set[str]:
    """Those of ``texts`` that a reply on this channel has already, unless it did not go out."""
    wanted, used = sorted(set(texts)), set[str]()
    async with db.read() as connection:
        for begin in range(0, len(wanted), CHUNK):
            query = select(_R.text).where(
                _R.channel == channel,
                _R.text.in_(wanted[begin : begin + CHUNK]),
                _R.state.not_in([_S.WITHDRAWN.value, _S.ABANDONED.value]),
            )
            used |= set(await connection.scalars(query))
    return used


async def listed(
    db: Database,
    states: Collection[PublicationState],
    *,
    waiting: bool = False,
    incident: str = "",
    limit: int = 100,
) -> list[ReplyRow]:
    """The replies in these states, the oldest first; ``waiting``: for a second person alone."""
    query = select(replies).where(_R.state.in_([one.value for one in states]))
    if waiting:
        query = query.where(_R.waits)
    if incident:
        query = query.where(_R.incident == incident)
    async with db.read() as connection:
        return await rows_of(connection, query.order_by(_R.id).limit(limit))


async def counts(db: Database, incident: str = "") -> dict[PublicationState, int]:
    """How many replies are in each state; states without any are left out."""
    query = select(_R.state, func.count()).group_by(_R.state)
    if incident:
        query = query.where(_R.incident == incident)
    async with db.read() as connection:
        return {PublicationState(row[0]): row[1] for row in await connection.execute(query)}


async def rows_of(connection: AsyncConnection, query: Select[Any]) -> list[ReplyRow]:
    """The replies that ``query`` selects."""
    return [read(row._mapping) for row in await connection.execute(query)]


def read(row: RowMapping | Mapping[str, Any]) -> ReplyRow:
    """One row of the table."""
    return ReplyRow(
        number=row["id"],
        mention=row["mention_id"],
        channel=row["channel"],
        text=row["text"],
        version=row["version"],
        ground=ReplyGround(
            basis=ReplyBasis(row["basis"]),
            incident=row["incident"],
            number=row["message"],
            revision=row["revision"],
            saved=row["saved"],
            wording=row["wording"],
            by=row["by"],
            second=row["second"],
        ),
        waits=row["waits"],
        priority=MentionPriority.ranked(row["rank"]),
        planned_at=row["planned_at"],
        state=PublicationState(row["state"]),
        attempt=row["attempt"],
        started_at=row["started_at"],
        uncertain=row["uncertain_since"] is not None,
        looks=row["looks"],
        look_at=row["look_at"],
        perhaps=row["perhaps"],
        receipt=_receipt(row),
        explanation=read_explanation(row["explanation"]),
        updated_at=row["updated_at"],
    )


def _receipt(row: RowMapping | Mapping[str, Any]) -> Receipt | None:
    if row["receipt_id"] is None:
        return None
    return Receipt(id=row["receipt_id"], url=row["receipt_url"], at=row["accepted_at"])
