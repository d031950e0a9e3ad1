"""With PostgreSQL down, whichever way, every command says so before anybody loses patience."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.stack.environment import for_python
from client.stack.ports import Ports
from tests.terminal import Terminal

SAYS = "The database server did not take our connection."
COMMANDS = [
    "list",
    "timeline site-down",
    "audience list",
    "suppressions list",
    "suppressions add ann@example.com --as sam",
    "codes export site-down --output codes.csv",
    "check --no-channels",
]


@pytest.fixture(params=["refused", "silent"])
def down(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a ledger whose server refuses, or takes the connection and says nothing."""
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1] if request.param == "silent" else Ports.free().webhooks
    with silent:
        yield f"postgresql://me:pass-word@127.0.0.1:{port}/frontfoot"


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_says_so_soon(terminal: Terminal, down: str, line: str) -> None:
    """One waited for thirty seconds, and another ended in a traceback.

    Five are our own limit; the rest of the twenty is for a machine that is busy.
    """
    os.environ["FRONTFOOT_DATABASE_URL"] = down
    began = time.monotonic()
    result = terminal.type(line)
    took = time.monotonic() - began
    said = " ".join(result.output.split())
    assert (SAYS in said, result.exit_code != 0, took < 20) == (True, True, True), (said, took)
    assert "pass-word" not in said


@pytest.mark.parametrize("module", ["worker", "store.migrate", "surfaces.public.app"])
def test_a_process_of_ours_says_so_and_ends(tmp_path: Path, down: str, module: str) -> None:
    """The URL comes from .env, which every process reads."""
    (tmp_path / ".env").write_text(
        f"FRONTFOOT_DATABASE_URL={down}\nFRONTFOOT_CHANNELS=smtp\nFRONTFOOT_SMTP_HOST=localhost\n"
        f"FRONTFOOT_LINK_SECRET={'s' * 40}\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-P", "-m", module],
        env=for_python(os.environ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert (done.returncode, SAYS in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr
    assert "pass-word" not in done.stderr
