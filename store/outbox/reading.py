"""How the outbox stands: what waits for each endpoint, since when, and what became of each item."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, select

from domain.model import Value
from domain.outbox import AttemptEnd, ItemState
from domain.webhook_events import EventType
from store.kernel.database import Database
from store.outbox.items import WAITS, chosen
from store.tables import endpoints, outbox, outbox_attempts


class Backlog(Value):
    """What waits for an endpoint, and what was set aside."""

    waiting: int = 0
    oldest: datetime | None = None
    set_aside: int = 0


class ItemRow(Value):
    """One item as people see it; ``ended`` and ``status`` are of its newest attempt."""

    event_id: str
    event_type: EventType
    incident: str
    entered_at: datetime
    state: ItemState
    attempt: int
    due_at: datetime
    ended_at: datetime | None
    ended: AttemptEnd | None = None
    status: int | None = None
    milliseconds: int | None = None


async def overdue(db: Database, before: datetime) -> list[str]:
    """The endpoints for which something was due before then and has not gone."""
    firsts = (
        select(func.min(outbox.c.id)).where(WAITS).group_by(outbox.c.endpoint_id, outbox.c.incident)
    )
    query = (
        select(endpoints.c.name)
        .join(outbox, outbox.c.endpoint_id == endpoints.c.id)
        .where(outbox.c.id.in_(firsts), outbox.c.due_at < before)
        .where(endpoints.c.disabled_at.is_(None))
        .distinct()
    )
    async with db.read() as connection:
        return list((await connection.scalars(query)).all())


async def backlogs(db: Database) -> dict[str, Backlog]:
    """What waits and what was set aside, without pings, by the names of endpoints that have any."""
    counted = (
        select(
            endpoints.c.name,
            outbox.c.state,
            func.count().label("many"),
            func.min(outbox.c.entered_at).label("oldest"),
        )
        .join(endpoints, endpoints.c.id == outbox.c.endpoint_id)
        .where(outbox.c.state != ItemState.ACCEPTED, outbox.c.event_type != EventType.PING)
        .group_by(endpoints.c.name, outbox.c.state)
    )
    found: dict[str, Backlog] = {}
    async with db.read() as connection:
        for row in await connection.execute(counted):
            one = found.get(row.name, Backlog())
            if row.state == ItemState.WAITING:
                found[row.name] = one.model_copy(update={"waiting": row.many, "oldest": row.oldest})
            else:
                found[row.name] = one.model_copy(update={"set_aside": row.many})
    return found


async def newest(db: Database, endpoint: str, most: int, event_id: str = "") -> list[ItemRow]:
    """The newest items of an endpoint, each with how its newest attempt ended."""
    last = and_(
        outbox_attempts.c.item_id == outbox.c.id, outbox_attempts.c.number == outbox.c.attempt
    )
    query = (
        select(
            outbox,
            outbox_attempts.c.ended,
            outbox_attempts.c.status,
            outbox_attempts.c.milliseconds,
        )
        .join(endpoints, endpoints.c.id == outbox.c.endpoint_id)
        .outerjoin(outbox_attempts, last)
        .where(endpoints.c.name == endpoint, chosen(event_id))
        .order_by(outbox.c.id.desc())
        .limit(most)
    )
    async with db.read() as connection:
        rows = await connection.execute(query)
        return [ItemRow.model_validate(dict(row._mapping)) for row in rows]
