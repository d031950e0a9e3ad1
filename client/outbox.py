"""Starting who sends what waits in the outbox."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from client.errors import ClientError
from client.patience import soon
from domain.ids import MAIN_QUEUE, outbox_workflow_id
from workflows.contract.names import OUTBOX_WORKFLOW
from workflows.contract.standing import SendOutbox

STARTED_WITHIN = timedelta(seconds=2)

_MORE = "more_entered"


async def start_sending(temporal: Client, endpoint: str) -> bool:
    """Have an endpoint be sent what is due; false if Temporal does not answer.

    Then the workers do it, once they find that it is overdue.
    """
    starting = temporal.start_workflow(
        OUTBOX_WORKFLOW,
        SendOutbox(endpoint=endpoint),
        id=outbox_workflow_id(endpoint),
        task_queue=MAIN_QUEUE,
        start_signal=_MORE,
    )
    try:
        await soon(starting, STARTED_WITHIN)
    except (ClientError, RPCError):
        return False
    return True
