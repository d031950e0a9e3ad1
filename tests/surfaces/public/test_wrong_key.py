"""A verification key that is wrong or missing stops the events of its channel and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from client.stack.environment import for_python
from client.stack.ports import Ports
from domain.message import MessageClass
from domain.unsubscribe import UnsubscribeLinks
from tests.channels.sendgrid.signing import SigningKey
from tests.deadline import eventually

KEY = "FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY"
SECRET = "the secret of links, of more than 32 letters"

Serve = Callable[..., tuple[str, Path]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start the public service in a process of its own; returns its address and its log."""
    started: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "log"

    def start(**variables: str) -> tuple[str, Path]:
        port = Ports.free().webhooks
        environment = {
            **for_python(os.environ),
            "FRONTFOOT_DATABASE_URL": f"sqlite:///{tmp_path / 'ledger.db'}",
            "FRONTFOOT_WEBHOOK_PORT": str(port),
            **variables,
        }
        with log.open("wb") as file:
            command = [sys.executable, "-P", "-m", "surfaces.public.app"]
            started.append(subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=file))
        return f"http://127.0.0.1:{port}", log

    yield start
    for process in started:
        process.terminate()
        process.wait(20)


async def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("key", [SigningKey().public[:-4], "changeme", "SG.a.b", ""])
async def test_unsubscribing_works_without_a_usable_key_and_events_are_asked_for_again(
    serve: Serve, key: str
) -> None:
    """Seven of ten spellings of the key ended in a traceback, and the page was down with it."""
    url, log = serve(**{KEY: key, "FRONTFOOT_LINK_SECRET": SECRET})
    await eventually(lambda: answers(url), within=30)
    [link] = UnsubscribeLinks(url, SECRET.encode()).to_each([1], MessageClass.GOODWILL)
    assert httpx.get(link).status_code == 200
    for _ in range(3):
        told = httpx.post(f"{url}/webhooks/email", content=b"[]")
        assert (told.status_code, "deliver them again" in told.json()["error"]) == (503, True)
        assert KEY not in told.text
    assert httpx.post(f"{url}/webhooks/twitter", content=b"[]").status_code == 404
    said = log.read_text(encoding="utf-8")
    assert (said.count(KEY), "Event Webhooks" in said) == (1, True)
    assert not key or key not in said


async def test_events_are_asked_for_again_where_nothing_else_is_served(serve: Serve) -> None:
    url, _ = serve(**{KEY: "changeme"})
    await eventually(lambda: answers(url), within=30)
    assert httpx.post(f"{url}/webhooks/email", content=b"[]").status_code == 503


def test_with_nothing_set_there_is_nothing_to_serve(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "surfaces.public.app"],
        env=for_python(os.environ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "nothing to serve" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr
