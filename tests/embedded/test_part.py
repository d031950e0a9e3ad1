"""The parts of the embedded stack: started, watched, started again, ended, and never mixed up."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from client.errors import ClientError
from client.stack.processes import identity, is_running
from embedded.part import PartPlan, StackPart
from embedded.processes import end
from embedded.starting import Command
from tests.deadline import eventually

LIVES = "print('ready', flush=True); import time; time.sleep(120)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + LIVES
FAILS = "print('port taken', flush=True); raise SystemExit(7)"


class Heard:
    """What a part said to its user."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self, words: str) -> None:
        self.words.append(words)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def part(tmp_path: Path, heard: Heard) -> AsyncIterator[Callable[[str], StackPart]]:
    """Makes parts that run a line of Python; they are ready once they say so."""
    made: list[StackPart] = []

    def make(script: str) -> StackPart:
        async def ready(one: StackPart) -> bool:
            return one.said("ready")

        plan = PartPlan(
            name="worker",
            command=Command([sys.executable, "-c", script]),
            environment={"PATH": os.environ["PATH"]},
            ready=ready,
            log=tmp_path / "logs" / "worker.log",
            start_within=10.0,
            stop_within=0.3,
        )
        made.append(StackPart(plan, heard, lambda: None))
        return made[-1]

    yield make
    for one in made:
        await one.stop()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group of its own."""
    process = subprocess.Popen([sys.executable, "-c", LIVES], start_new_session=True)
    yield process
    process.kill()
    process.wait()


async def test_a_part_that_is_killed_is_started_again_and_says_so(
    part: Callable[[str], StackPart], heard: Heard
) -> None:
    one = part(LIVES)
    await one.start()
    first = one.pid
    one.kill()
    await one.wait_ready()

    async def said() -> list[str]:
        return heard.words

    words = await eventually(said, lambda seen: len(seen) == 2)
    assert ("SIGKILL" in words[0], f"pid {one.pid}" in words[1], one.pid != first) == (
        True,
        True,
        True,
    )


async def test_a_part_that_does_not_come_up_is_told_with_its_last_words(
    part: Callable[[str], StackPart],
) -> None:
    with pytest.raises(ClientError) as failed:
        await part(FAILS).start()
    told = str(failed.value)
    assert ("exit code 7" in told, "port taken" in told, "worker.log" in told) == (
        True,
        True,
        True,
    )


async def test_a_part_that_is_stopped_stays_stopped(
    part: Callable[[str], StackPart], heard: Heard
) -> None:
    one = part(LIVES)
    await one.start()
    await one.stop()
    assert (is_running(one.pid, one.began), heard.words) == (False, [])


async def test_a_part_that_will_not_end_is_killed(part: Callable[[str], StackPart]) -> None:
    one = part(STUBBORN)
    await one.start()
    await asyncio.wait_for(one.stop(), 5)
    assert not is_running(one.pid, one.began)


async def test_a_part_does_not_get_the_ctrl_c_of_the_terminal(
    part: Callable[[str], StackPart],
) -> None:
    """The parts are ended in their order; a Ctrl-C that reached all would end them at once."""
    one = part(LIVES)
    await one.start()
    assert os.getpgid(one.pid) != os.getpgid(os.getpid())


def test_a_leftover_is_ended_by_its_pid(sleeper: subprocess.Popen[bytes]) -> None:
    assert end(sleeper.pid, identity(sleeper.pid), patience=5)
    assert sleeper.wait(5) == -signal.SIGTERM


def test_a_process_that_only_has_the_same_pid_is_left_alone(
    sleeper: subprocess.Popen[bytes],
) -> None:
    assert not end(sleeper.pid, "another beginning", patience=0.1)
    assert sleeper.poll() is None


def test_a_process_that_is_gone_has_no_identity() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    assert (identity(process.pid), is_running(process.pid, "")) == ("", False)
