"""The Schedule that looks for surges: made once, changed with what is listened to, and removed."""

from __future__ import annotations

import pytest
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from client.surges import watch_surges
from domain.ids import SURGE_SCHEDULE
from tests.deadline import eventually
from tests.workflows.fakes import Fakes


async def test_surges_are_counted_by_a_schedule_for_as_long_as_somebody_listens(
    environment: WorkflowEnvironment, fakes: Fakes
) -> None:
    assert await watch_surges(environment.client, ["twitter"])

    async def watched() -> set[tuple[str, ...]]:
        return {order.channels for order in fakes.watched}

    await eventually(watched, lambda seen: ("twitter",) in seen, within=120)
    # Another worker starts, with one more channel.
    assert await watch_surges(environment.client, ["twitter", "facebook"])
    handle = environment.client.get_schedule_handle(SURGE_SCHEDULE)
    await handle.trigger()
    await eventually(watched, lambda seen: ("facebook", "twitter") in seen, within=120)

    assert await watch_surges(environment.client, [])
    assert await watch_surges(environment.client, [])
    with pytest.raises(RPCError, match="not found"):
        await handle.describe()
