"""Entering what a restored ledger may have forgotten, and what is known of it from elsewhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, case, func, literal, select, update

from domain.explanation import Explanation, NextStep
from domain.ids import MessageRef, publication_key
from domain.publication import Outcome, PublicationState, Receipt
from store.kernel.database import Database, upsert
from store.kernel.transitions import stored
from store.tables import batches, publications

_S = PublicationState
_DOUBTED = Explanation(
    what="The ledger was restored to before it was handed out, or while it was on its way.",
    means="It may have gone out.",
    next_step=NextStep(advice="Look in the provider's activity."),
)


async def doubt_batches(db: Database, broadcast_id: int, handed_out: int, since: datetime) -> int:
    """Enter as unknown every batch up to ``handed_out`` that is not entered as accepted.

    No attempt began before ``since``. Returns how many that are.
    """
    forgotten = (_S.PLANNED, _S.SENDING, _S.REFUSED, _S.WITHDRAWN, _S.SUPERSEDED)
    async with db.write() as connection:
        changed = await connection.execute(
            update(batches)
            .where(
                batches.c.broadcast_id == broadcast_id,
                batches.c.number <= handed_out,
                batches.c.state.in_(forgotten),
                # Nobody was left to write to: such a batch was never sent.
                batches.c.size > 0,
            )
            .values(
                state=_S.UNKNOWN.value,
                attempt=case((batches.c.attempt < 1, 1), else_=batches.c.attempt),
                started_at=func.coalesce(
                    batches.c.started_at, literal(since, batches.c.started_at.type)
                ),
                explanation=stored(_DOUBTED),
            )
        )
        return changed.rowcount


async def numbers_of_unknown(db: Database, broadcast_id: int) -> list[int]:
    """The numbers of the batches of which nobody knows whether they went out."""
    async with db.read() as connection:
        found = await connection.scalars(
            select(batches.c.number)
            .where(batches.c.broadcast_id == broadcast_id, batches.c.state == _S.UNKNOWN)
            .order_by(batches.c.number)
        )
        return list(found)


async def enter_post(
    db: Database, ref: MessageRef, digest: str, outcome: Outcome, since: datetime, at: datetime
) -> Receipt | None:
    """Enter a post's outcome as its incident knows it; return the receipt that is on record.

    An acceptance that the ledger has stays. What is not certain is uncertain since ``since``.
    """
    unsure = outcome.uncertain or outcome.state is _S.UNKNOWN
    attempt = outcome.begun.attempt if outcome.begun else outcome.attempts
    receipt = outcome.receipt
    row = {
        "incident": ref.incident,
        "number": ref.number,
        "channel": outcome.channel,
        "revision": ref.revision,
        "state": outcome.state.value,
        "key": publication_key(ref, outcome.channel),
        "digest": digest,
        "attempt": attempt,
        "started_at": since if attempt or unsure else None,
        "receipt_id": receipt.id if receipt else None,
        "receipt_url": receipt.url if receipt else None,
        "receipt_at": receipt.at if receipt else None,
        "uncertain_since": since if unsure else None,
        "explanation": stored(outcome.explanation),
        "updated_at": at,
    }
    entering = upsert(db.dialect, publications).values(row)
    new = entering.excluded
    place = ["incident", "number", "channel"]
    changes: dict[str, ColumnElement[object]] = {
        name: new[name] for name in row if name not in (*place, "attempt")
    }
    changes["attempt"] = case(
        (publications.c.attempt > new.attempt, publications.c.attempt), else_=new.attempt
    )
    async with db.write() as connection:
        await connection.execute(
            entering.on_conflict_do_update(
                index_elements=place,
                set_=changes,
                # What a receipt proves is overwritten only by who has a receipt, too.
                where=None if receipt else publications.c.receipt_id.is_(None),
            )
        )
        found = (
            await connection.execute(
                select(
                    publications.c.receipt_id, publications.c.receipt_url, publications.c.receipt_at
                ).where(
                    publications.c.incident == ref.incident,
                    publications.c.number == ref.number,
                    publications.c.channel == outcome.channel,
                )
            )
        ).one()
    if found.receipt_id is None:
        return None
    return Receipt(id=found.receipt_id, url=found.receipt_url, at=found.receipt_at)
