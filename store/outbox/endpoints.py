"""Endpoints: where other systems take webhooks, and the secrets that they are signed with.

Who adds one, takes it out or changes its secret is in the installation's record, by its name alone:
the path of its address may be as good as a password.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.actor import Surface
from domain.endpoint_secret import decrypted, encrypted, public_half
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.installation import Happened, InstallationEntry
from domain.model import Value
from domain.outbox import AttemptEnd, ItemState
from domain.sealing import RecordKey
from domain.webhook_events import EventType
from store.installation.entries import append
from store.kernel.database import Database
from store.tables import endpoint_keys, endpoints, outbox, outbox_attempts

OLD_SECRET_GOOD_FOR = timedelta(hours=24)
"""How long after a rotation webhooks are signed with the old secret, too."""


class EndpointKey(Value):
    """The public half of what workers read secrets with, and the key that it comes from."""

    key_id: str
    public: str


class Endpoint(Value):
    """One endpoint. ``events`` is empty for all; ``secret`` and ``old_secret`` are encrypted.

    ``failure`` and ``failure_status`` are how the last attempt ended that failed. Where that
    disabled the endpoint, ``failed_at`` is the moment of it, too.
    """

    id: int
    name: str
    url: str
    events: tuple[EventType, ...]
    secret: str
    key_id: str
    old_secret: str
    rotated_at: datetime | None
    added_at: datetime
    added_by: str
    disabled_at: datetime | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    failure: AttemptEnd
    failure_status: int | None

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """What a webhook is signed with now, the newest first."""
        if self.rotated_at is None or now - self.rotated_at >= OLD_SECRET_GOOD_FOR:
            return (self.secret,)
        return tuple(one for one in (self.secret, self.old_secret) if one)


def public_key_of(key: RecordKey) -> EndpointKey:
    """What secrets are encrypted to, so that workers with ``key`` read them."""
    return EndpointKey(key_id=key.key_id, public=public_half(key))


async def enter_key(db: Database, key: RecordKey, at: datetime) -> None:
    """Enter what secrets are to be encrypted to; a key that is known changes nothing."""
    public = public_key_of(key)
    row = {**public.model_dump(), "since": at}
    async with db.read() as connection:
        if await _key(connection) == public:
            return
    async with db.write() as connection:
        await connection.execute(db.insert_or_ignore(endpoint_keys, ["key_id"]).values(row))


async def newest_key(db: Database) -> EndpointKey | None:
    """What a new secret is encrypted to; None before a worker has run on this ledger."""
    async with db.read() as connection:
        return await _key(connection)


async def add(
    db: Database,
    name: str,
    url: str,
    events: Sequence[EventType],
    secret: str,
    key_id: str,
    by: str,
    at: datetime,
    surface: Surface = Surface.TERMINAL,
) -> None:
    """Enter an endpoint; ``DomainError`` if there is one of that name."""
    row = {
        "name": name,
        "url": url,
        "events": " ".join(one.value for one in events),
        "secret": secret,
        "key_id": key_id,
        "added_at": at,
        "added_by": by,
    }
    async with db.write() as connection:
        added = await connection.execute(
            db.insert_or_ignore(endpoints, ["name"]).values(row).returning(endpoints.c.id)
        )
        if added.first() is None:
            raise DomainError(
                f"There is an endpoint {name} already.",
                NextStep(
                    action=Action.LIST_WEBHOOKS,
                    advice="Give this one another name, or remove that one first.",
                ),
            )
        await append(db, connection, _entry(at, Happened.ENDPOINT_ADDED, by, name, surface))


async def remove(
    db: Database, name: str, by: str, at: datetime, surface: Surface = Surface.TERMINAL
) -> int:
    """Take an endpoint out with all that waits for it; how many items waited."""
    async with db.write() as connection:
        found = await _named(connection, name)
        ours = outbox.c.endpoint_id == found.id
        items = select(outbox.c.id).where(ours)
        attempts = delete(outbox_attempts).where(outbox_attempts.c.item_id.in_(items))
        await connection.execute(attempts)
        states = (
            await connection.scalars(delete(outbox).where(ours).returning(outbox.c.state))
        ).all()
        await connection.execute(delete(endpoints).where(endpoints.c.id == found.id))
        await append(db, connection, _entry(at, Happened.ENDPOINT_REMOVED, by, name, surface))
    return sum(one == ItemState.WAITING for one in states)


async def rotate(
    db: Database,
    name: str,
    secret: str,
    key_id: str,
    by: str,
    at: datetime,
    surface: Surface = Surface.TERMINAL,
) -> Endpoint:
    """Sign with another secret from now on, and with the present one for a day longer."""
    async with db.write() as connection:
        found = await _named(connection, name)
        # What another key encrypted could not be read beside the new one.
        old = found.secret if found.key_id == key_id else ""
        values = {"secret": secret, "old_secret": old, "key_id": key_id, "rotated_at": at}
        await connection.execute(update(endpoints).where(endpoints.c.id == found.id).values(values))
        await append(db, connection, _entry(at, Happened.SECRET_ROTATED, by, name, surface))
    return found


async def disable(
    db: Database, name: str, by: str, at: datetime, surface: Surface = Surface.TERMINAL
) -> bool:
    """Send an endpoint nothing more and keep what waits; false if it was disabled already."""
    async with db.write() as connection:
        found = await _named(connection, name)
        if found.disabled_at is not None:
            return False
        await connection.execute(
            update(endpoints).where(endpoints.c.id == found.id).values(disabled_at=at)
        )
        await append(db, connection, _entry(at, Happened.ENDPOINT_DISABLED, by, name, surface))
    return True


async def enable(
    db: Database, name: str, by: str, at: datetime, surface: Surface = Surface.TERMINAL
) -> bool:
    """Let an endpoint be sent to again, beginning with what waits; false if it was not disabled."""
    async with db.write() as connection:
        found = await _named(connection, name)
        if found.disabled_at is None:
            return False
        await connection.execute(
            update(endpoints).where(endpoints.c.id == found.id).values(disabled_at=None)
        )
        await connection.execute(
            update(outbox)
            .where(outbox.c.endpoint_id == found.id, outbox.c.state == ItemState.WAITING)
            .values(due_at=at, since=at, tries=0)
        )
        await append(db, connection, _entry(at, Happened.ENDPOINT_ENABLED, by, name, surface))
    return True


async def encrypt_again(db: Database, old: RecordKey, new: RecordKey) -> None:
    """Have the secrets that workers with ``old`` can read be read by those with ``new``."""
    public = public_half(new)

    def again(secret: str, name: str) -> str:
        return encrypted(decrypted(secret, name, old), name, public) if secret else ""

    async with db.write() as connection:
        for one in await _all(connection):
            if one.key_id != old.key_id:
                continue
            values = {
                "secret": again(one.secret, one.name),
                "old_secret": again(one.old_secret, one.name),
                "key_id": new.key_id,
            }
            await connection.execute(
                update(endpoints).where(endpoints.c.id == one.id).values(values)
            )


async def find(db: Database, name: str) -> Endpoint | None:
    """An endpoint by its name."""
    query = select(endpoints).where(endpoints.c.name == name)
    async with db.read() as connection:
        row = (await connection.execute(query)).first()
        return None if row is None else _read(row)


async def load(db: Database, name: str) -> Endpoint:
    """The same, with ``DomainError`` if there is none."""
    found = await find(db, name)
    if found is None:
        raise _unknown(name)
    return found


async def all_of_them(db: Database) -> list[Endpoint]:
    """Every endpoint, by name."""
    async with db.read() as connection:
        return await _all(connection)


async def choosing(
    connection: AsyncConnection, types: Collection[EventType]
) -> dict[int, Endpoint]:
    """The endpoints that are to hear of any of ``types``, by their ids."""
    return {
        one.id: one
        for one in await _all(connection)
        if not one.events or set(one.events) & set(types)
    }


async def _named(connection: AsyncConnection, name: str) -> Endpoint:
    row = (await connection.execute(select(endpoints).where(endpoints.c.name == name))).first()
    if row is None:
        raise _unknown(name)
    return _read(row)


async def _all(connection: AsyncConnection) -> list[Endpoint]:
    rows = await connection.execute(select(endpoints).order_by(endpoints.c.name))
    return [_read(row) for row in rows]


async def _key(connection: AsyncConnection) -> EndpointKey | None:
    query = select(endpoint_keys).order_by(endpoint_keys.c.since.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return None if row is None else EndpointKey.model_validate(dict(row._mapping))


def _read(row: Row[Any]) -> Endpoint:
    return Endpoint.model_validate({**row._mapping, "events": row.events.split()})


def _entry(at: datetime, what: Happened, by: str, name: str, surface: Surface) -> InstallationEntry:
    return InstallationEntry(at=at, what=what, who=by, surface=surface, about=name)


def _unknown(name: str) -> DomainError:
    return DomainError(
        f"There is no endpoint {name[:40]!r}.",
        NextStep(action=Action.LIST_WEBHOOKS, advice="See which there are."),
    )
