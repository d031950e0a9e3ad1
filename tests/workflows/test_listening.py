"""Listening to a channel: for ever, at its own pace, and at once when somebody asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from client.listening import start_listening, stop_listening
from domain.ids import listening_workflow_id
from tests.deadline import eventually
from tests.workflows.fakes import Fakes, Rounds
from tests.workflows.server import put_away
from workflows.listening import ListeningWorkflow

Handle = WorkflowHandle[ListeningWorkflow, None]
HOUR = timedelta(hours=1).total_seconds()
WITHIN = 150.0


class Source:
    """A channel and its rounds."""

    name = "facebook"

    def __init__(self, environment: WorkflowEnvironment, fakes: Fakes) -> None:
        self.environment = environment
        self.rounds = fakes.rounds[self.name] = Rounds()

    async def listen(self, *, now: bool = False) -> None:
        assert await start_listening(self.environment.client, self.name, now=now)

    async def made(self, many: int) -> None:
        async def rounds() -> int:
            return self.rounds.made

        await eventually(rounds, lambda seen: seen >= many, within=WITHIN)

    async def waits(self, times: int = 1) -> None:
        async def timers() -> int:
            history = await self.handle.fetch_history()
            return sum(event.HasField("timer_started_event_attributes") for event in history.events)

        await eventually(timers, lambda seen: seen == times, within=WITHIN)

    @property
    def handle(self) -> Handle:
        return self.environment.client.get_workflow_handle_for(
            ListeningWorkflow.run, listening_workflow_id(self.name)
        )


@pytest_asyncio.fixture(loop_scope="session")
async def source(environment: WorkflowEnvironment, fakes: Fakes) -> AsyncIterator[Source]:
    source = Source(environment, fakes)
    yield source
    await put_away(source.handle)


async def test_it_reads_page_after_page_and_then_waits(source: Source) -> None:
    source.rounds.left = [0.0, 0.0, HOUR, HOUR]
    await source.listen()
    await source.made(3)
    await source.waits()

    await source.environment.fast_forward(source.handle, timedelta(minutes=90))
    await source.made(4)


async def test_starting_it_again_changes_nothing_and_asking_does(source: Source) -> None:
    source.rounds.left = [HOUR, HOUR]
    await source.listen()
    await source.waits()
    await source.listen()
    assert source.rounds.made == 1

    await source.listen(now=True)
    await source.made(2)
    await source.waits(2)
    assert source.rounds.asked == [2]


async def test_what_is_asked_for_during_a_page_is_not_forgotten(source: Source) -> None:
    source.rounds.left = [HOUR, HOUR]
    source.rounds.free.clear()
    await source.listen()
    await source.made(1)
    await source.listen(now=True)
    source.rounds.free.set()
    await source.made(2)
    assert source.rounds.asked == [2]


async def test_a_failure_of_ours_does_not_end_it(source: Source) -> None:
    await source.listen()
    await source.made(1)
    await source.waits()
    source.rounds.left = [HOUR]

    await source.environment.fast_forward(source.handle, timedelta(minutes=2))
    await source.waits(2)
    assert source.rounds.made == 2


@pytest.mark.parametrize("left", [[HOUR], [0.0] * 1000], ids=["waiting", "reading"])
async def test_whoever_takes_the_channel_out_ends_it(source: Source, left: list[float]) -> None:
    source.rounds.left = list(left)
    if len(left) > 1:
        source.rounds.free.clear()
    await source.listen()
    await source.made(1)
    assert await stop_listening(source.environment.client, source.name)
    source.rounds.free.set()

    async def status() -> WorkflowExecutionStatus | None:
        return (await source.handle.describe()).status

    await eventually(status, lambda seen: seen is WorkflowExecutionStatus.CANCELED, within=WITHIN)
    source.rounds.left = [HOUR]
    await source.listen()


async def test_its_history_has_the_name_of_its_channel_and_nothing_that_is_said(
    source: Source,
) -> None:
    source.rounds.left = [0.0, HOUR]
    await source.listen()
    await source.waits()

    history = await source.handle.fetch_history()
    inputs = {
        payload.data.decode()
        for event in history.events
        for payload in event.activity_task_scheduled_event_attributes.input.payloads
    }
    assert inputs == {'{"channel":"facebook","private":false,"asked":false}'}
