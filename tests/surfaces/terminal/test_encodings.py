"""Settings in any encoding, and terminals that cannot show or take what is printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NARROW = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def frontfoot(
    folder: Path, *words: str, stdout: int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """One command as a process of its own."""
    ours = {name: value for name, value in os.environ.items() if "FRONTFOOT_" not in name}
    return subprocess.run(
        [sys.executable, "-m", "cli", *words],
        cwd=folder,
        env={**ours, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("FRONTFOOT_PERSON=maya\n".encode("utf-16"), ".env, line 1: is not UTF-8 text"),
        ("FRONTFOOT_PERSON=maya\n".encode("utf-16-le"), ".env, line 1: is not UTF-8 text"),
        (b"A=1\n# f\xfcr\nFRONTFOOT_PERSON=maya\n", ".env, line 2: is not UTF-8 text"),
        (b"A=1\nFRONTFOOT_PERSON=ma\0ya\n", ".env, line 2: is not text: it has a NUL"),
        (None, ".env cannot be read: is a directory"),
    ],
    ids=["UTF-16", "UTF-16 without its mark", "one letter", "NUL", "a folder"],
)
def test_settings_that_are_no_text_are_a_sentence_with_the_line(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    if content is None:
        (tmp_path / ".env").mkdir()
    else:
        (tmp_path / ".env").write_bytes(content)
    ended = frontfoot(tmp_path, "list")
    said = (ended.stdout + ended.stderr).decode()
    assert (ended.returncode, says in said, "Traceback" in said) == (2, True, False), said


def test_the_mark_that_editors_put_first_is_no_part_of_the_first_variable(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("\ufeffTEMPORAL_ADDRESS=127.0.0.1:9\n".encode())
    ended = frontfoot(tmp_path, "status", "site-down")
    assert b"127.0.0.1:9" in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, NARROW],
    ids=["ascii", "latin-1", "C"],
)
def test_what_a_terminal_cannot_show_is_replaced(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    ended = frontfoot(tmp_path, "playbook", "check", "sîte-döwn-🔥", **environment)
    assert ended.returncode == 2, ended.stderr
    assert b"Traceback" not in ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize("where", ["/dev/full", "a closed pipe"])
def test_output_that_goes_nowhere_does_not_fail_a_command_that_has_acted(
    tmp_path: Path, where: str
) -> None:
    if where == "/dev/full":
        target = os.open(where, os.O_WRONLY)
    else:
        reading, target = os.pipe()
        os.close(reading)
    try:
        ended = frontfoot(tmp_path, "playbook", "check", "site-compromised", stdout=target)
    finally:
        os.close(target)
    assert ended.returncode == 0, ended.stderr
    assert b"Traceback" not in ended.stderr
