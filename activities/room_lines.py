"""Lines for the team's rooms that no timeline has: who is asked, and how much is answered."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from domain.times import in_utc
from domain.webhook_events import EventType, written
from store.desk.coverage import read_coverage
from store.kernel.database import Database
from store.notifications.entering import Asking
from store.outbox import rooms
from store.record import incidents

StartAll = Callable[[Iterable[str]], Awaitable[None]]
"""Has what was entered for these endpoints be sent."""


class RoomLines:
    """Enters lines, each once; ``console_url`` is where people see incidents."""

    def __init__(self, database: Database, console_url: str, start: StartAll) -> None:
        self._database = database
        self._console_url = console_url
        self._start = start

    async def people_asked(self, asking: Asking, at: datetime) -> None:
        """Tell the rooms who is asked for what."""
        data: dict[str, object] = {"reason": asking.reason.value, "people": list(asking.people)}
        if asking.message is not None:
            data["number"] = asking.message
        if asking.due is not None:
            data["due"] = in_utc(asking.due).isoformat()
        identity = f"{asking.incident}/{asking.about}/{asking.step}/{asking.reason}"
        await self._enter(EventType.PEOPLE_ASKED, asking.incident, identity, data, at)

    async def coverage(self, at: datetime) -> None:
        """Tell the rooms once an hour how much of what people said has an end, if that changed."""
        for one in await incidents.list_incidents(self._database):
            if one.closed_at is not None:
                continue
            report = await read_coverage(self._database, one.slug, at)
            if not report.arrived.hour and not report.closed.hour:
                continue
            total = report.total
            ended = total.answered + total.dismissed
            # Whichever worker comes first in this hour.
            identity = f"{one.slug}/coverage/{in_utc(at):%Y-%m-%dT%H}"
            data: dict[str, object] = {"all": ended + total.open, "ended": ended}
            await self._enter(EventType.DESK_COVERAGE, one.slug, identity, data, at)

    async def _enter(
        self, event: EventType, incident: str, identity: str, data: dict[str, object], at: datetime
    ) -> None:
        data = {
            **data,
            "incident": incident,
            "url": f"{self._console_url}/incidents/{incident}",
        }
        event_id = f"evt_{hashlib.sha256(f'{identity}/{event}'.encode()).hexdigest()[:32]}"
        payload = written(event, at, data)
        await self._start(
            await rooms.enter(self._database, event_id, event.value, incident, payload, at)
        )
