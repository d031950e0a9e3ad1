"""One sandbox for all tests of channels: a process of its own, reached over real HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running sandbox."""
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", "--state", str(state)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("sandbox ready: "), "the sandbox did not start"
        url = line.removeprefix("sandbox ready: ").strip()
        # The suite looks more often in a minute than the Email Activity add-on lets anybody, and
        # publishes more than a page of posts.
        dials = {"email_activity_per_minute": 1_000_000, "x_posts_per_window": 1_000_000}
        httpx.post(f"{url}/_sandbox/dials", json=dials).raise_for_status()
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


@pytest.fixture
def sandbox(sandbox_process: str) -> str:
    """The address of a sandbox that has accepted nothing yet and serves everybody well."""
    httpx.post(f"{sandbox_process}/_sandbox/reset").raise_for_status()
    return sandbox_process


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder with the providers' published API descriptions; skips where they are not."""
    places = [Path(os.environ.get("FRONTFOOT_SPECS", "")), ROOT.parent / "shared" / "specs"]
    for place in places:
        if (place / "sendgrid").is_dir() and (place / "x").is_dir():
            return place
    pytest.skip("the providers' API descriptions are not here: point FRONTFOOT_SPECS at them")
