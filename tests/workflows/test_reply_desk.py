"""Replying on a channel: at once when somebody asks, by itself each minute, without a word."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from client.reply_desk import start_replying
from domain.ids import reply_desk_workflow_id
from tests.deadline import eventually
from tests.workflows.fakes import Fakes, Rounds
from tests.workflows.server import put_away
from workflows.reply_desk import ReplyDeskWorkflow


async def test_it_goes_round_when_asked_and_each_minute_and_its_history_has_no_words(
    environment: WorkflowEnvironment, fakes: Fakes
) -> None:
    rounds = fakes.replying["facebook"] = Rounds(0.0)
    assert await start_replying(environment.client, "facebook")

    async def made() -> int:
        return rounds.made

    # At once again after the first, and then there is nothing.
    await eventually(made, lambda seen: seen == 2, within=120)
    await start_replying(environment.client, "facebook")
    await eventually(made, lambda seen: seen == 3, within=120)
    assert rounds.asked == [1, 3]

    handle = environment.client.get_workflow_handle_for(
        ReplyDeskWorkflow.run, reply_desk_workflow_id("facebook")
    )
    await asyncio.sleep(0)
    await environment.fast_forward(handle, timedelta(minutes=2))  # type: ignore[attr-defined]
    await eventually(made, lambda seen: seen >= 4, within=120)
    history = await handle.fetch_history()
    inputs = {
        payload.data.decode()
        for event in history.events
        for payload in event.activity_task_scheduled_event_attributes.input.payloads
    }
    assert inputs <= {
        '{"channel":"facebook","asked":true}',
        '{"channel":"facebook","asked":false}',
    }
    await put_away(handle)
