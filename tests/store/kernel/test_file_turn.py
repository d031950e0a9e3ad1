"""Turns among processes: one has it, urgent writes of others are respected, death frees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.kernel.file_turn import TURN, FileTurn

OTHER = """
import sys
from pathlib import Path
from store.kernel.file_turn import FileTurn
turn = FileTurn(Path(sys.argv[1]))
assert turn.take(urgent=True)
print("has it", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def one(ledger: Path) -> Iterator[FileTurn]:
    turn = FileTurn(ledger)
    yield turn
    turn.close()


@pytest.fixture
def another(ledger: Path) -> Iterator[FileTurn]:
    turn = FileTurn(ledger)
    yield turn
    turn.close()


def test_one_at_a_time_has_the_turn(one: FileTurn, another: FileTurn) -> None:
    assert one.take(urgent=False)
    assert not another.take(urgent=False)
    one.give_back()
    assert another.take(urgent=False)


def test_while_something_urgent_waits_nothing_else_gets_the_turn(
    one: FileTurn, another: FileTurn
) -> None:
    assert one.take(urgent=False)
    assert not another.take(urgent=True)
    one.give_back()
    assert not one.take(urgent=False)
    assert another.take(urgent=True)
    another.give_back()
    assert one.take(urgent=False)


def test_two_with_something_urgent_stop_only_what_is_not(one: FileTurn, another: FileTurn) -> None:
    assert one.take(urgent=True)
    assert not another.take(urgent=True)
    one.give_back()
    assert another.take(urgent=True)


def test_who_has_nothing_urgent_any_more_stops_nobody(one: FileTurn, another: FileTurn) -> None:
    assert one.take(urgent=False)
    assert not another.take(urgent=True)
    another.unclaim()
    one.give_back()
    assert one.take(urgent=False)


def test_a_killed_process_gives_its_turn_back(ledger: Path, one: FileTurn) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", OTHER, str(ledger)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"has it\n"
        assert not one.take(urgent=True)
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert one.take(urgent=False)


def test_its_files_are_for_this_user_only(ledger: Path, one: FileTurn) -> None:
    assert one.take(urgent=True)
    modes = {path.name: path.stat().st_mode & 0o777 for path in ledger.parent.iterdir()}
    assert modes == {"ledger.db-turn": 0o600, "ledger.db-urgent": 0o600}


def test_where_there_can_be_no_file_the_database_says_what_is_wrong(tmp_path: Path) -> None:
    turn = FileTurn(tmp_path / "missing" / "ledger.db")
    assert turn.take(urgent=False)
    assert not (tmp_path / "missing").exists()
    assert TURN not in os.listdir(tmp_path)
