"""The rows of post channels in the ledger: reading them, and moving them from state to state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, and_, case, func, literal, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.explanation import Explanation
from domain.ids import MessageRef
from domain.ledger import LedgerBehind, behind
from domain.publication import PublicationState, Receipt
from store.kernel.database import Database
from store.kernel.transitions import MAY_COME_FROM, LedgerRow, read_explanation, stored
from store.tables import publications


class PublicationRow(LedgerRow):
    """The state of one message on one post channel.

    ``key`` is opaque and names this revision on this channel, for logs.
    """

    incident: str
    number: int
    channel: str
    revision: int
    key: str
    digest: str
    updated_at: datetime
    uncertain_since: datetime | None = None

    @property
    def uncertain(self) -> bool:
        """Whether an attempt may have gone out that was never seen at the provider."""
        return self.uncertain_since is not None


async def find(db: Database, ref: MessageRef, channel: str) -> PublicationRow | None:
    """The row of a message on a channel, whichever its revision; None if never planned."""
    async with db.read() as connection:
        return await find_in(connection, ref, channel)


async def find_in(
    connection: AsyncConnection, ref: MessageRef, channel: str
) -> PublicationRow | None:
    """``find`` within a transaction."""
    query = select(publications).where(publication_is(ref, channel))
    row = (await connection.execute(query)).first()
    return None if row is None else read_row(row._mapping)


async def planned(db: Database, ref: MessageRef, channel: str) -> PublicationRow:
    """The row as ``find`` does; ``LedgerBehind`` if it was never planned, which makes a row."""
    async with db.read() as connection:
        return await planned_in(connection, ref, channel)


async def planned_in(connection: AsyncConnection, ref: MessageRef, channel: str) -> PublicationRow:
    """``planned`` within a transaction."""
    row = await find_in(connection, ref, channel)
    if row is None:
        raise _never_planned(ref, channel)
    return row


async def is_anothers(db: Database, ref: MessageRef, channel: str, post: str) -> bool:
    """Whether ``post``, an id of the platform's, is on record as that of another message."""
    async with db.read() as connection:
        found = await connection.execute(
            select(publications.c.number)
            .where(
                publications.c.channel == channel,
                publications.c.receipt_id == post,
                ~publication_is(ref, channel),
            )
            .limit(1)
        )
        return found.first() is not None


async def rows(db: Database, incident: str) -> list[PublicationRow]:
    """Every publication of an incident, by message number and channel."""
    async with db.read() as connection:
        found = await connection.execute(
            select(publications)
            .where(publications.c.incident == incident)
            .order_by(publications.c.number, publications.c.channel)
        )
        return [read_row(row._mapping) for row in found]


async def move(
    db: Database,
    ref: MessageRef,
    channel: str,
    to: PublicationState,
    at: datetime,
    *,
    only: ColumnElement[bool] | None = None,
    why: Explanation | None = None,
    values: Mapping[str, object] | None = None,
) -> PublicationRow:
    """Move the row to ``to`` if that is possible and ``only`` is true; return it as it is."""
    conditions = [
        publication_is(ref, channel),
        publications.c.revision == ref.revision,
        publications.c.state.in_(MAY_COME_FROM[to]),
    ]
    if only is not None:
        conditions.append(only)
    async with db.write() as connection:
        await connection.execute(
            update(publications)
            .where(*conditions)
            .values(
                state=to.value,
                explanation=stored(why),
                updated_at=at,
                **(values or {}),
            )
        )
        return await planned_in(connection, ref, channel)


def publication_is(ref: MessageRef, channel: str) -> ColumnElement[bool]:
    """The condition on a row that it is this message on this channel."""
    return and_(
        publications.c.incident == ref.incident,
        publications.c.number == ref.number,
        publications.c.channel == channel,
    )


def of_attempt(attempt: int | None) -> ColumnElement[bool]:
    """The condition that the row is at this attempt; any, if None."""
    return true() if attempt is None else publications.c.attempt == attempt


def certain_or(*, looked: bool) -> ColumnElement[bool]:
    """The condition that no attempt is uncertain, unless the provider was looked at."""
    return true() if looked else publications.c.uncertain_since.is_(None)


def mark_uncertain(since: datetime | None) -> dict[str, object]:
    """The mark of an uncertain attempt, at the earliest moment that it may have begun."""
    began: ColumnElement[datetime] = publications.c.started_at
    if since is not None:
        began = case((began > since, literal(since, began.type)), else_=began)
    return {"uncertain_since": func.coalesce(publications.c.uncertain_since, began)}


def _never_planned(ref: MessageRef, channel: str) -> LedgerBehind:
    return LedgerBehind.of(
        behind(
            ref.incident,
            f"The ledger has no plan of message {ref.number} on {channel}, which was made before.",
        )
    )


def read_row(row: RowMapping) -> PublicationRow:
    """A publication from its table's columns."""
    receipt = None
    if row["receipt_id"] is not None:
        receipt = Receipt(id=row["receipt_id"], url=row["receipt_url"], at=row["receipt_at"])
    explanation = read_explanation(row["explanation"])
    return PublicationRow.model_validate({**row, "receipt": receipt, "explanation": explanation})
