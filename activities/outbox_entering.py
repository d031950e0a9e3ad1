"""Entering in the outbox what the record tells, and starting who sends it.

The start comes after the commit. Whoever dies between the two leaves items that are due: the
workers look for those, again and again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.signatures.record import RecordTimeline
from domain.timeline import TimelineEntry
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.outbox import items, reading
from store.outbox.entering import enter_timeline

Start = Callable[[str], Awaitable[bool]]
"""Starts, or tells, the workflow of the endpoint of that name; false if it could not."""

LOOK_EVERY = timedelta(seconds=5)
OVERDUE_AFTER = timedelta(seconds=10)
"""How long something may be due before somebody looks whether its workflow runs."""

FORGET_EVERY = timedelta(hours=1)

_log = logging.getLogger("frontfoot.outbox")


class OutboxEntering:
    """Enters what other systems are to hear. ``console_url`` is where people see incidents."""

    def __init__(self, database: Database, console_url: str, start: Start) -> None:
        self._database = database
        self._console_url = console_url
        self._start = start

    async def enter(
        self,
        order: RecordTimeline,
        connection: AsyncConnection,
        new: Sequence[TimelineEntry],
    ) -> set[str]:
        """Enter what the new entries tell, in their transaction; which endpoints are to hear."""
        return await enter_timeline(
            self._database,
            connection,
            order.incident,
            new,
            told=order.told,
            waiting=order.waiting,
            url=f"{self._console_url}/incidents/{order.incident}",
            at=datetime.now(UTC),
        )

    async def start(self, endpoints: Iterable[str]) -> None:
        """Have these endpoints be sent what was entered; what cannot be started now is later."""
        await asyncio.gather(*(self._start_one(one) for one in endpoints))

    async def _start_one(self, endpoint: str) -> None:
        try:
            await self._start(endpoint)
        except Exception as error:  # noqa: BLE001 - what is entered is found to be overdue
            _log.error("sending to %s was not started: %s", endpoint, type(error).__name__)

    async def keep_starting(self) -> None:
        """Start what is overdue, and forget what is old; until cancelled."""
        forgot: datetime | None = None
        while True:
            now = datetime.now(UTC)
            try:
                await self.start(await reading.overdue(self._database, now - OVERDUE_AFTER))
                if forgot is None or now - forgot >= FORGET_EVERY:
                    await items.forget_old(self._database, now)
                    forgot = now
            except StoreUnavailable:
                _log.warning("the outbox was not looked at: the ledger cannot be reached")
            except Exception as error:  # noqa: BLE001 - nobody would notice that it has ended
                _log.error("the outbox was not looked at: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY.total_seconds())
