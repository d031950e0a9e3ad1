"""Entering events in the ledger: those of several requests together, and in small transactions.

The provider decides how many events are in a request, and a transaction costs as much for one event
as for fifty. Requests that arrive during a transaction wait for the next one and share it. A large
one is cut, on SQLite into short pieces, because nobody else can write during a transaction there.
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
from store.kernel.priority import Priority

FEWEST, MOST = 200, 2_000
"""Events of one transaction."""

LONG, SHORT = 0.04, 0.02
"""Seconds of a transaction after which the next one has fewer events, or may have more."""

MOST_REFUSED = 20
"""Refused events of one request after which the fault is taken to be ours and not theirs."""

_NOTHING = Recorded(new=0, duplicate=0, unknown=0)


class Entered(NamedTuple):
    """What became of one request: what was recorded, and the events that could not be."""

    recorded: Recorded
    refused: Sequence[DeliveryEvent] = ()


@dataclass(slots=True, eq=False)
class _Waiting:
    events: Sequence[DeliveryEvent]
    begun: int = 0
    recorded: Recorded = _NOTHING
    entered: asyncio.Future[Entered] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class _Piece(NamedTuple):
    """Some events of one request, in one transaction."""

    of: _Waiting
    events: Sequence[DeliveryEvent]


class EventQueue:
    """The one writer of events in a process.

    With ``pauses`` it rests after each transaction for as long as that took, so that it has at most
    half of the event loop and of the ledger: for where nobody waits for the result.
    """

    def __init__(self, database: Database, *, pauses: bool = False) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._pauses = pauses
        # On PostgreSQL others can write meanwhile.
        self._cuts = database.dialect == "sqlite"
        self._together = FEWEST if self._cuts else MOST

    async def record(self, events: Sequence[DeliveryEvent]) -> Entered:
        """Enter ``events``, and return the result once all of them are committed.

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
                    self._fail(one.of, error)
            except Exception:  # noqa: BLE001 - each is told its own
                for one in together:
                    await self._alone(one)
            else:
                self._adapt(sum(len(one.events) for one in together))
                for one, result in zip(together, recorded, strict=True):
                    self._enter(one.of, result)
                if self._pauses:
                    await asyncio.sleep(self._database.write_times.newest[Priority.BULK])

    def _next(self) -> list[_Piece]:
        """The pieces of the next transaction."""
        together: list[_Piece] = []
        room = self._together
        for one in self._waiting:
            piece = one.events[one.begun : one.begun + room]
            one.begun += len(piece)
            room -= len(piece)
            together.append(_Piece(one, piece))
            if room <= 0:
                break
        return together

    def _adapt(self, events: int) -> None:
        """Have the next transaction take as long as one may."""
        if not self._cuts:
            return
        took = self._database.write_times.newest[Priority.BULK]
        if took > LONG:
            self._together = max(FEWEST, self._together // 2)
        elif took < SHORT and events >= self._together:
            self._together = min(MOST, self._together * 3 // 2)

    def _enter(self, one: _Waiting, recorded: Recorded) -> None:
        one.recorded += recorded
        if one.begun >= len(one.events):
            self._succeed(one, Entered(one.recorded))

    async def _alone(self, piece: _Piece) -> None:
        """Enter the rest of one request alone, because one of several cannot be entered."""
        one, refused = piece.of, list[DeliveryEvent]()
        rest = [*piece.events, *one.events[one.begun :]]
        try:
            recorded = await self._divided(rest, refused, len(rest))
        except Exception as error:  # noqa: BLE001 - told to whoever handed it in
            self._fail(one, error)
        else:
            self._succeed(one, Entered(one.recorded + recorded, refused))

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
            return _NOTHING

    def _succeed(self, one: _Waiting, entered: Entered) -> None:
        self._waiting.remove(one)
        if not one.entered.done():
            one.entered.set_result(entered)

    def _fail(self, one: _Waiting, error: Exception) -> None:
        self._waiting.remove(one)
        if not one.entered.done():
            one.entered.set_exception(error)
