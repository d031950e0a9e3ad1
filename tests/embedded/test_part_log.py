"""The log of a part: bounded while its process goes on writing to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from embedded.part_log import PartLog

LIMIT = 1_000
WRITES = "import sys; [print(line.strip(), flush=True) for line in sys.stdin]"


def test_a_log_that_is_too_long_is_moved_aside_under_its_process(tmp_path: Path) -> None:
    """The receiver's log grew by 655 MB in an hour, and was looked at only at the next start."""
    log = PartLog(tmp_path / "logs" / "webhooks.log", LIMIT)
    with (
        log.open() as file,
        subprocess.Popen(
            [sys.executable, "-c", WRITES],
            stdin=subprocess.PIPE,
            stdout=file,
            text=True,
            bufsize=1,
        ) as process,
    ):
        assert process.stdin is not None
        for round_ in range(5):
            process.stdin.write(f"{round_} {'x' * LIMIT}\n")
            while f"{round_} x" not in log.since_start():
                assert process.poll() is None
            log.bound()
            assert log.path.stat().st_size == 0
        process.stdin.write("the end\n")
        process.stdin.close()
    assert log.path.read_text() == "the end\n"
    assert (tmp_path / "logs" / "webhooks.log.1").stat().st_size < 2 * LIMIT


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    log = PartLog(tmp_path / "worker.log", LIMIT)
    with log.open() as file:
        file.write(b"worker ready\n")
    log.bound()
    assert log.since_start() == "worker ready\n"


def test_what_was_found_in_a_log_stays_found_after_it_was_moved_aside(tmp_path: Path) -> None:
    """A worker whose first line had gone would have been waited for without end."""
    log = PartLog(tmp_path / "worker.log", LIMIT)
    with log.open() as file:
        file.write(b"worker ready\n")
        file.flush()
        assert log.contains("worker ready")
        file.write(b"x" * LIMIT)
    log.bound()
    assert log.contains("worker ready")


def test_the_next_process_has_to_say_it_again(tmp_path: Path) -> None:
    log = PartLog(tmp_path / "worker.log", LIMIT)
    for expected in (False, False):
        with log.open() as file:
            assert log.contains("worker ready") is expected
            file.write(b"worker ready\n")
