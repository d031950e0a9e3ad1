"""Incidents that were opened before a change still run after it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

import wiring
from tests.replay.paths import PATHS
from workflows.every import WORKFLOWS

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def read(file: Path) -> tuple[str, str]:
    head, _, history = file.read_text().partition("\n")
    return json.loads(head)["id"], history


def replayer() -> Replayer:
    return Replayer(workflows=WORKFLOWS, plugins=[wiring.plugin()])


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_recorded_incident_still_runs(file: Path) -> None:
    workflow_id, history = read(file)

    await replayer().replay_workflow(WorkflowHistory.from_json(workflow_id, history))


def test_every_path_has_been_recorded() -> None:
    recorded = {file.name.partition(".")[0] for file in HISTORIES}

    assert recorded >= {path.__name__.replace("_", "-") for path in PATHS}  # type: ignore[attr-defined]


async def test_a_history_of_another_order_of_commands_is_noticed() -> None:
    """Otherwise the replays above would prove nothing."""
    file = next(one for one in HISTORIES if one.stem == "approved.incident.1")
    workflow_id, history = read(file)
    other = history.replace('"register_incident"', '"render_message"')

    with pytest.raises(NondeterminismError):
        await replayer().replay_workflow(WorkflowHistory.from_json(workflow_id, other))


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
def test_no_history_holds_an_address_or_the_name_of_a_machine(file: Path) -> None:
    events = json.loads(read(file)[1])
    told = "\n".join(strings(events))

    assert not re.search(r"[\w.+-]+@[\w-]+", told)
    assert {one for one in identities(events) if one} <= {"stories", "history-service"}
    assert "site-packages" not in told


def strings(value: object) -> Iterator[str]:
    """Every text of a history, payloads decoded."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from strings(one)
        case dict():
            for name, one in value.items():
                if name == "data" and isinstance(one, str):
                    yield base64.b64decode(one).decode(errors="replace")
                else:
                    yield from strings(one)


def identities(value: object) -> Iterator[str]:
    """Whoever the server noted as having done something."""
    match value:
        case list():
            for one in value:
                yield from identities(one)
        case dict():
            for name, one in value.items():
                if name == "identity":
                    yield str(one)
                else:
                    yield from identities(one)
