"""The ledger of post channels: one row for each message and channel, and who may send it.

The row is written ``sending`` before the request, by a compare-and-set in one statement, so that
a second worker, a retry or a withdrawal at the same moment sees who won.

An attempt that may have gone out leaves ``uncertain_since`` on the row. Only a receipt or a person
settles that. Until then no refusal is entered as "nothing went out", nothing calls the publication
off and nobody may send, unless the provider was looked at first (``looked``).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, literal, or_, update

from domain.explanation import Explanation
from domain.ids import MessageRef, publication_key
from domain.model import Value
from domain.publication import PublicationState, Receipt
from store.kernel.database import Database
from store.kernel.transitions import stored
from store.record.publication_rows import (
    PublicationRow,
    certain_or,
    mark_uncertain,
    move,
    of_attempt,
    planned_in,
    publication_is,
    read_row,
)
from store.recovery.locks import unlocked
from store.stops.keeping_back import not_kept_back
from store.tables import publications

_S = PublicationState


class Reservation(Value):
    """Whether the caller may send now, and the row as it is."""

    reserved: bool
    row: PublicationRow


async def plan(
    db: Database, ref: MessageRef, channel: str, digest: str, at: datetime
) -> PublicationRow:
    """Enter that a message is to go out on ``channel``, and return the row.

    Idempotent. A later revision takes over the row if it is certain that nothing of the earlier one
    went out or is under way; otherwise the row is returned as it is.
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
                publication_is(ref, channel),
                publications.c.revision < ref.revision,
                publications.c.state.in_(
                    (_S.PLANNED, _S.REFUSED, _S.SUPERSEDED, _S.WITHDRAWN),
                ),
                publications.c.receipt_id.is_(None),
                publications.c.uncertain_since.is_(None),
            )
            .values(
                **fresh,
                started_at=None,
                explanation=stored(replaced),
            )
        )
        return await planned_in(connection, ref, channel)


async def reserve(
    db: Database,
    ref: MessageRef,
    channel: str,
    digest: str,
    at: datetime,
    attempt: int,
    *,
    looked: bool = False,
) -> Reservation:
    """Take the right to send: planned to sending, for exactly this revision and digest.

    ``reserved`` is true for one caller only, whose ``attempt`` is later than any before: one that
    slept meanwhile does not send. Everybody else gets the row as it is: sending by another attempt
    (look first), accepted, withdrawn, uncertain and not ``looked`` for, or a later revision.
    ``DomainError`` if the publication was never planned.
    """
    async with db.write() as connection:
        won = (
            await connection.execute(
                update(publications)
                .where(
                    publication_is(ref, channel),
                    publications.c.revision == ref.revision,
                    publications.c.digest == digest,
                    publications.c.state == _S.PLANNED,
                    publications.c.attempt < attempt,
                    unlocked(publications.c.incident),
                    not_kept_back(publications.c.incident, publications.c.channel),
                    certain_or(looked=looked),
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
            return Reservation(reserved=True, row=read_row(won._mapping))
        return Reservation(reserved=False, row=await planned_in(connection, ref, channel))


async def nothing_went_out(
    db: Database,
    ref: MessageRef,
    channel: str,
    attempt: int,
    at: datetime,
    why: Explanation | None = None,
) -> PublicationRow:
    """Return the right to send: it is certain that this attempt did not go out."""
    only = and_(publications.c.attempt == attempt, publications.c.state == _S.SENDING)
    return await move(db, ref, channel, _S.PLANNED, at, only=only, why=why)


async def not_seen(
    db: Database,
    ref: MessageRef,
    channel: str,
    attempt: int,
    at: datetime,
    *,
    why: Explanation | None = None,
    since: datetime | None = None,
) -> PublicationRow:
    """Return the right to send after looks that did not see this attempt at the provider.

    It stays uncertain: a provider's list may lag behind for longer than anybody looked.
    """
    only = and_(
        publications.c.attempt == attempt,
        publications.c.state.in_((_S.SENDING, _S.UNKNOWN)),
    )
    marked = mark_uncertain(since)
    return await move(db, ref, channel, _S.PLANNED, at, only=only, why=why, values=marked)


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
    why = receipt.degraded
    return await move(db, ref, channel, _S.ACCEPTED, at, only=~taken_back, why=why, values=entered)


async def refuse(
    db: Database,
    ref: MessageRef,
    channel: str,
    *,
    why: Explanation,
    at: datetime,
    attempt: int | None = None,
) -> PublicationRow:
    """Enter that the provider, or a rule, said no and nothing went out.

    Changes nothing if an earlier attempt is uncertain.
    """
    only = and_(of_attempt(attempt), certain_or(looked=False))
    return await move(db, ref, channel, _S.REFUSED, at, only=only, why=why)


async def mark_unknown(
    db: Database,
    ref: MessageRef,
    channel: str,
    *,
    why: Explanation,
    at: datetime,
    attempt: int | None = None,
    since: datetime | None = None,
) -> PublicationRow:
    """Enter that nobody knows whether the attempt, or an earlier one, went out.

    ``since``: no attempt in question began earlier, by a clock that is right.
    """
    begun = or_(publications.c.state == _S.SENDING, publications.c.uncertain_since.is_not(None))
    only, marked = and_(of_attempt(attempt), begun), mark_uncertain(since)
    return await move(db, ref, channel, _S.UNKNOWN, at, only=only, why=why, values=marked)


async def suspect(
    db: Database, ref: MessageRef, channel: str, since: datetime, at: datetime
) -> PublicationRow:
    """Enter that an attempt of which the row knows nothing may have gone out after ``since``."""
    async with db.write() as connection:
        await connection.execute(
            update(publications)
            .where(publication_is(ref, channel), publications.c.state == _S.PLANNED)
            .values(
                uncertain_since=func.coalesce(
                    publications.c.uncertain_since, literal(since, publications.c.started_at.type)
                ),
                updated_at=at,
            )
        )
        return await planned_in(connection, ref, channel)


async def withdraw(
    db: Database,
    ref: MessageRef,
    channel: str,
    at: datetime,
    to: PublicationState = PublicationState.WITHDRAWN,
    why: Explanation | None = None,
    *,
    looked: bool = False,
) -> PublicationRow:
    """Call a publication off if it has not begun: planned to withdrawn, otherwise unchanged.

    ``to`` may be superseded instead, when a newer message overtook it or it became too old. An
    uncertain one has to be ``looked`` for first.
    """
    return await move(
        db,
        ref,
        channel,
        to,
        at,
        only=and_(publications.c.state == _S.PLANNED, certain_or(looked=looked)),
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
    return await move(db, ref, channel, to, at, only=only, why=why)


async def did_not_go_out(
    db: Database,
    ref: MessageRef,
    channel: str,
    to: PublicationState,
    why: Explanation,
    at: datetime,
) -> PublicationRow:
    """Enter that a person saw that no attempt went out: unknown to ``to``, and certain again."""
    return await move(
        db,
        ref,
        channel,
        to,
        at,
        only=publications.c.state == _S.UNKNOWN,
        why=why,
        values={"uncertain_since": None},
    )
