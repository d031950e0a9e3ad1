"""Whose turn it is: the urgent first, in the order of coming, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from store.kernel.priority import Priority
from store.kernel.turns import PATIENCE, WITHOUT_ASKING, Turns

URGENT, NORMAL, BULK = Priority


class OtherProcess:
    """Another process that may have the turn, or something urgent."""

    def __init__(self) -> None:
        self.has_it = False
        self.claims = False
        self.asked_for_urgent: list[bool] = []

    def take(self, *, urgent: bool) -> bool:
        self.asked_for_urgent.append(urgent)
        return not self.has_it and (urgent or not self.claims)

    def give_back(self) -> None: ...

    def unclaim(self) -> None: ...


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Queue:
    """Writers that come one after the other, and the order in which they had their turn."""

    def __init__(self) -> None:
        self.other = OtherProcess()
        self.clock = Clock()
        self.turns = Turns(self.other, clock=self.clock)
        self.served: list[str] = []
        self.writers: dict[str, asyncio.Task[None]] = {}

    async def comes(self, name: str, priority: Priority) -> None:
        async def write() -> None:
            async with self.turns.turn(priority):
                self.served.append(name)
                await asyncio.sleep(0)

        self.writers[name] = asyncio.create_task(write())
        await asyncio.sleep(0)

    async def all_served(self) -> list[str]:
        async with asyncio.timeout(5):
            await asyncio.gather(*self.writers.values(), return_exceptions=True)
        return self.served

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.001)


@pytest.fixture
async def queue() -> Queue:
    return Queue()


async def test_the_urgent_come_before_batches_and_batches_before_events(queue: Queue) -> None:
    async with queue.turns.turn(NORMAL):
        await queue.comes("events", BULK)
        await queue.comes("batch", NORMAL)
        await queue.comes("post", URGENT)
    assert await queue.all_served() == ["post", "batch", "events"]


async def test_among_equals_the_first_to_come_is_the_first_to_go(queue: Queue) -> None:
    async with queue.turns.turn(NORMAL):
        for number in range(1, 6):
            await queue.comes(f"batch {number}", NORMAL)
    assert await queue.all_served() == [f"batch {number}" for number in range(1, 6)]


@pytest.mark.parametrize("priority", [BULK, NORMAL], ids=["events", "batches"])
async def test_nobody_waits_for_ever_behind_what_is_more_urgent(
    queue: Queue, priority: Priority
) -> None:
    async with queue.turns.turn(URGENT):
        await queue.comes("patient", priority)
        queue.clock.now += PATIENCE[priority]
        await queue.comes("post", URGENT)
    assert await queue.all_served() == ["patient", "post"]


async def test_two_never_have_the_turn_at_once(queue: Queue) -> None:
    inside = 0

    async def write(priority: Priority) -> None:
        nonlocal inside
        async with queue.turns.turn(priority):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    async with asyncio.TaskGroup() as group:
        for priority in [URGENT, BULK, NORMAL] * 20:
            group.create_task(write(priority))


async def test_what_becomes_urgent_while_another_process_writes_goes_first(queue: Queue) -> None:
    queue.other.has_it = True
    await queue.comes("batch", NORMAL)
    await queue.comes("post", URGENT)
    queue.other.has_it = False
    assert await queue.all_served() == ["post", "batch"]


async def test_a_batch_waits_while_another_process_has_something_urgent(queue: Queue) -> None:
    queue.other.claims = True
    await queue.comes("batch", NORMAL)
    await queue.comes("post", URGENT)
    await queue.until(lambda: "post" in queue.served)
    assert queue.served == ["post"]
    queue.other.claims = False
    assert await queue.all_served() == ["post", "batch"]


async def test_events_that_have_waited_are_urgent_for_other_processes_too(queue: Queue) -> None:
    queue.other.claims = True
    await queue.comes("events", BULK)
    queue.clock.now += PATIENCE[BULK]
    assert await queue.all_served() == ["events"]
    assert queue.other.asked_for_urgent[-1]


async def test_a_process_that_was_paused_in_its_turn_stops_nobody(queue: Queue) -> None:
    """SQLite's own lock protects the file; a stopped process may hold ours for hours."""
    queue.other.has_it = True
    await queue.comes("post", URGENT)
    queue.clock.now += WITHOUT_ASKING
    assert await queue.all_served() == ["post"]
    # And the next one does not wait for it again.
    await queue.comes("record", URGENT)
    assert await queue.all_served() == ["post", "record"]


async def test_who_no_longer_wants_to_write_holds_up_nobody(queue: Queue) -> None:
    async with queue.turns.turn(NORMAL):
        await queue.comes("gone", URGENT)
        await queue.comes("batch", NORMAL)
        queue.writers["gone"].cancel()
    assert await queue.all_served() == ["batch"]


async def test_who_is_cancelled_in_the_moment_of_their_turn_passes_it_on(queue: Queue) -> None:
    turn = queue.turns.turn(NORMAL)
    await turn.__aenter__()
    await queue.comes("gone", URGENT)
    await queue.comes("batch", NORMAL)
    await turn.__aexit__(None, None, None)
    queue.writers["gone"].cancel()
    assert await queue.all_served() == ["batch"]
