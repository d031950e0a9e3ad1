"""Seeing to it that nobody waits unnotified, whatever was killed; a task of every worker.

Whoever dies between entering a notification and starting who sends it leaves one that is due.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta

from activities.contacts import Contacts
from activities.notifications import People, Start
from activities.room_lines import RoomLines
from domain.errors import DomainError
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.notifications import forgetting, problems, sending
from store.outbox import rooms

LOOK_EVERY = timedelta(seconds=5)
OVERDUE_AFTER = timedelta(seconds=10)
"""How long something may be due before somebody looks whether the workflow runs."""

CHECK_EVERY = timedelta(minutes=1)
"""How often it is looked whether contact methods could be used."""

FORGET_EVERY = timedelta(hours=1)

_log = logging.getLogger("frontfoot.notifications")


class NotificationKeeping:
    """Keeps notifications going. ``told`` are the secrets of the team's rooms."""

    def __init__(
        self,
        database: Database,
        contacts: Contacts,
        people: People,
        start: Start,
        lines: RoomLines,
        told: Collection[str],
    ) -> None:
        self._database = database
        self._contacts = contacts
        self._people = people
        self._start = start
        self._lines = lines
        self._rooms = tuple(told)
        self._checked: datetime | None = None

    async def run(self) -> None:
        """Look again and again; until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._again(LOOK_EVERY, self._look))
            # It gives way to everything else, and nobody who is to be notified waits for it.
            both.create_task(self._again(FORGET_EVERY, self._forget))

    async def _again(self, every: timedelta, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await look()
            except StoreUnavailable:
                _log.warning("notifications were not looked at: the ledger cannot be reached")
            except Exception as error:  # noqa: BLE001 - nobody would notice that it has ended
                _log.error("notifications were not looked at: %s", type(error).__name__)
            await asyncio.sleep(every.total_seconds())

    async def _look(self) -> None:
        now = datetime.now(UTC)
        if self._checked is None:
            await rooms.keep(self._database, self._rooms, now)
        if await sending.overdue(self._database, now - OVERDUE_AFTER):
            await self._start()
        if self._checked is None or now - self._checked >= CHECK_EVERY:
            await self.check(now)
            self._checked = now

    async def _forget(self) -> None:
        await forgetting.forget_old(self._database, datetime.now(UTC))

    async def check(self, now: datetime) -> None:
        """Find out which contact methods cannot be used, and tell rooms how much is answered."""
        try:
            members = await asyncio.to_thread(self._people)
        except DomainError:
            # The check of the playbooks tells what is wrong with that file.
            members = ()
        await problems.keep(self._database, await self._contacts.problems(members), now)
        if self._rooms:
            await self._lines.coverage(now)
