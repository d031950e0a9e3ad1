"""Entering the inbox's events in the ledger, by one process at a time.

The public service does it, and workers stand by: whoever has the lock beside the inbox enters, and
the kernel releases it with its process. So nothing waits in the inbox for a process that is down,
and unknown batches are judged by all the events that came.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson

from client.event_queue import EventQueue
from domain.delivery_events import DeliveryEvent, UnreadableEvent
from store.events import set_aside
from store.events.inbox import Inbox, Parcel
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable

LOOK_EVERY = 0.1
"""Seconds between two looks at an inbox that was empty."""

STAND_BY = 1.0
"""Seconds between two questions whether there is anything to do."""

TAKE_OVER_AFTER = timedelta(seconds=5)
"""How long events have waited before somebody who only stands by enters them."""

TRY_AGAIN_EVERY = 600.0
"""Seconds between two attempts at what could not be entered."""

_TOGETHER = 4_000
_AFTER_FAILURE = 1.0

_log = logging.getLogger("frontfoot.events")


class EventEntry:
    """Enters what is in the inbox, for as long as ``run`` runs.

    With ``stands_by`` only while nobody else does: a worker has more urgent work.
    """

    def __init__(self, database: Database, inbox: Inbox, *, stands_by: bool = False) -> None:
        self._stands_by = stands_by
        self._database = database
        self._inbox = inbox
        self._queue = EventQueue(database, pauses=True)
        self._lock: int | None = None
        self._retried_at = time.monotonic()

    async def run(self) -> None:
        """Enter events whenever there are some and no other process does; until cancelled."""
        try:
            while True:
                await asyncio.sleep(await self._step())
        finally:
            self._release()

    async def enter_all(self) -> int:
        """Enter all that waits now, and return how many events that were; for tests and tools."""
        many = 0
        while parcels := await self._inbox.next(_TOGETHER):
            many += sum(len(one.events) for one in parcels)
            await self._enter(parcels)
        return many

    async def _step(self) -> float:
        """One turn; returns the seconds until the next one."""
        try:
            if not await self._is_needed() or not self._is_ours():
                return STAND_BY
            parcels = await self._inbox.next(_TOGETHER)
            if not parcels:
                await self._try_failed()
                if self._stands_by:
                    self._release()
                return LOOK_EVERY
            await self._enter(parcels)
        except StoreUnavailable as error:
            _log.warning("events wait in the inbox: %s", error.explanation.what)
            return _AFTER_FAILURE
        except OSError as error:
            _log.warning("events wait in the inbox: %s", error.strerror)
            return _AFTER_FAILURE
        return 0.0

    async def _enter(self, parcels: list[Parcel]) -> None:
        results = await asyncio.gather(
            *(self._queue.record(one.events) for one in parcels), return_exceptions=True
        )
        entered: list[Parcel] = []
        unavailable: StoreUnavailable | None = None
        for parcel, result in zip(parcels, results, strict=True):
            if isinstance(result, StoreUnavailable):
                unavailable = result
            elif isinstance(result, BaseException):
                # Its text would quote rows.
                _log.error("events could not be entered (%s)", type(result).__name__)
                await self._inbox.put_off(parcel)
            else:
                await self._set_aside(parcel, result.refused)
                entered.append(parcel)
        if entered:
            await self._inbox.remove(entered)
        if unavailable is not None:
            raise unavailable

    async def _set_aside(self, parcel: Parcel, refused: Sequence[DeliveryEvent]) -> None:
        bad = [UnreadableEvent(orjson.dumps(one._asdict()), "not entered") for one in refused]
        await set_aside.keep(self._database, parcel.channel, bad, datetime.now(UTC))

    async def _try_failed(self) -> None:
        if time.monotonic() - self._retried_at < TRY_AGAIN_EVERY:
            return
        self._retried_at = time.monotonic()
        if failed := await self._inbox.next(_TOGETHER, failed=True):
            await self._enter(failed)

    async def _is_needed(self) -> bool:
        if not self._inbox.path.exists():
            return False
        if not self._stands_by or self._lock is not None:
            return True
        backlog = await self._inbox.backlog()
        return backlog.age(datetime.now(UTC)) > TAKE_OVER_AFTER

    def _is_ours(self) -> bool:
        """Whether this process is the one that enters events."""
        if self._lock is not None:
            return True
        file = os.open(f"{self._inbox.path}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._lock = file
        return True

    def _release(self) -> None:
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.close(self._lock)
            self._lock = None
