"""What waits for the ledger gets it in the order of its urgency, also across processes."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from domain.timeline import TimelineEntry
from store.events import events
from store.kernel import turns
from store.kernel.database import Database
from store.kernel.priority import Priority
from store.record import timeline
from store.tables import suppressions
from tests.sealing import KEY
from tests.store.world import event

NOON = datetime(2013, 10, 26, 12, tzinfo=UTC)
LOOKED = threading.Event()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine events come first after a quarter of a second; here nobody is to wait."""
    for priority in (Priority.NORMAL, Priority.BULK):
        monkeypatch.setitem(turns.PATIENCE, priority, 120.0)


@pytest.fixture
async def ledgers(tmp_path: Path, empty_ledger: Path) -> AsyncIterator[list[Database]]:
    """One ledger, opened three times, as three processes would."""
    path = tmp_path / "ledger.db"
    shutil.copy(empty_ledger, path)
    opened = [Database.open(f"sqlite:///{path}") for _ in range(3)]
    yield opened
    for one in opened:
        await one.close()


async def record(ledger: Database) -> None:
    entry = TimelineEntry(seq=1, at=NOON, what="opened", who="maya")
    await timeline.append(ledger, KEY, "site-down", [entry])


async def send_a_batch(ledger: Database) -> None:
    await ledger.write_with(lambda connection: connection.execute(text("SELECT 1")).one())


async def take_a_batch(ledger: Database) -> None:
    def look(_: Connection) -> None:
        LOOKED.set()

    def take(_: Connection, __: Callable[[], None]) -> None: ...

    await ledger.look_and_write(look, take, watched=suppressions)


async def enter_events(ledger: Database) -> None:
    await events.record(ledger, [event("0123456789abcdef", 1)])


Step = Callable[[Database], Awaitable[None]]


async def served(ledger: Database, steps: list[tuple[Step, Database]]) -> list[str]:
    """The order in which ``steps`` end that all wait for ``ledger``, begun in their order."""
    ended: list[str] = []

    async def do(step: Step, on: Database) -> None:
        await step(on)
        ended.append(step.__name__)

    LOOKED.clear()
    async with asyncio.timeout(150), asyncio.TaskGroup() as group, ledger.write():
        for step, on in steps:
            group.create_task(do(step, on))
            # Those that look first are to have looked, however busy the machine is.
            if step is take_a_batch:
                await asyncio.to_thread(LOOKED.wait, 120)
            await asyncio.sleep(0.1)
    return ended


@pytest.mark.parametrize("batch", [send_a_batch, take_a_batch], ids=["send", "take"])
async def test_the_record_comes_before_a_batch_and_a_batch_before_events(
    ledgers: list[Database], batch: Step
) -> None:
    one = ledgers[0]
    order = await served(one, [(enter_events, one), (batch, one), (record, one)])
    assert order == ["record", batch.__name__, "enter_events"]


async def test_the_record_comes_first_in_another_process_too(ledgers: list[Database]) -> None:
    one, another, third = ledgers
    order = await served(one, [(enter_events, another), (send_a_batch, another), (record, third)])
    assert order[0] == "record"


async def test_a_file_that_somebody_else_has_locked_is_waited_for_without_blocking(
    ledgers: list[Database],
) -> None:
    """A backup or a person's sqlite3 takes no turn; meanwhile this process answers others."""
    [one, stranger, _] = ledgers
    in_thread = stranger._sqlite
    assert in_thread is not None
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with in_thread.many.begin():
            entered.set()
            await leave.wait()

    holding = asyncio.create_task(hold())
    await entered.wait()
    writing = asyncio.create_task(record(one))
    for _ in range(5):
        await asyncio.sleep(0.01)
    assert not writing.done()
    leave.set()
    await holding
    await asyncio.wait_for(writing, 5)


async def test_how_long_writes_took_is_kept(ledgers: list[Database]) -> None:
    heard: list[str] = []
    ledgers[0].write_times.tell = lambda priority, _, __: heard.append(priority.name)
    await record(ledgers[0])
    await send_a_batch(ledgers[0])
    await enter_events(ledgers[0])
    assert heard == ["URGENT", "NORMAL", "BULK"]
    assert all(seconds > 0 for seconds in ledgers[0].write_times.longest.values())
