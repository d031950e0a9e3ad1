"""Entering the events of several requests in one transaction, because requests may be tiny.

The provider decides how many events are in a request, and a transaction costs as much for one event
as for fifty. Requests that arrive during a transaction wait for the next one and share it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.delivery_events import DeliveryEvent
from store.events import events
from store.events.events import Recorded
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable

TOGETHER = 2_000
"""The most events of one transaction: more would delay the answer, and other writers."""


@dataclass(slots=True)
class _Waiting:
    events: Sequence[DeliveryEvent]
    recorded: asyncio.Future[Recorded] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class EventQueue:
    """The one writer of events in a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def record(self, events: Sequence[DeliveryEvent]) -> Recorded:
        """Enter ``events``, and return the result once it is committed; raises like the store.

        A caller that is cancelled does not undo it.
        """
        waiting = _Waiting(events)
        self._waiting.append(waiting)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await waiting.recorded

    async def _write(self) -> None:
        while self._waiting:
            together = self._next()
            try:
                recorded = await events.record_groups(
                    self._database, [one.events for one in together]
                )
            except StoreUnavailable as error:
                # Trying each alone would take as long again, with the same result.
                for one in together:
                    _fail(one, error)
            except Exception as error:  # noqa: BLE001 - told to whoever handed it in
                if len(together) == 1:
                    _fail(together[0], error)
                    continue
                for one in together:
                    await self._alone(one)
            else:
                for one, result in zip(together, recorded, strict=True):
                    if not one.recorded.done():
                        one.recorded.set_result(result)

    async def _alone(self, one: _Waiting) -> None:
        """Enter one request alone, because one of several cannot be entered."""
        try:
            recorded = await events.record(self._database, one.events)
        except Exception as error:  # noqa: BLE001 - told to whoever handed it in
            _fail(one, error)
        else:
            if not one.recorded.done():
                one.recorded.set_result(recorded)

    def _next(self) -> list[_Waiting]:
        together = [self._waiting.popleft()]
        many = len(together[0].events)
        while self._waiting and many + len(self._waiting[0].events) <= TOGETHER:
            together.append(self._waiting.popleft())
            many += len(together[-1].events)
        return together


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.recorded.done():
        one.recorded.set_exception(error)
