"""A history that has grown long goes on as a new one, and nobody notices."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.workflow import Info

from domain.gate import GateState
from domain.playbook import BroadcastPlan
from domain.publication import PublicationState
from domain.stage import Stage
from tests.deadline import eventually
from tests.workflows.mailing import Answer
from tests.workflows.plan import TWO_WITH_SECURITY, a_plan
from tests.workflows.response import Refusal, Response, state, why
from workflows.incident import IncidentWorkflow


@pytest.fixture
def short_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server suggests to continue as new after 60 events instead of 4,096."""

    def suggested(info: Info) -> bool:
        return info.get_current_history_length() > 60

    monkeypatch.setattr(Info, "is_continue_as_new_suggested", suggested)


async def grow(response: Response) -> None:
    """Speak until the incident has gone on as a new run."""
    run = (await response.handle.describe()).run_id

    async def runs_on() -> bool:
        await response.know("summary")
        return (await response.handle.describe()).run_id != run

    await eventually(runs_on, within=20)


@pytest.mark.usefixtures("short_histories")
async def test_gates_decisions_and_outcomes_are_carried_on(response: Response) -> None:
    await response.open(a_plan(gate=TWO_WITH_SECURITY))
    message = await response.propose()
    await response.decide(message, "noor")

    await grow(response)

    kept = await response.message()
    assert kept.digest == message.digest
    assert [one.actor.person for one in kept.decisions] == ["noor"]
    with pytest.raises(Refusal, match="noor has decided here already"):
        await response.decide(message, "noor")
    assert (await response.decide(message, "ines")).gate is GateState.OPEN
    assert (await response.settled()).told


@pytest.mark.usefixtures("short_histories")
async def test_the_timeline_goes_on_where_it_was(response: Response) -> None:
    await response.open()
    await response.publish()

    await grow(response)
    await grow(response)

    entries = await response.handle.query(IncidentWorkflow.timeline)
    assert entries[0].what == "opened"
    assert [one.seq for one in entries] == list(range(1, len(entries) + 1))
    kept = await eventually(
        lambda: _is(list(response.world.timeline.values())),
        lambda kept: len(kept) == len(entries),
    )
    assert kept == entries


@pytest.mark.usefixtures("short_histories")
async def test_an_incident_does_not_go_on_while_something_is_being_published(
    response: Response,
) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=("twitter",)))
    run = (await response.handle.describe()).run_id
    await response.decide(await response.propose(), "noor")
    await wire.taken()
    for _ in range(12):
        await response.know("summary")
    described = await response.handle.describe()
    assert (described.run_id, described.history_length > 60) == (run, True)

    wire.ends()

    message = await response.settled()
    assert state(message, "twitter") is PublicationState.ACCEPTED
    await eventually(lambda: _another_run(response, run))
    assert (await response.message()).outcomes == message.outcomes


@pytest.mark.usefixtures("short_histories")
async def test_an_incident_that_went_on_can_be_closed(response: Response) -> None:
    await response.open()
    await response.publish()
    await grow(response)

    await response.close()

    ended = await response.client.get_workflow_handle_for(
        IncidentWorkflow.run, response.handle.id
    ).result()
    assert ended.stage is Stage.CLOSED
    assert ended.messages[0].told


@pytest.mark.usefixtures("short_histories")
async def test_a_broadcast_that_goes_on_as_new_sends_every_batch_once(
    response: Response,
) -> None:
    response.world.mail.recipients = 3_000
    response.world.mail.batch(40, Answer.LOST_BEFORE_SENDING)
    plan = BroadcastPlan(batch_size=10, in_flight=3, unknown_window=timedelta(milliseconds=300))
    await response.open(a_plan(channels=("email",), broadcast=plan))
    await response.decide(await response.propose(), "noor")

    message = await response.settled()

    assert why(message, "email") == "3,000 of 3,000 recipients accepted."
    assert sorted(response.world.mail.sent) == list(range(1, 301))
    child = response.client.get_workflow_handle(response.child(1, "email"))
    first = (await child.fetch_history()).events[0].workflow_execution_started_event_attributes
    assert first.continued_execution_run_id
    assert (await child.describe()).status is WorkflowExecutionStatus.COMPLETED


async def _another_run(response: Response, run: str) -> bool:
    return (await response.handle.describe()).run_id != run


async def _is(value: object) -> object:
    return value
