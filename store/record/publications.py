"""The ledger of post channels: one row for each message and channel, and who may send it.

The row is written ``sending`` before the request, by a compare-and-set in one statement, so that
a second worker, a retry or a withdrawal at the same moment sees who won.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, and_, select, update

from domain.errors import DomainError
from domain.explanation import Explanation
from domain.ids import MessageRef, publication_key
from domain.model import Value
from domain.publication import PublicationState, Receipt
from store.kernel.database import Database
from store.kernel.transitions import MAY_COME_FROM, LedgerRow, read_explanation, stored
from store.tables import publications

_S = PublicationState


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


class Reservation(Value):
    """Whether the caller may send now, and the row as it is."""

    reserved: bool
    row: PublicationRow


async def plan(
    db: Database, ref: MessageRef, channel: str, digest: str, at: datetime
) -> PublicationRow:
    """Enter that a message is to go out on ``channel``, and return the row.

    Idempotent. A later revision takes over the row if nothing of the earlier one went out or is
    under way; otherwise the row is returned as it is.
    """
    fresh = {
        "revision": ref.revision,
        "state": _S.PLANNED.value,
        "key": publication_key(ref, channel),
        "digest": digest,
        "updated_at": at,
    }
    replaced = Explanation(
        what=f"Revision {ref.revision} replaced an earlier one before it was sent."
    )
    async with db.write() as connection:
        await connection.execute(
            db.insert_or_ignore(publications).values(
                incident=ref.incident, number=ref.number, channel=channel, **fresh
            )
        )
        await connection.execute(
            update(publications)
            .where(
                _is(ref, channel),
                publications.c.revision < ref.revision,
                publications.c.state.in_(
                    (_S.PLANNED, _S.REFUSED, _S.SUPERSEDED, _S.WITHDRAWN),
                ),
                publications.c.receipt_id.is_(None),
            )
            .values(
                **fresh,
                started_at=None,
                explanation=stored(replaced),
            )
        )
        row = (await connection.execute(select(publications).where(_is(ref, channel)))).one()
        return _row(row._mapping)


async def reserve(
    db: Database, ref: MessageRef, channel: str, digest: str, at: datetime, attempt: int
) -> Reservation:
    """Take the right to send: planned to sending, for exactly this revision and digest.

    ``reserved`` is true for one caller only. Everybody else gets the row as it is: sending by
    another attempt (look first), accepted, withdrawn, or a later revision. ``DomainError`` if
    the publication was never planned.
    """
    async with db.write() as connection:
        won = (
            await connection.execute(
                update(publications)
                .where(
                    _is(ref, channel),
                    publications.c.revision == ref.revision,
                    publications.c.digest == digest,
                    publications.c.state == _S.PLANNED,
                )
                .values(
                    state=_S.SENDING.value,
                    attempt=attempt,
                    started_at=at,
                    explanation="",
                    updated_at=at,
                )
                .returning(*publications.c)
            )
        ).first()
        if won is not None:
            return Reservation(reserved=True, row=_row(won._mapping))
        row = (await connection.execute(select(publications).where(_is(ref, channel)))).first()
    if row is None:
        raise _never_planned(ref, channel)
    return Reservation(reserved=False, row=_row(row._mapping))


async def nothing_went_out(
    db: Database,
    ref: MessageRef,
    channel: str,
    attempt: int,
    at: datetime,
    why: Explanation | None = None,
) -> PublicationRow:
    """Return the right to send: it is certain that this attempt did not go out."""
    only = and_(
        publications.c.attempt == attempt,
        publications.c.state.in_((_S.SENDING, _S.UNKNOWN)),
    )
    return await _move(db, ref, channel, _S.PLANNED, at, only=only, why=why)


async def accept(
    db: Database, ref: MessageRef, channel: str, receipt: Receipt, at: datetime
) -> PublicationRow:
    """Enter the provider's acceptance; this overrides any earlier state.

    The first receipt stays. A post that was accepted and then taken back stays withdrawn.
    """
    taken_back = and_(publications.c.state == _S.WITHDRAWN, publications.c.receipt_id.is_not(None))
    entered = {
        "receipt_id": receipt.id,
        "receipt_url": receipt.url,
        "receipt_at": receipt.at,
    }
    return await _move(db, ref, channel, _S.ACCEPTED, at, only=~taken_back, values=entered)


async def refuse(
    db: Database,
    ref: MessageRef,
    channel: str,
    *,
    why: Explanation,
    at: datetime,
    attempt: int | None = None,
) -> PublicationRow:
    """Enter that the provider, or a rule, said no and nothing went out."""
    return await _move(db, ref, channel, _S.REFUSED, at, only=_of(attempt), why=why)


async def mark_unknown(
    db: Database,
    ref: MessageRef,
    channel: str,
    *,
    why: Explanation,
    at: datetime,
    attempt: int | None = None,
) -> PublicationRow:
    """Enter that nobody knows whether the attempt went out."""
    return await _move(db, ref, channel, _S.UNKNOWN, at, only=_of(attempt), why=why)


async def withdraw(
    db: Database,
    ref: MessageRef,
    channel: str,
    at: datetime,
    to: PublicationState = PublicationState.WITHDRAWN,
    why: Explanation | None = None,
) -> PublicationRow:
    """Call a publication off if it has not begun: planned to withdrawn, otherwise unchanged.

    ``to`` may be superseded instead, when a newer message overtook it or it became too old.
    """
    return await _move(
        db,
        ref,
        channel,
        to,
        at,
        only=publications.c.state == _S.PLANNED,
        why=why or Explanation(what="Called off before it was sent."),
    )


async def settle_state(
    db: Database,
    ref: MessageRef,
    channel: str,
    to: PublicationState,
    why: Explanation | None,
    at: datetime,
) -> PublicationRow:
    """Enter a conclusion of a person or of the workflow, and return the row.

    A state that cannot be reached from where the row is (``transitions.MAY_COME_FROM``) changes
    nothing: compare the row's state with ``to``. ``accepted`` needs a receipt: use ``accept``;
    ``sending`` needs ``reserve``. Both raise ``ValueError`` here.
    """
    if to in (_S.ACCEPTED, _S.SENDING):
        raise ValueError(f"a publication becomes {to} by accept or reserve only")
    # What is on its way can only be settled by its own attempt, or become unknown.
    only = None if to is _S.UNKNOWN else publications.c.state != _S.SENDING
    return await _move(db, ref, channel, to, at, only=only, why=why)


async def find(db: Database, ref: MessageRef, channel: str) -> PublicationRow | None:
    """The row of a message on a channel, whichever its revision; None if never planned."""
    async with db.read() as connection:
        row = (await connection.execute(select(publications).where(_is(ref, channel)))).first()
    return None if row is None else _row(row._mapping)


async def is_anothers(db: Database, ref: MessageRef, channel: str, post: str) -> bool:
    """Whether ``post``, an id of the platform's, is on record as that of another message."""
    async with db.read() as connection:
        found = await connection.execute(
            select(publications.c.number)
            .where(
                publications.c.channel == channel,
                publications.c.receipt_id == post,
                ~_is(ref, channel),
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
        return [_row(row._mapping) for row in found]


async def _move(
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
    conditions = [
        _is(ref, channel),
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
        row = (await connection.execute(select(publications).where(_is(ref, channel)))).first()
    if row is None:
        raise _never_planned(ref, channel)
    return _row(row._mapping)


def _is(ref: MessageRef, channel: str) -> ColumnElement[bool]:
    return and_(
        publications.c.incident == ref.incident,
        publications.c.number == ref.number,
        publications.c.channel == channel,
    )


def _of(attempt: int | None) -> ColumnElement[bool] | None:
    return None if attempt is None else publications.c.attempt == attempt


def _never_planned(ref: MessageRef, channel: str) -> DomainError:
    return DomainError(
        f"Message {ref.number} of {ref.incident} was never planned on {channel}.",
        "Plan it first; if it was, check that every process uses the same database URL.",
    )


def _row(row: RowMapping) -> PublicationRow:
    receipt = None
    if row["receipt_id"] is not None:
        receipt = Receipt(id=row["receipt_id"], url=row["receipt_url"], at=row["receipt_at"])
    explanation = read_explanation(row["explanation"])
    return PublicationRow.model_validate({**row, "receipt": receipt, "explanation": explanation})
