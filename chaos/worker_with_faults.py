"""The real worker, struck at chosen points of its attempts; never imported by the product.

``python -m chaos.worker_with_faults FOLDER`` wraps the ledger's functions and the channels'
methods from outside, then runs the worker's own ``main``. What runs between the points is the
product, byte for byte.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import runpy
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from types import ModuleType
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection

from channels import registry
from channels.contract import Channel, OutcomeUnknown
from chaos.fault_points import FaultPoints, Strike
from chaos.plan import LISTENING, REPLIES, FaultAction, Point
from client.leaving import leave
from store.broadcasts import batches
from store.desk import replying, sources
from store.kernel import database
from store.offers import codes
from store.record import publications

P = ParamSpec("P")
R = TypeVar("R")

_ON_ITS_WAY = 0.15
"""Seconds after which a request has left us: the sandbox delays the answer longer than that."""


def main() -> int:
    """Wrap, then work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--blind", action="store_true", help="send again without looking")
    chosen = parser.parse_args()
    sys.argv = sys.argv[:1]
    points = _Points(FaultPoints(chosen.folder))
    points.wrap_ledger()
    points.wrap_codes()
    points.wrap_channels(blind=chosen.blind)
    _shorten_patience()
    # Run, not imported: nothing imports the worker. Loads everything whose clock is put wrong.
    main_of_worker = runpy.run_module("worker", run_name="worker")["main"]
    _put_clocks_wrong(points.fault_points)
    return int(main_of_worker())


_TARGETS = {batches: "email", replying: REPLIES, sources: LISTENING}
"""What a fault aims at; a publication's row is found by (ledger, message, channel, …)."""


class _Points:
    """Puts points around functions."""

    def __init__(self, fault_points: FaultPoints) -> None:
        self.fault_points = fault_points

    def wrap_ledger(self) -> None:
        """Points around the row: before and after it is written, and after its acceptance is."""
        for module, names in (
            (publications, ("reserve", "accept")),
            (batches, ("reserve_batch", "accept_batch")),
            (replying, ("take", "accept")),
        ):
            reserve, accept = names
            self._around(module, reserve, Point.BEFORE_ROW, Point.AFTER_ROW)
            self._around(module, accept, None, Point.BEFORE_COMPLETION)
        # A page of what people said, and the place after it.
        self._around(sources, "enter_page", Point.BEFORE_ROW, Point.AFTER_ROW)

    def wrap_codes(self) -> None:
        """A point inside the one transaction in which a batch and its codes are entered."""
        enter = codes.Issuing.enter

        def pointed(issuing: codes.Issuing, connection: Connection, made: codes.MadeCodes) -> None:
            enter(issuing, connection, made)
            strike = self.fault_points.take(Point.BEFORE_COMMIT, "email")
            if strike is not None:
                _strike_ourselves(strike)

        setattr(codes.Issuing, "enter", pointed)  # noqa: B010 - a method, which mypy guards

    def wrap_channels(self, *, blind: bool) -> None:
        """Points around the request; ``blind`` makes the mistake that the harness must notice."""
        build = registry.build

        def built(names: Iterable[str], *, env_file: str | Path | None = None) -> object:
            channels = build(names, env_file=env_file)
            for channel in channels.values():
                self._wrap_sending(channel, blind=blind)
            return channels

        vars(registry)["build"] = built

    def _around(
        self, module: ModuleType, name: str, before: Point | None, after: Point | None
    ) -> None:
        function: Callable[..., Awaitable[object]] = getattr(module, name)

        async def pointed(*args: object, **named: object) -> object:
            channel = _TARGETS.get(module) or args[2]
            if before is not None:
                await self.pass_by(before, str(channel))
            result = await function(*args, **named)
            if after is not None and getattr(result, "reserved", True):
                await self.pass_by(after, str(channel))
            return result

        setattr(module, name, pointed)

    def _wrap_sending(self, channel: Channel, *, blind: bool) -> None:
        for name in ("publish", "send", "reply"):
            send = getattr(channel, name, None)
            if send is not None:
                seeing = _blindly(send) if blind else send
                target = REPLIES if name == "reply" else channel.name
                setattr(channel, name, self._on_the_wire(seeing, target))

    def _on_the_wire(
        self, send: Callable[P, Awaitable[R]], channel: str
    ) -> Callable[P, Awaitable[R]]:
        async def pointed(*args: P.args, **named: P.kwargs) -> R:
            request = asyncio.ensure_future(send(*args, **named))
            await asyncio.wait({request}, timeout=_ON_ITS_WAY)
            await self.pass_by(Point.REQUEST_LEFT, channel)
            receipt = await request
            await self.pass_by(Point.AFTER_ANSWER, channel)
            return receipt

        return pointed

    async def pass_by(self, point: Point, channel: str) -> None:
        """Die here, stop here, wait here, or go on."""
        strike = self.fault_points.take(point, channel)
        if strike is None:
            return
        if strike.action is FaultAction.POINT_DELAY:
            await asyncio.sleep(strike.seconds)
            return
        _strike_ourselves(strike)


def _strike_ourselves(strike: Strike) -> None:
    freezes = strike.action is FaultAction.POINT_FREEZE
    os.kill(os.getpid(), signal.SIGSTOP if freezes else signal.SIGKILL)


def _blindly(send: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    async def blind(*args: P.args, **named: P.kwargs) -> R:
        try:
            return await send(*args, **named)
        except OutcomeUnknown:
            return await send(*args, **named)

    return blind


def _shorten_patience() -> None:
    # Waiting half a minute for a locked ledger would outlast most rounds.
    if hasattr(database, "_BUSY_MS"):
        vars(database)["_BUSY_MS"] = 2_000
    # The last one is later than whatever a provider does late, as in production.
    vars(replying)["LOOKS_AFTER"] = tuple(timedelta(seconds=many) for many in (3, 8, 14))


def _put_clocks_wrong(fault_points: FaultPoints) -> None:
    """Show our own modules a wrong time of day; timers are not affected, as in a real jump."""

    class Kind(type):
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, datetime)

    class WrongClock(datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=fault_points.clock())

    for name, module in list(sys.modules.items()):
        ours = name.partition(".")[0] in ("activities", "channels", "store")
        if ours and getattr(module, "datetime", None) is datetime:
            vars(module)["datetime"] = WrongClock


if __name__ == "__main__":
    leave(main())
