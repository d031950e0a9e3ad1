"""Seeing to it that nobody waits unnotified, whatever was killed; a task of every worker.

Whoever dies between entering a notification and starting who sends it leaves one that is due.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
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

    async def run(self) -> None:
        """Look again and again; until cancelled."""
        checked: datetime | None = None
        forgot: datetime | None = None
        while True:
            now = datetime.now(UTC)
            try:
                if checked is None:
                    await rooms.keep(self._database, self._rooms, now)
                if await sending.overdue(self._database, now - OVERDUE_AFTER):
                    await self._start()
                if checked is None or now - checked >= CHECK_EVERY:
                    await self.check(now)
                    checked = now
                if forgot is None or now - forgot >= FORGET_EVERY:
                    await forgetting.forget_old(self._database, now)
                    forgot = now
            except StoreUnavailable:
                _log.warning("notifications were not looked at: the ledger cannot be reached")
            except Exception as error:  # noqa: BLE001 - nobody would notice that it has ended
                _log.error("notifications were not looked at: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY.total_seconds())

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
