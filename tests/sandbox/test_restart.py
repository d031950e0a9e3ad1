"""The sandbox as a process of its own: starting, being killed, going on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from sandbox.config import config_from_arguments

ROOT = Path(__file__).parents[2]
KEY = {"Authorization": "Bearer SG.test"}


class Process:
    def __init__(self, state: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--state", str(state)]
        self.running = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.running.stdout is not None
        self.ready = self.running.stdout.readline().strip()
        self.url = self.ready.rsplit(" ", 1)[-1]

    def kill(self) -> None:
        self.running.kill()
        self.end()

    def end(self) -> None:
        self.running.wait(10)
        assert self.running.stdout is not None
        self.running.stdout.close()


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a sandbox process; always on the same state file."""
    started: list[Process] = []

    def begin(*arguments: str) -> Process:
        process = Process(tmp_path / "sandbox.db", *arguments)
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.running.returncode is None:
            process.kill()


def body(*addresses: str) -> dict[str, Any]:
    return {
        "from": {"email": "f@example.com"},
        "subject": "s",
        "content": [{"type": "text/plain", "value": "v"}],
        "custom_args": {"batch": "1"},
        "personalizations": [{"to": [{"email": address}]} for address in addresses],
    }


def recipients(url: str) -> list[str]:
    text = httpx.get(f"{url}/_sandbox/books/mail.ndjson").text
    return [orjson.loads(line)["address"] for line in text.splitlines()]


def test_it_says_in_one_line_where_it_is(start: Start) -> None:
    process = start()
    assert process.ready.startswith("sandbox ready: http://127.0.0.1:")
    assert httpx.get(f"{process.url}/_sandbox/health").json()["ok"] is True


def test_what_was_accepted_survives_sigkill(start: Start) -> None:
    first = start()
    addresses = [f"u{number}@example.com" for number in range(1000)]
    answer = httpx.post(f"{first.url}/v3/mail/send", json=body(*addresses), headers=KEY)
    tweet = httpx.post(
        f"{first.url}/2/tweets", json={"text": "hello"}, headers={"Authorization": "Bearer x"}
    )
    first.kill()
    assert (answer.status_code, tweet.status_code) == (202, 201)
    second = start()
    assert recipients(second.url) == addresses
    posts = httpx.get(f"{second.url}/_sandbox/books").json()["twitter"]["posts"]
    assert [post["text"] for post in posts] == ["hello"]


def test_events_owed_at_a_sigkill_are_told_by_the_next_process(start: Start, listener: Any) -> None:
    first = start("--event-webhook-url", listener.url, "--event-delay-ms", "1000")
    key = httpx.get(f"{first.url}/v3/user/webhooks/event/settings/signed", headers=KEY).json()
    httpx.post(f"{first.url}/v3/mail/send", json=body("a@example.com"), headers=KEY)
    first.kill()
    second = start("--event-webhook-url", listener.url, "--event-delay-ms", "1000")
    same = httpx.get(f"{second.url}/v3/user/webhooks/event/settings/signed", headers=KEY).json()
    assert {event["event"] for event in listener.events(2)} == {"processed", "delivered"}
    assert key == same


def test_it_stops_cleanly_when_asked(start: Start) -> None:
    process = start()
    process.running.terminate()
    process.end()
    assert process.running.returncode in (0, -15)


def test_a_flag_can_be_given_through_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FRONTFOOT_SANDBOX_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FRONTFOOT_SANDBOX_PORT", "9123")
    monkeypatch.setenv("FRONTFOOT_SANDBOX_EVENT_WEBHOOK_URL", "http://127.0.0.1:1/x")
    config = config_from_arguments(["--seed", "9"])
    assert (config.port, config.seed) == (9123, 9)
    assert config.dials.event_webhook_url == "http://127.0.0.1:1/x"


def test_a_number_that_is_none_is_refused_with_a_usage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as exited:
        config_from_arguments(["--port", "eighty"])
    assert exited.value.code == 2
    assert "a number was expected" in capsys.readouterr().err
