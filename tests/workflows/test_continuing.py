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
        lambda kept: len(kept) >= len(entries),
    )
    assert kept[: len(entries)] == entries


@pytest.mark.usefixtures("short_histories")
async def test_an_incident_goes_on_while_a_post_is_on_the_wire(response: Response) -> None:
    """It waited for the end of it, and the server's ceilings did not."""
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=("twitter",)))
    await response.decide(await response.propose(), "noor")
    await wire.taken()

    await grow(response)
    await grow(response)
    wire.ends()

    message = await response.settled()
    assert state(message, "twitter") is PublicationState.ACCEPTED
    assert len(response.world.attempts) == 1
    assert await response.says("accepted") == ["twitter: message 1"]


@pytest.mark.usefixtures("short_histories")
async def test_an_incident_goes_on_while_mail_goes_out_and_can_still_stop_it(
    response: Response,
) -> None:
    response.world.mail.recipients = 300
    held = response.world.mail.holds()
    plan = BroadcastPlan(batch_size=10, in_flight=1)
    await response.open(a_plan(channels=("email",), broadcast=plan))
    message = await response.propose()
    await response.decide(message, "noor")
    await response.world.mail.reached.wait()

    await grow(response)
    await response.ask_to_withdraw(message)
    await grow(response)
    held.set()

    withdrawn = await response.until(lambda one: not one.withdrawing)
    assert state(withdrawn, "email") is PublicationState.WITHDRAWN
    assert len(response.world.mail.sent) < 30
    assert len(await response.says("withdrawn")) == 2


@pytest.mark.usefixtures("short_histories")
async def test_a_withdrawal_goes_on_in_the_next_run(response: Response) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=("twitter",)))
    message = await response.propose()
    await response.decide(message, "noor")
    await wire.taken()
    asked = await response.ask_to_withdraw(message)
    assert asked.withdrawing

    await grow(response)
    wire.ends()

    assert state(await response.withdraw(message), "twitter") is PublicationState.WITHDRAWN
    assert response.world.public() == []
    assert await response.says("taken back") == ["twitter: message 1"]


@pytest.mark.usefixtures("short_histories")
async def test_what_ends_while_nobody_listens_is_read_from_the_ledger(response: Response) -> None:
    """The workflow of the post ends between two runs, or its news is lost."""
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=("twitter",)))
    await response.decide(await response.propose(), "noor")
    await wire.taken()
    await grow(response)
    child = response.client.get_workflow_handle(response.child(1, "twitter"))
    await child.terminate("by hand")
    row = response.world.rows[1, "twitter"]
    row.state = PublicationState.ACCEPTED

    await response.time_passes(timedelta(minutes=2))

    assert state(await response.settled(), "twitter") is PublicationState.ACCEPTED
    wire.ends()


async def test_what_was_ended_by_hand_is_unknown_and_nothing_is_sent_again(
    response: Response,
) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=("twitter",)))
    await response.decide(await response.propose(), "noor")
    await wire.taken()

    await response.client.get_workflow_handle(response.child(1, "twitter")).terminate("by hand")

    message = await response.settled()
    assert state(message, "twitter") is PublicationState.UNKNOWN
    assert why(message, "twitter") == "Its workflow ended before it could say what happened."
    assert len(response.world.attempts) == 1
    wire.ends()


async def test_what_was_started_goes_on_when_its_incident_is_ended_by_hand(
    response: Response,
) -> None:
    """The mailing of an incident that the server had ended stopped at 5,100 of 20,000."""
    response.world.mail.recipients = 300
    held = response.world.mail.holds()
    plan = BroadcastPlan(batch_size=10, in_flight=2)
    await response.open(a_plan(channels=("email",), broadcast=plan))
    await response.decide(await response.propose(), "noor")
    await response.world.mail.reached.wait()

    await response.handle.terminate("by hand")
    held.set()

    child = response.client.get_workflow_handle(response.child(1, "email"))
    await child.result()
    assert sorted(response.world.mail.sent) == list(range(1, 31))
    assert response.world.mail.outcomes[1].state is PublicationState.ACCEPTED


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
    response.world.mail.hands_back_after = 3
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


async def _is(value: object) -> object:
    return value
