"""Notifying people: for as long as something waits, at once when more comes, and each week a test.

There is one such workflow for all people, so each story here waits until that of before has ended.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from client.notifying import schedule_tests, start_notifying
from domain.ids import CONTACT_TEST_SCHEDULE, NOTIFICATIONS_WORKFLOW_ID
from tests.deadline import eventually
from tests.workflows.fakes import Fakes, Rounds


@pytest.fixture
def rounds(fakes: Fakes) -> Rounds:
    fakes.rounds[NOTIFICATIONS_WORKFLOW_ID] = Rounds()
    return fakes.rounds[NOTIFICATIONS_WORKFLOW_ID]


async def test_what_waits_for_its_time_is_sent_then_and_what_comes_meanwhile_at_once(
    environment: WorkflowEnvironment, rounds: Rounds
) -> None:
    hour = timedelta(hours=1)
    rounds.left = [hour.total_seconds(), hour.total_seconds()]
    handle = environment.client.get_workflow_handle(NOTIFICATIONS_WORKFLOW_ID)

    async def made() -> int:
        return rounds.made

    async def timers() -> int:
        history = await handle.fetch_history()
        return sum(event.HasField("timer_started_event_attributes") for event in history.events)

    await start_notifying(environment.client)
    await eventually(timers, lambda many: many == 1)
    await start_notifying(environment.client)
    await eventually(made, lambda many: many == 2)
    await eventually(timers, lambda many: many == 2)
    await environment.fast_forward(handle, 2 * hour)
    async with asyncio.timeout(120):
        await handle.result()
    assert rounds.made == 3
    told = [
        payload.data
        for event in (await handle.fetch_history()).events
        for payload in event.activity_task_scheduled_event_attributes.input.payloads
    ]
    assert set(told) == {b"{}"}


async def test_everybody_is_tested_by_a_schedule_that_can_be_switched_off(
    environment: WorkflowEnvironment, fakes: Fakes
) -> None:
    schedule = environment.client.get_schedule_handle(CONTACT_TEST_SCHEDULE)
    for _ in range(2):
        assert await schedule_tests(environment.client, wanted=True)
    await schedule.trigger()

    async def tested() -> int:
        return len(fakes.tested)

    await eventually(tested)
    (day,) = (await schedule.describe()).schedule.spec.calendars
    assert (day.day_of_week[0].start, day.hour[0].start) == (2, 10)
    for _ in range(2):
        assert await schedule_tests(environment.client, wanted=False)
