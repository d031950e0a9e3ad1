"""Sending an endpoint what waits: for as long as something does, and at once when more comes."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from client.outbox import start_sending
from domain.ids import outbox_workflow_id
from tests.deadline import eventually
from tests.workflows.fakes import Fakes, Rounds
from workflows.outbox import OutboxWorkflow

Handle = WorkflowHandle[OutboxWorkflow, None]
HOUR = timedelta(hours=1).total_seconds()


class Endpoint:
    """One endpoint and its rounds."""

    def __init__(self, environment: WorkflowEnvironment, fakes: Fakes) -> None:
        self.name = f"endpoint-{uuid.uuid4().hex[:12]}"
        self.environment = environment
        self.rounds = fakes.rounds[self.name] = Rounds()

    @property
    def client(self) -> Client:
        return self.environment.client

    async def more(self) -> None:
        """Something was entered for it."""
        assert await start_sending(self.client, self.name)

    async def made(self, many: int) -> None:
        """Wait until it has been sent to so often."""

        async def rounds() -> int:
            return self.rounds.made

        await eventually(rounds, lambda now: now == many)

    async def end(self) -> None:
        """Wait until its workflow has ended."""
        async with asyncio.timeout(50):
            await self.handle.result()

    @property
    def handle(self) -> Handle:
        return self.client.get_workflow_handle_for(
            OutboxWorkflow.run, outbox_workflow_id(self.name)
        )


@pytest.fixture
def endpoint(environment: WorkflowEnvironment, fakes: Fakes) -> Endpoint:
    return Endpoint(environment, fakes)


async def test_it_ends_when_nothing_waits_and_begins_again_when_something_does(
    endpoint: Endpoint,
) -> None:
    await endpoint.more()
    await endpoint.end()
    await endpoint.more()
    await endpoint.end()

    assert endpoint.rounds.made == 2


async def test_what_waits_for_its_time_is_sent_then(endpoint: Endpoint) -> None:
    endpoint.rounds.left = [0.0, HOUR]
    await endpoint.more()
    await endpoint.made(2)
    await waits(endpoint)

    await endpoint.environment.fast_forward(endpoint.handle, timedelta(hours=2))
    await endpoint.end()
    assert endpoint.rounds.made == 3


async def test_what_is_entered_meanwhile_does_not_wait(endpoint: Endpoint) -> None:
    endpoint.rounds.left = [HOUR]
    await endpoint.more()
    await waits(endpoint)

    await endpoint.more()
    await endpoint.end()
    assert endpoint.rounds.made == 2


async def test_what_is_entered_during_the_last_round_is_not_forgotten(endpoint: Endpoint) -> None:
    """The round has seen that nothing waits, and the workflow has not ended yet."""
    endpoint.rounds.free.clear()
    await endpoint.more()
    await endpoint.made(1)
    await endpoint.more()
    endpoint.rounds.free.set()

    await endpoint.end()
    assert endpoint.rounds.made == 2


async def test_whatever_is_sent_to_it_stalls_nothing(endpoint: Endpoint) -> None:
    endpoint.rounds.left = [HOUR]
    await endpoint.more()
    await waits(endpoint)

    await endpoint.handle.signal("anything", args=["more", {"than": 1}])
    await endpoint.end()


async def test_its_history_has_the_name_of_its_endpoint_and_nothing_that_is_sent(
    endpoint: Endpoint,
) -> None:
    await endpoint.more()
    await endpoint.end()

    history = await endpoint.handle.fetch_history()
    for event in history.events:
        scheduled = event.activity_task_scheduled_event_attributes
        for payload in scheduled.input.payloads:
            assert payload.data.decode() == f'{{"endpoint":"{endpoint.name}"}}'
    assert (await endpoint.handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def waits(endpoint: Endpoint) -> None:
    """Wait until it waits for a time."""

    async def timers() -> int:
        history = await endpoint.handle.fetch_history()
        return sum(event.HasField("timer_started_event_attributes") for event in history.events)

    await eventually(timers)
