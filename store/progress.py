"""How far a broadcast has come, from the counts that its batches keep."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from domain.errors import DomainError
from domain.model import Value
from domain.publication import DeliveryState, PublicationState
from store.batch_rows import LEFT
from store.database import Database
from store.deliveries import COUNTED, COUNTERS
from store.tables import batches, broadcasts

_S = PublicationState
WENT_OUT = tuple(name for name in COUNTED if name != DeliveryState.REFUSED)
"""The counters of recipients whose mail the provider accepted, as their events say."""


class BroadcastProgress(Value):
    """Where the recipients of a broadcast stand. Each is counted once, so all add up.

    ``planned`` wait for their turn, ``sending`` are in a request that is under way, ``unknown``
    in one whose outcome nobody knows, ``withdrawn`` in one that was called off. ``suppressed``
    were so when the broadcast was planned or when their batch was sent. ``accepted`` have had no
    event yet; ``went_out`` is all that the provider accepted.
    """

    planned: int = 0
    suppressed: int = 0
    sending: int = 0
    accepted: int = 0
    processed: int = 0
    delivered: int = 0
    bounced: int = 0
    dropped: int = 0
    refused: int = 0
    unknown: int = 0
    withdrawn: int = 0
    batches: dict[PublicationState, int]
    first_accepted_at: datetime | None = None
    last_accepted_at: datetime | None = None

    @property
    def went_out(self) -> int:
        """Recipients whose mail the provider accepted, whatever became of it afterwards."""
        return self.accepted + self.processed + self.delivered + self.dropped + self.bounced

    @property
    def recipients(self) -> int:
        """Everybody in the audience's cut."""
        ours = self.planned + self.sending + self.unknown + self.withdrawn
        return ours + self.suppressed + self.refused + self.went_out


_WAITING_IN = {
    _S.SENDING: "sending",
    _S.UNKNOWN: "unknown",
    _S.REFUSED: "refused",
    _S.ACCEPTED: "accepted",
    _S.WITHDRAWN: "withdrawn",
    _S.SUPERSEDED: "withdrawn",
    _S.ABANDONED: "withdrawn",
}
"""What recipients without a row of their own are, by the state of their batch."""


async def progress(
    db: Database, broadcast_id: int, batch_range: tuple[int, int] | None = None
) -> BroadcastProgress:
    """How far a broadcast has come; reads its batches, not its recipients.

    With ``batch_range`` (first and last number, both included) only those batches are counted,
    and nobody who was left out when the broadcast was planned.
    """
    query = (
        select(
            batches.c.state,
            func.count().label("many"),
            func.sum(batches.c.size).label("size"),
            func.min(batches.c.accepted_at).label("first_at"),
            func.max(batches.c.accepted_at).label("last_at"),
            *(func.sum(batches.c[name]).label(name) for name in COUNTERS),
        )
        .where(batches.c.broadcast_id == broadcast_id)
        .group_by(batches.c.state)
    )
    if batch_range is not None:
        query = query.where(batches.c.number.between(*batch_range))
    async with db.read() as connection:
        at_planning = await connection.scalar(
            select(broadcasts.c.suppressed).where(broadcasts.c.id == broadcast_id)
        )
        rows = (await connection.execute(query)).all()
    if at_planning is None:
        raise DomainError(f"There is no broadcast {broadcast_id}.", "Plan it first.")
    people: dict[str, int] = {"suppressed": 0 if batch_range else at_planning}
    by_state: dict[PublicationState, int] = {}
    accepted_at: list[datetime] = []
    for row in rows:
        state = PublicationState(row.state)
        by_state[state] = row.many
        counts = {name: int(row._mapping[name]) for name in COUNTERS}
        counts_left = int(row.size) - sum(counts.values())
        for name, count in counts.items():
            people[name] = people.get(name, 0) + count
        left = _WAITING_IN.get(state, "planned")
        people[left] = people.get(left, 0) + counts_left
        accepted_at += [at for at in (row.first_at, row.last_at) if at is not None]
    return BroadcastProgress.model_validate(
        {
            **people,
            "batches": by_state,
            "first_accepted_at": min(accepted_at, default=None),
            "last_accepted_at": max(accepted_at, default=None),
        }
    )


class RangeStanding(Value):
    """Where a range of batches stands: two counts of recipients, three of batches."""

    accepted: int
    refused: int
    unknown_batches: int
    refused_batches: int
    withdrawn_batches: int


async def range_standing(db: Database, broadcast_id: int, first: int, last: int) -> RangeStanding:
    """Where the batches ``first`` to ``last`` stand.

    ``accepted`` is everybody whose mail the provider accepted, whatever became of it afterwards.
    """
    went_out = sum((batches.c[name] for name in WENT_OUT[1:]), batches.c[WENT_OUT[0]])
    query = (
        select(
            batches.c.state,
            func.count().label("many"),
            func.sum(went_out).label("accepted"),
            func.sum(LEFT).label("left"),
            func.sum(batches.c.refused).label("refused"),
        )
        .where(batches.c.broadcast_id == broadcast_id, batches.c.number.between(first, last))
        .group_by(batches.c.state)
    )
    async with db.read() as connection:
        rows = (await connection.execute(query)).all()
    batches_in = {PublicationState(row.state): int(row.many) for row in rows}
    called_off = (_S.WITHDRAWN, _S.SUPERSEDED, _S.ABANDONED)
    return RangeStanding(
        accepted=sum(
            int(row.accepted) + (int(row.left) if row.state == _S.ACCEPTED else 0) for row in rows
        ),
        refused=sum(int(row.refused) for row in rows),
        unknown_batches=batches_in.get(_S.UNKNOWN, 0),
        refused_batches=batches_in.get(_S.REFUSED, 0),
        withdrawn_batches=sum(batches_in.get(state, 0) for state in called_off),
    )
