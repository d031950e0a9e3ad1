"""The rooms of the team among the endpoints, and what is entered for them alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from domain.room import SCHEME, room_name, room_url
from store.kernel.database import Database
from store.outbox import items
from store.tables import endpoints, outbox, outbox_attempts

_BY = "frontfoot"

_is_room = endpoints.c.url.startswith(f"{SCHEME}://", autoescape=True)


async def keep(db: Database, secrets: Collection[str], at: datetime) -> None:
    """Have exactly the rooms with these secrets be told; nothing of what was before."""
    wanted = {room_name(one): room_url(one) for one in secrets}
    async with db.write() as connection:
        rows = (await connection.execute(select(endpoints).where(_is_room))).all()
        gone = [one.id for one in rows if wanted.get(one.name) != one.url]
        waiting = select(outbox.c.id).where(outbox.c.endpoint_id.in_(gone))
        await connection.execute(
            delete(outbox_attempts).where(outbox_attempts.c.item_id.in_(waiting))
        )
        await connection.execute(delete(outbox).where(outbox.c.endpoint_id.in_(gone)))
        await connection.execute(delete(endpoints).where(endpoints.c.id.in_(gone)))
        for name, url in sorted(wanted.items()):
            row = {
                "name": name,
                "url": url,
                "events": "",
                "secret": "",
                "key_id": "",
                "added_at": at,
                "added_by": _BY,
            }
            await connection.execute(db.insert_or_ignore(endpoints, ["name"]).values(row))


async def enter(
    db: Database, event_id: str, event_type: str, incident: str, payload: str, at: datetime
) -> set[str]:
    """Enter an event for every room, each once; the names of the rooms, none if there are none."""
    async with db.read() as connection:
        if (await connection.scalar(select(endpoints.c.id).where(_is_room).limit(1))) is None:
            return set()
    async with db.write() as connection:
        rooms = (await connection.execute(select(endpoints).where(_is_room))).all()
        row = {
            "event_id": event_id,
            "event_type": event_type,
            "incident": incident,
            "payload": payload,
        }
        await items.enter(db, connection, [{**row, "endpoint_id": one.id} for one in rooms], at)
    return {one.name for one in rooms}
