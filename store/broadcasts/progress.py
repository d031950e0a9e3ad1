"""How far a broadcast has come, from the counts that its batches keep."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, func, select

from domain.errors import DomainError
from domain.model import Value
from domain.publication import DeliveryState, PublicationState
from store.broadcasts.batch_rows import LEFT
from store.deliveries.deliveries import COUNTED, COUNTERS
from store.kernel.database import Database
from store.tables import batches, broadcasts

_S = PublicationState
WENT_OUT = tuple(name for name in COUNTED if name != DeliveryState.REFUSED)
"""The counters of recipients whose mail the provider accepted, as their events say."""


class BroadcastProgress(Value):
    """How many recipients of a broadcast are in which state. Each is counted once.

    ``planned`` wait for their turn, ``sending`` are in a request that is under way, ``unknown``
    in one whose outcome nobody knows, ``withdrawn`` in one that was called off. ``suppressed``
    were so when the broadcast was planned or when their batch was sent. ``accepted`` have had no
    event yet; ``went_out`` is all that the provider accepted. ``refused_unsent`` are those of the
    ``refused`` whose batch was refused as a whole: a retry sends it again. ``elsewhere`` are not
    recipients of this broadcast: they get the message as part of another audience.
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
    refused_unsent: int = 0
    unknown: int = 0
    withdrawn: int = 0
    elsewhere: int = 0
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
"""The counter of recipients without a row of their own, by the state of their batch."""


async def read_progress(db: Database, broadcast_id: int) -> BroadcastProgress:
    """How far a broadcast has come; reads its batches, not its recipients."""
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
    async with db.read() as connection:
        at_planning = (
            await connection.execute(
                select(broadcasts.c.suppressed, broadcasts.c.elsewhere).where(
                    broadcasts.c.id == broadcast_id
                )
            )
        ).first()
        rows = (await connection.execute(query)).all()
    if at_planning is None:
        raise DomainError(f"There is no broadcast {broadcast_id}.", "Plan it first.")
    people: dict[str, int] = dict(at_planning._mapping)
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
        if state is _S.REFUSED:
            people["refused_unsent"] = counts_left
        accepted_at += [at for at in (row.first_at, row.last_at) if at is not None]
    return BroadcastProgress.model_validate(
        {
            **people,
            "batches": by_state,
            "first_accepted_at": min(accepted_at, default=None),
            "last_accepted_at": max(accepted_at, default=None),
        }
    )


class BatchCounts(Value):
    """The outcome of some batches so far; all but ``unknown_batches`` count recipients.

    ``went_out`` is everybody whose mail the provider accepted, whatever became of it afterwards.
    """

    went_out: int = 0
    refused: int = 0
    bounced: int = 0
    unknown_batches: int = 0


class RangeProgress(NamedTuple):
    """The counts of a range of batches, and of its whole broadcast."""

    here: BatchCounts
    everywhere: BatchCounts


async def range_progress(db: Database, broadcast_id: int, first: int, last: int) -> RangeProgress:
    """The counts of the batches ``first`` to ``last``, and of all batches together."""
    here = batches.c.number.between(first, last)
    went_out = sum((batches.c[name] for name in WENT_OUT[1:]), batches.c[WENT_OUT[0]])
    query = (
        select(
            here.label("here"),
            batches.c.state,
            func.count().label("many"),
            func.sum(went_out).label("went_out"),
            func.sum(LEFT).label("left"),
            func.sum(batches.c.refused).label("refused"),
            func.sum(batches.c.bounced).label("bounced"),
        )
        .where(batches.c.broadcast_id == broadcast_id)
        .group_by(here, batches.c.state)
    )
    async with db.read() as connection:
        rows = (await connection.execute(query)).all()
    return RangeProgress(_added_up(row for row in rows if row.here), _added_up(rows))


def _added_up(rows: Iterable[Row[Any]]) -> BatchCounts:
    total = BatchCounts()
    for row in rows:
        left = {_S.ACCEPTED: "went_out", _S.REFUSED: "refused"}.get(PublicationState(row.state))
        found = {name: int(row._mapping[name]) for name in ("went_out", "refused", "bounced")}
        if left is not None:
            found[left] += int(row.left)
        total = BatchCounts(
            **{name: getattr(total, name) + count for name, count in found.items()},
            unknown_batches=total.unknown_batches + (row.many if row.state == _S.UNKNOWN else 0),
        )
    return total
