"""What only happens where somebody sits: being asked before signing, and a live picture."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.terminal import Terminal, Up

pytestmark = pytest.mark.whole


class Screen:
    """A command on a terminal of its own."""

    def __init__(self, up: Up, line: str) -> None:
        self.seen = ""
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            up.command(line),
            cwd=up.folder,
            env={**up.environment(), "TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def until(self, words: str, within: float = 60.0) -> None:
        """Read until ``words`` have been shown."""
        deadline = time.monotonic() + within
        while words not in self.seen:
            assert time.monotonic() < deadline, f"{words!r} was not shown:\n{self.seen}"
            if select.select([self._ours], [], [], 0.1)[0]:
                self.seen += os.read(self._ours, 65536).decode(errors="replace")

    def type(self, keys: str) -> None:
        """Press some keys."""
        os.write(self._ours, keys.encode())

    def interrupt(self) -> None:
        """What Ctrl-C does; this terminal is nobody's, so that the key alone would not.

        Not before it sleeps: CPython notices a signal that comes between the question and the
        reading of its answer only when there is an answer.
        """
        deadline = time.monotonic() + 20
        while not self._sleeps():
            assert time.monotonic() < deadline, f"it does not come to rest:\n{self.seen}"
        self._process.send_signal(signal.SIGINT)

    def _sleeps(self) -> bool:
        command = ["ps", "-o", "stat=", "-p", str(self._process.pid)]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
        return told.stdout.lstrip().startswith(("S", "I"))

    def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            return self._process.wait(20)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._ours)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Let commands hear Ctrl-C: what a script starts in the background ignores it, and hands on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def proposed(second: Terminal, request: pytest.FixtureRequest) -> dict[str, Any]:
    slug = request.node.name.removeprefix("test_").replace("_", "-")[:30].rstrip("-")
    (second.folder / "few.csv").write_text("email\na@example.org\n", encoding="utf-8")
    second.type("audience import few.csv --name few")
    second.type(f'open {slug} --title "Down, {slug}" --audience few --as maya')
    second.type(f"propose {slug} announcement --as maya")
    status: dict[str, Any] = second.read(f"status {slug}")
    return status


def decisions(terminal: Terminal, slug: str) -> list[str]:
    message = terminal.read(f"status {slug}")["messages"][0]
    return [
        f"{one['actor']['person']} {one['verdict']} {one['digest']}" for one in message["decisions"]
    ]


def test_a_person_is_shown_the_copy_and_signs_exactly_that(
    up: Up, second: Terminal, proposed: dict[str, Any]
) -> None:
    slug, digest = proposed["incident"], proposed["messages"][0]["digest"]
    screen = Screen(up, f"approve {slug} --as noor")
    screen.until("Approve this, as noor?")
    read = digest in screen.seen and "We are sorry" in screen.seen
    screen.type("y\n")
    screen.until("goes out now")
    assert (read, screen.end(), decisions(second, slug)) == (True, 0, [f"noor approve {digest}"])


@pytest.mark.parametrize("keys", ["\n", "n\n", ""], ids=["enter", "n", "ctrl-c"])
def test_anything_but_yes_decides_nothing(
    up: Up, second: Terminal, proposed: dict[str, Any], keys: str
) -> None:
    slug = proposed["incident"]
    screen = Screen(up, f"approve {slug} 1 --as noor")
    screen.until("Approve this, as noor? [y/N]: ")
    screen.type(keys) if keys else screen.interrupt()
    screen.end()
    assert decisions(second, slug) == []


def test_a_watch_follows_the_incident_until_it_is_closed(
    up: Up, second: Terminal, proposed: dict[str, Any]
) -> None:
    slug = proposed["incident"]
    screen = Screen(up, f"status {slug} --watch")
    screen.until("waits for signatures")
    second.type(f"withdraw {slug} 1 --as maya")
    screen.until("withdrawn")
    second.type(f"close {slug} --as maya")
    screen.until("[closed]")
    assert screen.end() == 0


def test_ctrl_c_ends_a_watch_without_a_complaint(
    up: Up, second: Terminal, proposed: dict[str, Any]
) -> None:
    screen = Screen(up, f"status {proposed['incident']} --watch")
    screen.until("waits for signatures")
    screen.interrupt()
    assert (screen.end(), "Aborted" in screen.seen) == (0, False)
