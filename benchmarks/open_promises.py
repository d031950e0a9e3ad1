"""``python -m benchmarks.open_promises``: ten thousand open promises come near on one worker.

Each is in an incident of its own, and their reminders are due within the same few minutes, each to
one of fifty owners. Measured is the time from the moment at which a reminder is due to the moment
at which it is entered, and to the one at which the owner's phone has it. Whether any was lost
or doubled is counted in the ledger, and by the phones.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from benchmarks.children import LOOPBACK, Child
from benchmarks.ledgers import needed_ledger
from benchmarks.parts import worker
from benchmarks.promised_incidents import enter, open_all, prepare, slug_of
from benchmarks.stack import PYTHON, BenchmarkStack, running
from benchmarks.summary import percentile_95
from client.leaving import leave
from domain.model import Value
from domain.promise_clock import Rung
from store.tables import notification_attempts, notifications
from store.tables import timeline as timelines

STARTED_A_SECOND = 40
"""So many incidents are opened a second at least; the first reminder is due after the last."""

_LINK = re.compile(r"/n/(\w+)")
_LOOK_EVERY = 2.0
LONGEST = timedelta(minutes=10)
"""After so long it ends, and what is not done by then counts as lost."""


class Found(Value):
    """What became of so many ``promises``; seconds are from the moment a reminder was due.

    ``rings`` is how often a phone rang for each incident, and ``recorded`` how often its
    record says that somebody was asked: one each. ``worker`` and ``temporal`` are seconds of
    processor, and ``peak`` is the most memory that the worker held, in bytes.
    """

    promises: int
    opened_in: float
    entered: tuple[float, ...]
    handed: tuple[float, ...]
    rings: tuple[int, ...]
    recorded: tuple[int, ...]
    attempts: int
    peak: int | None
    worker: float
    temporal: float
    lasted: float

    def wrong(self) -> list[str]:
        """What was lost or doubled, in words."""
        every = {
            "entered": [1] * len(self.entered),
            "handed over": [1] * len(self.handed),
            "heard by a phone": list(self.rings),
            "recorded": list(self.recorded),
        }
        found = []
        for what, times in every.items():
            lost = self.promises - len(times)
            more = sum(one - 1 for one in times)
            if lost or more:
                found.append(f"{what}: {lost:,} lost, {more:,} too many")
        if self.attempts != self.promises:
            found.append(f"{self.attempts:,} attempts at {self.promises:,} notifications")
        return found


class Phones:
    """Takes every notification and counts those of each incident, which its link's code names."""

    def __init__(self) -> None:
        self.rang: Counter[str] = Counter()
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Answer on a port of this machine for as long as the block lasts."""
        server = await asyncio.start_server(self._answer, LOOPBACK, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split()[0])
        body = (await reader.readexactly(length)).decode()
        self.rang.update(_LINK.findall(body)[:1])
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


async def measure(
    folder: Path, url: str, promises: int, within: timedelta, longest: timedelta = LONGEST
) -> Found:
    """Open so many, whose reminders are due ``within`` that time, and wait for all of them.

    ``longest`` is for all of it; what is not done by then counts as lost.
    """
    phones = Phones()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(phones.listening())
        on = await stack.enter_async_context(running(folder, url, f"http://{LOOPBACK}:9"))
        plan = await asyncio.to_thread(prepare, folder, phones.port)
        on.environment = {
            **on.environment,
            "FRONTFOOT_PLAYBOOKS_DIR": str(folder / "playbooks"),
            "FRONTFOOT_CONTACT_SECRETS": str(folder / "secrets"),
            "FRONTFOOT_CONTACT_TESTS": "false",
        }
        child = await stack.enter_async_context(worker(folder, on, PYTHON))
        began = time.monotonic()
        ahead = timedelta(seconds=10 + promises / STARTED_A_SECOND)
        first = datetime.now(UTC) + ahead
        due = [first + within * (number / promises) for number in range(promises)]
        await enter(on, plan, promises)
        opened_in, before, since = longest.total_seconds(), (child.cpu(), on.temporal.cpu()), began
        # What is not done by then is counted as lost.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest.total_seconds()):
                await open_all(on, plan, due)
                opened_in, since = time.monotonic() - began, time.monotonic()
                before = child.cpu(), on.temporal.cpu()
                await _all_done(on, child, promises)
        lasted = time.monotonic() - since
        used = child.cpu() - before[0], on.temporal.cpu() - before[1]
        # Whatever came twice would come now.
        await asyncio.sleep(5)
        return await _found(on, phones, due, opened_in, child.peak_memory(), used, lasted)


async def _all_done(on: BenchmarkStack, child: Child, promises: int) -> None:
    while not await _recorded_all(on, promises) or await _handed(on) < promises:
        child.refuse_dead()
        await asyncio.sleep(_LOOK_EVERY)


async def _handed(on: BenchmarkStack) -> int:
    query = select(func.count()).where(notifications.c.handed_at.is_not(None))
    async with on.database.read() as connection:
        return (await connection.scalar(query)) or 0


async def _recorded_all(on: BenchmarkStack, promises: int) -> bool:
    query = select(func.count()).select_from(timelines)
    async with on.database.read() as connection:
        return ((await connection.scalar(query)) or 0) >= promises


async def _found(
    on: BenchmarkStack,
    phones: Phones,
    due: Sequence[datetime],
    opened_in: float,
    peak: int | None,
    used: tuple[float, float],
    lasted: float,
) -> Found:
    asked = select(
        notifications.c.incident, notifications.c.entered_at, notifications.c.handed_at
    ).where(notifications.c.step == Rung.REMIND.value)
    recorded = (
        select(timelines.c.incident, func.count())
        .where(timelines.c.what == "promise near")
        .group_by(timelines.c.incident)
    )
    async with on.database.read() as connection:
        rows = (await connection.execute(asked)).all()
        entries = (await connection.execute(recorded)).all()
        tried = await connection.scalar(select(func.count()).select_from(notification_attempts))
    moment = {slug_of(number): at for number, at in enumerate(due)}
    handed = [row for row in rows if row.handed_at is not None]
    return Found(
        promises=len(due),
        opened_in=opened_in,
        entered=tuple((row.entered_at - moment[row.incident]).total_seconds() for row in rows),
        handed=tuple((row.handed_at - moment[row.incident]).total_seconds() for row in handed),
        rings=tuple(phones.rang.values()),
        recorded=tuple(many for _, many in entries),
        attempts=tried or 0,
        peak=peak,
        worker=used[0],
        temporal=used[1],
        lasted=lasted,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.open_promises")
    parser.add_argument("--promises", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=3.0, help="within which all are due")
    parser.add_argument("--longest", type=float, default=LONGEST.total_seconds() / 60)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ff-promises-") as folder:
        return asyncio.run(_print(given, Path(folder)))


async def _print(given: argparse.Namespace, folder: Path) -> int:
    async with needed_ledger(given.database, folder) as url:
        within = timedelta(minutes=given.minutes)
        longest = timedelta(minutes=given.longest)
        found = await measure(folder, url, given.promises, within, longest)
    print(f"{found.promises:,} promises, opened in {found.opened_in:.0f} s")
    for name, seconds in (("entered", found.entered), ("phone rang", found.handed)):
        if not seconds:
            continue
        print(
            f"due to {name}: half within {median(seconds):.1f} s, 95 % within "
            f"{percentile_95(seconds):.1f} s, longest {max(seconds):.1f} s"
        )
    peak = f"{found.peak / 2**20:.0f} MiB" if found.peak else "unknown"
    each = [1e3 * one / found.promises for one in (found.worker, found.temporal)]
    print(
        f"worker: at most {peak}; of a processor for each, in {found.lasted:.0f} s: "
        f"{each[0]:.0f} ms of the worker, {each[1]:.0f} ms of Temporal"
    )
    print(f"load of the machine {os.getloadavg()[0]:.1f}")
    for line in found.wrong():
        print(f"not right: {line}")
    return int(bool(found.wrong()))


if __name__ == "__main__":
    leave(main())
