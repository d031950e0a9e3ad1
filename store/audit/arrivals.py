"""What became of every mail of an incident, recipient by recipient, for a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, select

from domain.publication import DeliveryState, PublicationState
from store.joins import WITH_DELIVERIES
from store.kernel.database import Database
from store.tables import batches, broadcasts, deliveries, messages, recipients

_PAGE = 1_000
_PEOPLE = (
    select(
        recipients.c.id,
        recipients.c.address,
        batches.c.number.label("batch"),
        batches.c.state.label("batch_state"),
        batches.c.accepted_at,
        deliveries.c.state,
        deliveries.c.withheld,
        deliveries.c.reason,
    )
    .select_from(WITH_DELIVERIES)
    .where(
        batches.c.broadcast_id == bindparam("b_broadcast"),
        batches.c.last > bindparam("b_after"),
        recipients.c.id > bindparam("b_after"),
    )
    .order_by(batches.c.number, recipients.c.id)
    .limit(_PAGE)
)


class FoundArrival(NamedTuple):
    """One mail to one recipient. ``state`` is None while only the batch is known."""

    address: str
    number: int
    kind: str
    channel: str
    audience: str
    batch: int
    batch_state: PublicationState
    accepted_at: datetime | None
    state: DeliveryState | None
    withheld: bool
    reason: str


class Page:
    """Some of the arrivals, in rows that are still the database's: reading them takes its time."""

    def __init__(self, mailing: Any, rows: Sequence[Any]) -> None:
        self._mailing, self._rows = mailing, rows

    def __iter__(self) -> Iterator[FoundArrival]:
        mailing = self._mailing
        for row in self._rows:
            yield FoundArrival(
                address=row.address,
                number=mailing.number,
                kind=mailing.kind or "",
                channel=mailing.channel,
                audience=mailing.audience,
                batch=row.batch,
                batch_state=PublicationState(row.batch_state),
                accepted_at=row.accepted_at,
                state=DeliveryState(row.state) if row.state is not None else None,
                withheld=bool(row.withheld),
                reason=row.reason or "",
            )


async def arrivals(db: Database, incident: str) -> AsyncIterator[Page]:
    """Everybody of every mailing, by mailing and recipient; nobody if nothing was planned.

    Read page by page, so that memory stays small and no long read delays the writers. Go through a
    page in a thread where others wait.
    """
    planned = (
        select(
            broadcasts.c.id,
            broadcasts.c.number,
            broadcasts.c.channel,
            broadcasts.c.audience,
            messages.c.kind,
        )
        .outerjoin(
            messages,
            and_(
                messages.c.incident == broadcasts.c.incident,
                messages.c.number == broadcasts.c.number,
            ),
        )
        .where(broadcasts.c.incident == incident)
        .order_by(broadcasts.c.planned_at, broadcasts.c.id)
    )
    async with db.read() as connection:
        mailings = (await connection.execute(planned)).all()
    for mailing in mailings:
        after = 0
        while True:
            async with db.read() as connection:
                page = (
                    await connection.execute(_PEOPLE, {"b_broadcast": mailing.id, "b_after": after})
                ).all()
            if not page:
                break
            after = page[-1].id
            yield Page(mailing, page)
