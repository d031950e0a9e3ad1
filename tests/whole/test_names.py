"""A name is used once: the ledger remembers what Temporal has forgotten, or lost."""

from __future__ import annotations

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from client import incidents
from client.errors import Forgotten
from domain.errors import DomainError
from domain.ids import MAIN_QUEUE, incident_workflow_id
from store.record import messages as stored
from tests.whole.response import LEAD, Response
from tests.whole.world import World, eventually
from tests.workflows.plan import a_plan
from workflows.contract.lifecycle import OpenIncident
from workflows.contract.names import INCIDENT_WORKFLOW


async def forget(world: World, response: Response) -> None:
    """Let Temporal forget the incident, as it does after its retention."""
    await world.temporal("workflow", "delete", "--yes", "--workflow-id", response.handle.id)

    async def gone() -> bool:
        try:
            await response.handle.describe()
        except RPCError as error:
            return error.status is RPCStatusCode.NOT_FOUND
        return False

    await eventually(gone)


async def test_the_name_of_a_forgotten_incident_is_refused_and_says_what_it_was(
    calm: World, response: Response
) -> None:
    """It was accepted, and the old text came before the gate as the new one."""
    await response.announce(recipients=30)
    await response.settled()
    await incidents.close(calm.engine, response.slug, actor=LEAD)
    await response.handle.result()
    await forget(calm, response)

    with pytest.raises(DomainError) as refused:
        await response.open(recipients=30)
    with pytest.raises(Forgotten) as asked:
        await response.status()

    assert "opened " in refused.value.what
    assert "and closed " in refused.value.what
    assert "closed " in asked.value.explanation.what


async def test_an_open_incident_that_temporal_has_lost_is_not_opened_anew(
    calm: World, response: Response
) -> None:
    await response.open(recipients=30)
    await response.handle.terminate("by hand")
    await forget(calm, response)

    with pytest.raises(DomainError, match="and not closed") as refused:
        await response.open(recipients=30)
    assert refused.value.explanation.next_step.action == "recover_incident"


async def test_who_starts_a_workflow_by_hand_does_not_get_the_name_either(
    calm: World, response: Response
) -> None:
    await response.announce(recipients=30)
    await response.settled()
    await response.handle.terminate("by hand")
    await forget(calm, response)
    again = OpenIncident(
        incident=response.slug,
        title="Again",
        opened_by=LEAD,
        plan=a_plan(),
        templates="t",
    )

    handle = await calm.client.start_workflow(
        INCIDENT_WORKFLOW, again, id=response.handle.id, task_queue=MAIN_QUEUE
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()

    assert "is the name of" in str(failed.value.cause)
    assert len([who for who, _ in await response.timeline("opened")]) == 1


async def test_a_reset_incident_keeps_its_name_and_gets_the_next_free_number(
    calm: World, response: Response
) -> None:
    """An everyday repair: what was proposed after the reset point is in the ledger already."""
    await response.open(recipients=30)
    begun = await eventually(response.handle.describe, lambda one: one.history_length > 3)
    first = await response.propose()
    await calm.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=calm.client.namespace,
            workflow_execution=WorkflowExecution(
                workflow_id=response.handle.id, run_id=begun.run_id
            ),
            reason="repair",
            workflow_task_finish_event_id=4,
            request_id=response.slug,
            reset_reapply_exclude_types=[1, 2],
        )
    )
    await response.record_facts()

    second = await response.propose()

    assert (first.number, second.number) == (1, 2)
    assert first.digest != second.digest
    kept = await stored.list_messages(calm.ledger, response.slug)
    assert [one.digest for one in kept] == [first.digest, second.digest]
    again = calm.client.get_workflow_handle(incident_workflow_id(response.slug))
    assert (await again.describe()).status is WorkflowExecutionStatus.RUNNING
