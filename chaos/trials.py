"""After a round: what must be refused once the incident is over, and must not go unseen."""

from __future__ import annotations

import asyncio
import time

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from chaos.forgeries import Forger
from chaos.signers import LEAD
from chaos.verdict import RoundVerdict
from client import incidents
from client.engine import Engine
from domain.errors import DomainError
from domain.ids import incident_workflow_id
from store.kernel.database import Database

_FORGOTTEN_WITHIN = 60.0


class Trials:
    """Tries them on the incident of a round that has ended, and enters what was not refused."""

    def __init__(self, client: Client, database: Database, slug: str) -> None:
        self._client = client
        self._engine = Engine(temporal=client, ledger=database)
        self._slug = slug
        self._forger = Forger(database, self._engine, slug)

    async def play(self, files: dict[str, str], verdict: RoundVerdict) -> None:
        """Try all of them; Temporal has forgotten the incident afterwards."""
        await self._forger.play("while Temporal knows the incident", verdict)
        await self._forget()
        await self._forger.play("once Temporal has forgotten it", verdict)
        await self._open_again(files, verdict)

    async def _forget(self) -> None:
        """Have Temporal delete the incident, as it does by itself after its retention time."""
        name, deadline = incident_workflow_id(self._slug), time.monotonic() + _FORGOTTEN_WITHIN
        deleted: set[str] = set()
        while time.monotonic() < deadline:
            try:
                found = await self._client.get_workflow_handle(name).describe()
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return
                raise
            # One that was reset, or continued as new, has several runs.
            if found.run_id not in deleted:
                await self._delete(name, found.run_id)
                deleted.add(found.run_id)
            await asyncio.sleep(0.1)
        raise TimeoutError(f"Temporal did not delete {name}")

    async def _delete(self, name: str, run: str) -> None:
        await self._client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=self._client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=name, run_id=run),
            )
        )

    async def _open_again(self, files: dict[str, str], verdict: RoundVerdict) -> None:
        try:
            await incidents.open_incident(
                self._engine, slug=self._slug, title="Another outage", files=files, actor=LEAD
            )
        except DomainError:
            return
        verdict.find("reused", f"{self._slug} was opened again after Temporal had forgotten it")
