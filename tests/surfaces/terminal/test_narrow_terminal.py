"""What a command did decides its exit code, whatever the terminal can show of it."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.terminal import Terminal, Up

pytestmark = pytest.mark.whole

TITLE = "Sign-in is down — sorry 🚒"


@pytest.mark.parametrize(
    ("encoding", "stdout"),
    [
        ("latin-1", "a pipe"),
        ("ascii", "a pipe"),
        ("utf-8", "a pipe"),
        ("ascii", "a pipe that nobody reads"),
        ("utf-8", "a full disk"),
    ],
)
def test_a_message_that_was_proposed_is_not_a_failure(
    up: Up, second: Terminal, encoding: str, stdout: str
) -> None:
    slug = f"narrow-{encoding}-{stdout.replace(' ', '-')}"[:40]
    (second.folder / "few.csv").write_text("email\na@example.org\n", encoding="utf-8")
    second.type("audience import few.csv --name few")
    second.type(f'open {slug} --title "{TITLE}" --audience few --as maya')

    ended, shown = run(up, f"propose {slug} announcement --as maya", encoding, stdout)

    proposed = second.read(f"status {slug}")["messages"]
    assert (ended.returncode, b"Traceback" in ended.stderr, len(proposed)) == (0, False, 1)
    if stdout == "a pipe":
        assert "Sign-in is down" in shown.decode(encoding)
    assert (b"no space left" in ended.stderr) == (stdout == "a full disk")


def test_json_is_whole_in_a_terminal_without_the_letters(up: Up, second: Terminal) -> None:
    second.type(f'open narrow-json --title "{TITLE}" --as maya')

    _, shown = run(up, "status narrow-json --json", "ascii", "a pipe")

    assert json.loads(shown)["title"] == TITLE


def run(
    up: Up, line: str, encoding: str, stdout: str
) -> tuple[subprocess.CompletedProcess[bytes], bytes]:
    """A command as a process, and what came through the pipe."""
    reading, writing = os.pipe()
    if stdout == "a full disk":
        os.close(writing)
        writing = os.open("/dev/full", os.O_WRONLY)
    if stdout == "a pipe that nobody reads":
        os.close(reading)
        reading = os.open(os.devnull, os.O_RDONLY)
    try:
        ended = subprocess.run(
            up.command(line),
            cwd=up.folder,
            env={**up.environment(), "PYTHONIOENCODING": encoding},
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=240,
            check=False,
        )
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb") as file:
        return ended, file.read()
