"""Starting and ending the workflows that go round on a channel: listening, and replying."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from client.errors import ClientError
from client.patience import soon
from domain.ids import MAIN_QUEUE
from domain.model import Value

LOOK_EVERY = timedelta(minutes=1)
"""How often a worker sees to it that they run."""

_WITHIN = timedelta(seconds=10)
_NOW = "now"


async def start_rounds(
    temporal: Client, workflow: str, workflow_id: str, order: Value, *, now: bool = False
) -> bool:
    """Have a workflow run, if it does not yet; false if Temporal does not answer.

    ``now``: its next round begins at once.
    """
    starting = temporal.start_workflow(
        workflow,
        order,
        id=workflow_id,
        task_queue=MAIN_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=_NOW if now else None,
    )
    return await _asked(starting)


async def end_rounds(temporal: Client, workflow_id: str) -> bool:
    """Have a workflow end; false if there is none, or Temporal does not answer."""
    return await _asked(temporal.get_workflow_handle(workflow_id).cancel())


async def _asked(asking: Awaitable[object]) -> bool:
    try:
        await soon(asking, _WITHIN)
    except (ClientError, RPCError):
        return False
    return True
