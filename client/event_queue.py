"""Entering the events of several requests in one transaction, because requests may be tiny.

The provider decides how many events are in a request, and a transaction costs as much for one event
as for fifty. Requests that arrive during a transaction wait for the next one and share it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.delivery_events import DeliveryEvent
from store.events import events
from store.events.events import Recorded
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable

TOGETHER = 2_000
"""The most events of one transaction: more would delay the answer, and other writers."""


MOST_REFUSED = 20
"""Refused events of one request after which the fault is taken to be ours and not theirs."""


class Entered(NamedTuple):
    """What became of one request: what was recorded, and the events that could not be."""

    recorded: Recorded
    refused: Sequence[DeliveryEvent] = ()


@dataclass(slots=True)
class _Waiting:
    events: Sequence[DeliveryEvent]
    entered: asyncio.Future[Entered] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class EventQueue:
    """The one writer of events in a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def record(self, events: Sequence[DeliveryEvent]) -> Entered:
        """Enter ``events``, and return the result once it is committed.

        Raises like the store, but an event that cannot be entered costs no other: the result names
        it. If none can be, the error is raised. A caller that is cancelled does not undo it.
        """
        waiting = _Waiting(events)
        self._waiting.append(waiting)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await waiting.entered

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
            except Exception:  # noqa: BLE001 - each is told its own
                for one in together:
                    await self._alone(one)
            else:
                for one, result in zip(together, recorded, strict=True):
                    _succeed(one, Entered(result))

    async def _alone(self, one: _Waiting) -> None:
        """Enter one request alone, because one of several cannot be entered."""
        refused: list[DeliveryEvent] = []
        try:
            recorded = await self._divided(one.events, refused, len(one.events))
        except Exception as error:  # noqa: BLE001 - told to whoever handed it in
            _fail(one, error)
        else:
            _succeed(one, Entered(recorded, refused))

    async def _divided(
        self, told: Sequence[DeliveryEvent], refused: list[DeliveryEvent], of: int
    ) -> Recorded:
        """Enter ``told``; where that fails, each half, down to the events that are at fault."""
        try:
            return await events.record(self._database, told)
        except StoreUnavailable:
            raise
        except Exception:
            if len(told) > 1:
                half = len(told) // 2
                first = await self._divided(told[:half], refused, of)
                second = await self._divided(told[half:], refused, of)
                return first + second
            refused += told
            # Nobody else's event is saved by giving these up, and a repeat may succeed.
            if len(refused) in (of, MOST_REFUSED):
                raise
            return Recorded(new=0, duplicate=0, unknown=0)

    def _next(self) -> list[_Waiting]:
        together = [self._waiting.popleft()]
        many = len(together[0].events)
        while self._waiting and many + len(self._waiting[0].events) <= TOGETHER:
            together.append(self._waiting.popleft())
            many += len(together[-1].events)
        return together


def _succeed(one: _Waiting, entered: Entered) -> None:
    if not one.entered.done():
        one.entered.set_result(entered)


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.entered.done():
        one.entered.set_exception(error)
