"""Entering in the outbox what entries of a timeline tell, in the transaction that enters them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import orjson
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.timeline import TimelineEntry
from domain.webhook_events import PROMISES, Happening, MessageTold, happenings, payload
from store.kernel.database import Database
from store.outbox import endpoints, items
from store.tables import incidents, messages, revisions


async def enter_timeline(
    db: Database,
    connection: AsyncConnection,
    incident: str,
    entries: Sequence[TimelineEntry],
    *,
    told: Collection[int],
    waiting: Collection[int],
    url: str,
    at: datetime,
) -> set[str]:
    """Enter what ``entries`` tell to other systems; the names of the endpoints that are to hear.

    Again it changes nothing. ``told`` and ``waiting`` are as for ``happenings``; ``url`` is where
    people see the incident.
    """
    found = happenings(entries, told=told, waiting=waiting)
    if not found:
        return set()
    listening = await endpoints.choosing(connection, {one.type for one in found})
    if not listening:
        return set()
    title = await connection.scalar(select(incidents.c.title).where(incidents.c.slug == incident))
    rows: list[dict[str, object]] = []
    for one in found:
        message = await _message(connection, incident, one)
        if one.type in PROMISES and not (message and message.next_update_by):
            continue
        text = payload(one, incident=incident, title=title or "", url=url, message=message)
        row = {
            "event_id": one.event_id(incident),
            "event_type": one.type.value,
            "incident": incident,
            "payload": text,
        }
        rows += [
            {**row, "endpoint_id": each.id}
            for each in listening.values()
            if not each.events or one.type in each.events
        ]
    await items.enter(db, connection, rows, at)
    ids = {row["endpoint_id"] for row in rows}
    return {one.name for one in listening.values() if one.id in ids}


async def _message(
    connection: AsyncConnection, incident: str, one: Happening
) -> MessageTold | None:
    """The message that something happened to, in the revision that it happened to."""
    if one.number is None:
        return None
    rows = (
        await connection.execute(
            select(revisions.c.revision, revisions.c.digest, revisions.c.document, messages.c.kind)
            .join(
                messages,
                (messages.c.incident == revisions.c.incident)
                & (messages.c.number == revisions.c.number),
            )
            .where(revisions.c.incident == incident, revisions.c.number == one.number)
            .order_by(revisions.c.revision.desc())
        )
    ).all()
    named = [row for row in rows if row.digest.startswith(one.digest)]
    return _told(one.number, (named or rows)[0]) if rows else None


def _told(number: int, row: Row[int, str, str, str]) -> MessageTold:
    return MessageTold(
        number=number,
        kind=row.kind,
        revision=row.revision,
        digest=row.digest,
        next_update_by=orjson.loads(row.document).get("next_update_by"),
    )
