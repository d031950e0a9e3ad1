"""The worker's process: what it shares with others on its machine, and what it says once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from client.record_key import make_key
from client.stack.environment import for_python

STARTS = """
import os, sys, worker
from client.logs import log_as_json
log_as_json()
made = worker.runtime(sys.argv[1])
print("started", flush=True)
os._exit(0)
"""


def start(address: str) -> subprocess.CompletedProcess[str]:
    """Make a worker's runtime, in a process of its own: there is one for each."""
    return subprocess.run(
        [sys.executable, "-P", "-c", STARTS, address],
        env=for_python(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_a_second_worker_takes_the_next_port_for_its_metrics() -> None:
    """It ended in a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        done = start(f"127.0.0.1:{port}")
    [line] = [json.loads(one) for one in done.stderr.splitlines()]
    assert (done.stdout, done.returncode) == ("started\n", 0)
    assert "that port was taken" in line["text"]
    assert f"127.0.0.1:{port} " not in line["text"]


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:99999", "[::1"])
def test_a_worker_works_without_metrics(address: str) -> None:
    done = start(address)
    [line] = [json.loads(one) for one in done.stderr.splitlines()]
    assert (done.stdout, done.returncode) == ("started\n", 0)
    assert "FRONTFOOT_METRICS_ADDRESS" in line["text"]


def test_a_worker_reads_temporals_settings_from_dot_env(tmp_path: Path) -> None:
    """Commands did and the worker did not, so they spoke to two servers."""
    (tmp_path / ".env").write_text(
        "TEMPORAL_ADDRESS=127.0.0.1:9\nFRONTFOOT_CHANNELS=smtp\nFRONTFOOT_SMTP_HOST=localhost\n",
        encoding="utf-8",
    )
    make_key(tmp_path / ".frontfoot" / "record.key")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "worker"],
        env=for_python(os.environ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert (done.returncode, "127.0.0.1:9," in done.stderr) == (2, True), done.stderr


def test_a_worker_without_its_key_does_not_start_and_says_how_to_make_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "worker"],
        env={**for_python(os.environ), "FRONTFOOT_CHANNELS": "smtp", "FRONTFOOT_SMTP_HOST": "h"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    said = " ".join(done.stderr.split())
    assert (done.returncode, "nothing can be sealed" in said) == (2, True), said
