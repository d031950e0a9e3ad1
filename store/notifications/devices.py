"""The browsers that receive notifications, and the key by which push services know us."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, select, update

from domain.endpoint_secret import SecretUnreadable, decrypted, encrypted, public_half
from domain.model import Value
from domain.sealing import RecordKey
from domain.web_push import CURVE, pair_of
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.tables import push_keys, push_subscriptions

_FOR = "web-push"


class Device(Value):
    """A browser that was subscribed; ``public`` is the key of ours that it was subscribed for."""

    id: str
    person: str
    name: str
    endpoint: str
    p256dh: str
    auth: str
    public: str
    added_at: datetime
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None


async def add(db: Database, device: Device) -> None:
    """Enter a browser; the same one again replaces its row, whoever's it was."""
    async with db.write() as connection:
        await connection.execute(
            delete(push_subscriptions).where(push_subscriptions.c.endpoint == device.endpoint)
        )
        await connection.execute(push_subscriptions.insert().values(device.model_dump()))


async def remove(db: Database, person: str, device: str) -> bool:
    """Forget one of a person's browsers; false if it is none of theirs."""
    ours = push_subscriptions.c.person == person, push_subscriptions.c.id == device
    async with db.write() as connection:
        return bool((await connection.execute(delete(push_subscriptions).where(*ours))).rowcount)


async def of_people(db: Database, people: Collection[str]) -> list[Device]:
    """The browsers of these people, the oldest first."""
    query = (
        select(push_subscriptions)
        .where(push_subscriptions.c.person.in_(people))
        .order_by(push_subscriptions.c.added_at, push_subscriptions.c.id)
    )
    async with db.read() as connection:
        return [Device(**row._mapping) for row in await connection.execute(query)]


async def note(db: Database, device: str, at: datetime, *, taken: bool, gone: bool) -> None:
    """Enter what a push service said of a browser; one that is gone is forgotten."""
    this = push_subscriptions.c.id == device
    async with db.write(Priority.NORMAL) as connection:
        if gone:
            await connection.execute(delete(push_subscriptions).where(this))
            return
        values = {"succeeded_at": at} if taken else {"failed_at": at}
        await connection.execute(update(push_subscriptions).where(this).values(values))


async def public_key(db: Database) -> str:
    """What browsers subscribe with, Base64 for URLs; empty before a worker has run."""
    query = select(push_keys.c.public).order_by(push_keys.c.since.desc()).limit(1)
    async with db.read() as connection:
        return await connection.scalar(query) or ""


async def private_key(db: Database, key: RecordKey, at: datetime) -> bytes:
    """The private half, made at the first call; 32 bytes.

    If ``key`` cannot read it, a new pair takes its place, and browsers have to subscribe again.
    """
    query = select(push_keys).order_by(push_keys.c.since.desc()).limit(1)
    async with db.write() as connection:
        await db.serialise(connection, "push_keys")
        row = (await connection.execute(query)).first()
        if row is not None:
            try:
                return decrypted(row.secret, _FOR, key)
            except SecretUnreadable:
                await connection.execute(delete(push_subscriptions))
        pair = pair_of(ec.generate_private_key(CURVE))
        await connection.execute(delete(push_keys))
        await connection.execute(
            push_keys.insert().values(
                public=pair.public,
                secret=encrypted(pair.secret, _FOR, public_half(key)),
                key_id=key.key_id,
                since=at,
            )
        )
        return pair.secret


async def encrypt_again(db: Database, old: RecordKey, new: RecordKey) -> None:
    """Have the private half be read by workers with ``new`` in place of those with ``old``."""
    async with db.write() as connection:
        for row in (await connection.execute(select(push_keys))).all():
            if row.key_id != old.key_id:
                continue
            secret = encrypted(decrypted(row.secret, _FOR, old), _FOR, public_half(new))
            await connection.execute(
                update(push_keys)
                .where(push_keys.c.public == row.public)
                .values(secret=secret, key_id=new.key_id)
            )
