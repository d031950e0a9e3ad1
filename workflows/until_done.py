"""Asking people, and ending that, until the ledger has taken it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.incident import IncidentState
    from domain.stage import Stage
    from workflows.calls import failure_of
    from workflows.patches import HOLDS
    from workflows.policies import RECORD_AGAIN, REMIND_AGAIN_AT_MOST

Result = TypeVar("Result")


async def until_done(
    state: IncidentState,
    do: Callable[[], Awaitable[Result]],
    note: Callable[[ActivityError], None],
) -> Result:
    """The result, however long the ledger is away; a closed incident tries once more at most.

    The first failure that is tried again is noted. Raises ``ActivityError`` if it stays, or on
    giving up.
    """
    noted, pause = False, RECORD_AGAIN
    while True:
        closed = state.stage is Stage.CLOSED
        try:
            return await do()
        except ActivityError as error:
            if closed or not failure_of(error).passes or not workflow.patched(HOLDS):
                raise
            if not noted:
                note(error)
            noted = True
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: state.stage is Stage.CLOSED, timeout=pause)
        pause = min(2 * pause, REMIND_AGAIN_AT_MOST)
