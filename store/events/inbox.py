"""The inbox of events beside a SQLite ledger: verified, durable, and not yet entered.

SQLite lets one transaction write at a time, and in a broadcast most events come while its batches
need the ledger. So events are first kept in a file of their own, where nobody waits for anybody,
and the provider has its answer at once; they are entered in the ledger when it is free. What was
entered is removed afterwards, so that a crash between the two enters it again, which changes
nothing: events have ids.

PostgreSQL needs none: there many write at a time. The file contains addresses.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from domain.delivery_events import DeliveryEvent
from domain.explanation import Action, NextStep
from domain.model import Value
from store.events.marks import kind_of
from store.kernel.columns import Moment
from store.kernel.engines import ledger_url
from store.kernel.errors import StoreUnavailable, unavailable
from store.kernel.sqlite_thread import SqliteThread

END = "-events"
"""The end of the file's name; the ledger's name comes before."""

MOST_BYTES = 1 << 30
"""How large the inbox may become. Beyond it events are refused, and the provider keeps them."""

CATCH_UP_WITHIN = 2.0
"""Seconds for which ``catch_up`` waits."""

_LOOK_EVERY = 0.05
T = TypeVar("T")

_metadata = MetaData()
PARCELS = Table(
    "parcels",
    _metadata,
    # Never given twice, so that "everything up to this one" stays true when rows are removed.
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("channel", String(31), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("events", Integer, nullable=False),
    # How often it could not be entered by a fault of ours.
    Column("failures", Integer, nullable=False, default=0),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)


class Parcel(NamedTuple):
    """The events of one delivery."""

    id: int
    channel: str
    events: Sequence[DeliveryEvent]


class Backlog(Value):
    """How many events wait to be entered, since when, and how many of them failed before.

    ``failed`` events cannot be entered by a fault of ours, and are tried again now and then.
    """

    events: int = 0
    failed: int = 0
    oldest_at: datetime | None = None
    bytes: int = 0

    def age(self, now: datetime) -> timedelta:
        """How long the oldest has waited."""
        return timedelta() if self.oldest_at is None else max(now - self.oldest_at, timedelta())


class InboxFull(StoreUnavailable):
    """The inbox has reached its bound: the provider has to keep its events for now."""

    def __init__(self) -> None:
        super().__init__(
            "The inbox of events is full.",
            "Events come faster than they can be entered in the ledger.",
            NextStep(
                action=Action.CHECK,
                advice="The provider delivers them again later. If it stays full, see what waits.",
            ),
        )


class EventsWaiting(StoreUnavailable):
    """Events that came earlier are not in the ledger yet, so that silence proves nothing now."""

    def __init__(self) -> None:
        super().__init__(
            "Events of the provider wait to be entered in the ledger.",
            "They may prove that a batch of unknown outcome went out, so it is not judged now.",
            NextStep(
                action=Action.CHECK,
                advice="It is judged when they are entered. See how many wait.",
            ),
        )


class Inbox:
    """The inbox of one ledger. Every method raises ``StoreUnavailable``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = SqliteThread(
            URL.create("sqlite", database=str(path)), "BEGIN IMMEDIATE", cache_mib=2
        )
        self._made = False

    @classmethod
    def of(cls, url: str) -> Self | None:
        """The inbox of the ledger at ``url``; None on PostgreSQL."""
        parsed = ledger_url(url)
        if parsed.get_backend_name() != "sqlite":
            return None
        return cls(Path(f"{parsed.database}{END}"))

    async def put(self, channel: str, events: Sequence[DeliveryEvent], at: datetime) -> None:
        """Keep the events of one delivery; once it returns they survive a crash of any process.

        ``InboxFull`` if the file has reached its bound.
        """
        body = orjson.dumps([list(event) for event in events])

        def enter(connection: Connection) -> None:
            if _bytes(connection) + len(body) > MOST_BYTES:
                raise InboxFull
            connection.execute(
                PARCELS.insert().values(
                    channel=channel, received_at=at, events=len(events), body=body
                )
            )

        await self._run(enter)

    async def next(self, most_events: int, *, failed: bool = False) -> list[Parcel]:
        """The oldest parcels, up to ``most_events`` together, but at least one if there is any.

        Those that ``failed`` before are left out, or are all that is returned.
        """
        condition = PARCELS.c.failures > 0 if failed else PARCELS.c.failures == 0

        def read(connection: Connection) -> list[Parcel]:
            found: list[Parcel] = []
            many = 0
            for row in connection.execute(
                select(PARCELS).where(condition).order_by(PARCELS.c.id).limit(100)
            ):
                many += row.events
                if found and many > most_events:
                    break
                found.append(Parcel(row.id, row.channel, _read(row.body)))
            return found

        return await self._run(read)

    async def remove(self, parcels: Sequence[Parcel]) -> None:
        """Forget parcels whose events are in the ledger."""
        ids = [one.id for one in parcels]
        await self._run(
            lambda connection: connection.execute(delete(PARCELS).where(PARCELS.c.id.in_(ids)))
        )

    async def put_off(self, parcel: Parcel) -> None:
        """Note that a parcel cannot be entered, so that it holds up no other."""
        failed = update(PARCELS).where(PARCELS.c.id == parcel.id)
        await self._run(
            lambda connection: connection.execute(failed.values(failures=PARCELS.c.failures + 1))
        )

    async def backlog(self) -> Backlog:
        """What waits; nothing if there is no inbox yet."""
        if not self.path.exists():
            return Backlog()
        return await self._run(_backlog)

    async def catch_up(self) -> None:
        """Return once every event that was here when this was called has been entered.

        Raises ``EventsWaiting`` if that takes longer than ``CATCH_UP_WITHIN``. Events that cannot
        be entered by a fault of ours are not waited for.
        """
        if not self.path.exists():
            return
        newest = await self._waiting(func.max)
        until = time.monotonic() + CATCH_UP_WITHIN
        while newest is not None:
            oldest = await self._waiting(func.min)
            if oldest is None or oldest > newest:
                break
            if time.monotonic() > until:
                raise EventsWaiting
            await asyncio.sleep(_LOOK_EVERY)

    async def close(self) -> None:
        """Close the file."""
        await self._thread.close()

    async def _waiting(self, which: Callable[[Column[int]], ColumnElement[int]]) -> int | None:
        query = select(which(PARCELS.c.id)).where(PARCELS.c.failures == 0)
        return await self._run(lambda connection: connection.scalar(query))

    async def _run(self, work: Callable[[Connection], T]) -> T:
        def with_table(connection: Connection) -> T:
            if not self._made:
                _metadata.create_all(connection)
                self._made = True
            return work(connection)

        if not self._made:
            with contextlib.suppress(OSError):
                # For this user only, as the ledger.
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        try:
            return await self._thread.run(with_table)
        except DBAPIError as error:
            known = unavailable(error)
            if known is None:
                raise
            raise known from error


def _backlog(connection: Connection) -> Backlog:
    waiting, failed = (
        func.sum(PARCELS.c.events).filter(condition)
        for condition in (PARCELS.c.failures == 0, PARCELS.c.failures > 0)
    )
    row = connection.execute(
        select(
            func.coalesce(waiting, 0).label("events"),
            func.coalesce(failed, 0).label("failed"),
            func.min(PARCELS.c.received_at).filter(PARCELS.c.failures == 0).label("oldest_at"),
        )
    ).one()
    return Backlog(
        events=row.events, failed=row.failed, oldest_at=row.oldest_at, bytes=_bytes(connection)
    )


def _bytes(connection: Connection) -> int:
    """Bytes of what the inbox holds; the pages of what was removed are used again."""
    pages, free, size = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _read(body: bytes) -> list[DeliveryEvent]:
    return [
        DeliveryEvent(name, kind_of(kind), datetime.fromisoformat(at), *rest)
        for name, kind, at, *rest in orjson.loads(body)
    ]
