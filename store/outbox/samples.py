"""The outbox of samples: each is sent at most once, by a worker that has its channel.

Nothing of it counts: no broadcast, no delivery, no code. An address is forgotten after a day.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update

from domain.model import Value
from domain.publication import PublicationState
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.outbox.once import ending, losing, taking
from store.recovery.locks import unlocked
from store.stops.keeping_back import not_kept_back
from store.tables import samples

_S = PublicationState
KEPT_FOR = timedelta(days=1)
LOST_AFTER = timedelta(minutes=2)
"""How long after its start an attempt without an outcome is lost: far longer than a request."""

_DUE = (
    samples.c.state == _S.PLANNED,
    unlocked(samples.c.incident),
    not_kept_back(samples.c.incident, samples.c.channel),
)
# Built once: a worker asks every second, and to build it costs more than to ask.
_NEXT = (
    select(samples.c.id)
    .where(*_DUE, samples.c.channel.in_(bindparam("b_channels", expanding=True)))
    .order_by(samples.c.id)
    .limit(1)
)


class Sample(Value):
    """One sample: which copy, asked for by whom, and what became of it."""

    id: int
    incident: str
    number: int
    revision: int
    channel: str
    audience: str | None
    address: str
    asked_by: str
    asked_at: datetime
    state: PublicationState
    why: str = ""


async def ask(
    db: Database,
    *,
    incident: str,
    number: int,
    revision: int,
    channel: str,
    audience: str | None,
    address: str,
    by: str,
    at: datetime,
) -> None:
    """Enter a sample that is to be sent."""
    row = {
        "incident": incident,
        "number": number,
        "revision": revision,
        "channel": channel,
        "audience": audience or "",
        "address": address,
        "asked_by": by,
        "asked_at": at,
        "state": _S.PLANNED.value,
    }
    async with db.write() as connection:
        await connection.execute(samples.insert().values(row))


async def asked_since(db: Database, by: str, since: datetime) -> int:
    """How many samples somebody has asked for."""
    mine = samples.c.asked_by == by, samples.c.asked_at >= since
    async with db.read() as connection:
        return await connection.scalar(select(func.count()).select_from(samples).where(*mine)) or 0


async def of_message(db: Database, incident: str, number: int, by: str) -> list[Sample]:
    """The samples of a message that somebody has asked for, the newest first."""
    query = (
        select(samples)
        .where(samples.c.incident == incident, samples.c.number == number, samples.c.asked_by == by)
        .order_by(samples.c.id.desc())
        .limit(10)
    )
    async with db.read() as connection:
        return [_read(row._mapping) for row in await connection.execute(query)]


async def take(db: Database, channels: Collection[str], at: datetime) -> Sample | None:
    """Take the right to send the sample that has waited longest; None if there is none.

    None of an incident that is locked, or of which everything is stopped.
    """
    async with db.read() as connection:
        number = await connection.scalar(_NEXT, {"b_channels": list(channels)})
    if number is None:
        return None
    take_it = taking(samples, number, at, *_DUE).returning(*samples.c)
    async with db.write(Priority.NORMAL) as connection:
        taken = await connection.execute(take_it)
        row = taken.first()
    return None if row is None else _read(row._mapping)


async def end(db: Database, sample: Sample, state: PublicationState, why: str = "") -> None:
    """Enter what became of it; ``planned`` if it is certain that nothing went out."""
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(ending(samples, sample.id, state, why))


async def sweep(db: Database, now: datetime) -> None:
    """Enter what was lost as unknown, and forget the addresses of samples that are old."""
    old = samples.c.asked_at < now - KEPT_FOR
    async with db.write(Priority.NORMAL) as connection:
        await connection.execute(losing(samples, now - LOST_AFTER))
        await connection.execute(
            update(samples)
            .where(old, samples.c.state == _S.PLANNED)
            .values(state=_S.ABANDONED.value, why="No worker sent it within a day.")
        )
        await connection.execute(
            update(samples).where(old, samples.c.address != "").values(address="")
        )


def _read(row: object) -> Sample:
    found = dict(row)  # type: ignore[call-overload]
    return Sample.model_validate({**found, "audience": found["audience"] or None})
