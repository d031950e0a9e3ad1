"""A terminal in an empty folder, and a real stack in another one."""

from __future__ import annotations

import functools
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.testing
from typer.testing import CliRunner, Result

from cli import app
from client.stack.ports import Ports

ROOT = Path(__file__).resolve().parents[1]
_OURS = ("FRONTFOOT_", "TEMPORAL_")

# The runner would build every command anew for each line, which takes longer than most of them.
typer.testing._get_command = functools.cache(typer.testing._get_command)


class Terminal:
    """Types commands as a person would, without a shell between."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def type(self, line: str, *, stdin: str | None = None) -> Result:
        """Run ``frontfoot <line>`` and return its exit code and output."""
        arguments: Sequence[str] = shlex.split(line)
        result = CliRunner().invoke(app, arguments, input=stdin, prog_name="frontfoot")
        unexpected = result.exception
        if unexpected is not None and not isinstance(unexpected, SystemExit):
            raise unexpected
        return result

    def read(self, line: str) -> Any:
        """Run a command with ``--json`` and return what it says."""
        result = self.type(f"{line} --json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in an empty folder, with nothing set, where no Temporal answers."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(_OURS):
            del os.environ[name]
    os.environ["COLUMNS"] = "80"
    os.environ["TEMPORAL_ADDRESS"] = f"127.0.0.1:{Ports.free().temporal}"
    monkeypatch.chdir(tmp_path)
    yield Terminal(tmp_path)
    # Commands fill in the environment of their process, which here is ours.
    os.environ.clear()
    os.environ.update(before)


class Up:
    """``frontfoot up``, running as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = Ports.free()
        self.output = folder / "up.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says that everything runs."""
        line = f"up --temporal-port {self.ports.temporal} --ui-port {self.ports.ui}"
        line += f" --sandbox-port {self.ports.sandbox} --webhook-port {self.ports.webhooks}"
        line += f" --console-port {self.ports.console}"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                self.command(line),
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment(),
            )
        self.wait_until(lambda: "Everything is running" in self.said())

    def command(self, line: str) -> list[str]:
        """What starts ``frontfoot <line>`` as a process."""
        return [sys.executable, "-m", "cli", *line.split()]

    def environment(self) -> dict[str, str]:
        """The environment of a terminal in which nothing is set, and nobody has a phone.

        With one in the sandbox, whoever is asked would be waited for before a browser is told.
        """
        rest = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return {**rest, "PYTHONPATH": str(ROOT), "FRONTFOOT_CONTACT_STAND_IN": ""}

    def said(self) -> str:
        """All that it has printed."""
        return self.output.read_text(encoding="utf-8")

    def stack(self) -> dict[str, Any]:
        """What it tells other terminals."""
        path = self.folder / ".frontfoot" / "stack.json"
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return loaded

    def pids(self) -> dict[str, int]:
        """Its parts' processes."""
        return {name: part["pid"] for name, part in self.stack()["parts"].items()}

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send it a signal and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(40)

    def tidy(self) -> None:
        """End it if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.end()

    def wait_until(self, is_so: Any, within: float = 120.0) -> None:
        """Look again until it is so; fails with what ``up`` has said."""
        deadline = time.monotonic() + within
        while not is_so():
            ended = self.process is not None and self.process.poll() is not None
            assert not ended, f"up has ended:\n{self.said()}"
            assert time.monotonic() < deadline, f"it did not come about; up said:\n{self.said()}"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One stack for all tests that only need some stack."""
    running = Up(tmp_path_factory.mktemp("up"))
    try:
        running.start()
        yield running
    finally:
        running.tidy()


@pytest.fixture
def second(up: Up, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A second terminal in the folder of the running stack, with no variable set."""
    del os.environ["TEMPORAL_ADDRESS"]
    monkeypatch.chdir(up.folder)
    return Terminal(up.folder)
