"""A batch of mail of which nobody knows, settled from the terminal, with everything real."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.surfaces.terminal.test_walk import opened, proposed, settled, states, wait_for
from tests.terminal import Terminal, Up

pytestmark = pytest.mark.whole


def ask(up: Up, path: str, said: dict[str, object] | None = None, method: str = "GET") -> Any:
    body = None if said is None else json.dumps(said).encode()
    request = urllib.request.Request(
        f"{up.stack()['addresses']['sandbox']}{path}",
        data=body,
        method="POST" if body else method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


@pytest.fixture
def no_answer_and_no_event(up: Up) -> Iterator[None]:
    """SendGrid takes the next request, answers with an error, and tells nothing of its mails."""
    faults = [
        ask(up, "/_sandbox/faults", {"provider": "sendgrid", **fault})["id"]
        for fault in (
            {"operation": "send", "kind": "error_after", "times": 1},
            {"operation": "events", "kind": "events_lose"},
        )
    ]
    yield
    for number in faults:
        ask(up, f"/_sandbox/faults/{number}", method="DELETE")


@pytest.mark.usefixtures("no_answer_and_no_event")
def test_an_unknown_batch_is_shown_with_its_mark_and_settled_by_its_number(
    up: Up, second: Terminal
) -> None:
    opened(second, "nobody-knows")
    digest = proposed(second, "nobody-knows")["digest"]
    second.type(f"approve nobody-knows 1 --digest {digest} --as noor")
    [batch] = wait_for(
        lambda: json.loads(second.type("settle nobody-knows 1 email --list --json").stdout or "[]"),
        lambda unknown: unknown,
    )
    shown = second.type("settle nobody-knows 1 email --list").stdout
    answered = second.type("settle nobody-knows 1 email --batch 1 --went-out --as maya")

    assert (batch["number"], batch["recipients"], batch["key"] in shown) == (1, 200, True), shown
    assert "settle nobody-knows 1 email --batch 1" in shown
    assert answered.exit_code == 0, answered.output
    assert states(settled(second, "nobody-knows"))["email"] == "accepted"


def test_what_was_never_mailed_has_no_batches(second: Terminal) -> None:
    opened(second, "not-mailed")
    proposed(second, "not-mailed")
    result = second.type("settle not-mailed 1 email --list")
    assert (result.exit_code, "has no broadcast on email" in result.stderr) == (3, True)
