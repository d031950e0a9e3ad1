"""The test session leaves early, but with its exit code, its report and its files complete."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
USES_TEMPORAL = "import temporalio.bridge.temporal_sdk_bridge\nimport atexit\n"
PASSES = "def test_a(): pass\n"
FAILS = "def test_b(): assert False\n"


def session(folder: Path, tests: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(USES_TEMPORAL + tests)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    # No test here needs hypothesis, which takes a second to import.
    command += ["-p", "no:hypothesispytest"]
    return subprocess.run(
        [*command, "-c", str(ROOT / "pyproject.toml"), f"--rootdir={folder}", *arguments, folder],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )


ALONE = "-n0"
SHARED = "-n1"
"""One process that runs the tests and one that reports them: as with more, but quicker."""


@pytest.mark.parametrize("processes", [ALONE, SHARED])
@pytest.mark.parametrize(
    ("tests", "code", "says"),
    [
        (PASSES, 0, "1 passed"),
        (FAILS + PASSES, 1, "1 failed, 1 passed"),
        ("", 5, "no tests ran"),
    ],
)
def test_the_exit_code_and_the_summary_are_pytests_own(
    tmp_path: Path, tests: str, code: int, says: str, processes: str
) -> None:
    ended = session(tmp_path, tests, processes)

    assert (ended.returncode, ended.stderr) == (code, "")
    assert says in ended.stdout.splitlines()[-1]


@pytest.mark.parametrize("processes", [ALONE, SHARED])
def test_a_session_that_stops_at_the_first_failure_writes_its_report(
    tmp_path: Path, processes: str
) -> None:
    report = tmp_path / "report.xml"

    ended = session(tmp_path, FAILS + PASSES, processes, "-x", f"--junitxml={report}")

    # What pytest-xdist stops is interrupted, in pytest's words.
    assert ended.returncode == {ALONE: 1, SHARED: 2}[processes]
    assert [one.get("name") for one in ElementTree.parse(report).iter("testcase")] == ["test_b"]


@pytest.mark.parametrize("processes", [ALONE, SHARED])
def test_what_was_to_be_done_at_exit_is_done(tmp_path: Path, processes: str) -> None:
    mark = tmp_path / "done"
    tests = f"def test_c(): atexit.register(open, {str(mark)!r}, 'w')\n"

    session(tmp_path, tests, processes)

    assert mark.exists()


@pytest.mark.parametrize("processes", [ALONE, SHARED])
def test_the_interpreter_does_not_get_to_its_end(tmp_path: Path, processes: str) -> None:
    """Ending it is what crashes: a thread that is not a daemon would be waited for there."""
    thread = "threading.Thread(target=threading.Event().wait)"
    tests = f"import threading\ndef test_d(): {thread}.start()\n"

    ended = session(tmp_path, tests, processes)

    assert ended.returncode == 0
