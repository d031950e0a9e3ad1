"""What takes the state away from under an incident, and the way back that a person takes.

Each is carried through to its end, whatever else is lifted meanwhile: half of one would leave a
stack that nobody has.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from temporalio.client import Client
from temporalio.service import RPCError

from chaos.people import LEAD
from chaos.plan import FaultAction
from chaos.stack import ChaosStack
from client.asking import live_status
from client.engine import Engine
from client.errors import ClientError, EndedUnclosed, UnknownIncident
from client.recovery.incident import recover_incident
from domain.errors import DomainError
from domain.ids import incident_workflow_id
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable

DISASTERS = (FaultAction.TEMPORAL_LOST, FaultAction.TERMINATED)
_BACK_WITHIN = 60.0
_AGAIN_AFTER = 0.5


class Disasters:
    """What happens to one incident and its stack. ``strike`` returns why it could not."""

    def __init__(
        self,
        stack: ChaosStack,
        client: Client,
        database: Database,
        slug: str,
        say: Callable[[str], None],
    ) -> None:
        self._stack = stack
        self._client = client
        self._engine = Engine(temporal=client, ledger=database)
        self._slug = slug
        self._say = say
        # Two at once would be one that nobody can tell apart.
        self._one_at_a_time = asyncio.Lock()

    async def strike(self, action: FaultAction) -> str:
        """Let it happen, and do what a person does about it; returns when the incident is back."""
        async with self._one_at_a_time:
            if action is FaultAction.TERMINATED:
                return await self._terminate()
            await self._lose_temporal()
            return ""

    async def _lose_temporal(self) -> None:
        """Everything that Temporal knows is gone, with its workers killed in the middle of work."""
        await self._end_workers()
        temporal = self._stack.part("temporal")
        temporal.kill()
        await temporal.stop()
        for end in ("", "-wal", "-shm"):
            (self._stack.state / f"temporal.db{end}").unlink(missing_ok=True)
        await temporal.start()
        await self._start_workers()
        await self._recover()

    async def _terminate(self) -> str:
        """Somebody ends the incident's workflow in Temporal; what it has begun goes on."""
        handle = self._client.get_workflow_handle(incident_workflow_id(self._slug))
        try:
            await handle.terminate("somebody meant another one")
        except RPCError:
            return "Temporal did not answer, or had nothing to terminate"
        await self._recover()
        return ""

    async def _end_workers(self) -> None:
        for name in self._stack.workers:
            worker = self._stack.part(name)
            worker.kill()
            await worker.stop()

    async def _start_workers(self) -> None:
        for name in self._stack.workers:
            await self._stack.part(name).start()

    async def _recover(self) -> None:
        """Start the incident again, as often as it takes until it answers."""
        deadline = time.monotonic() + _BACK_WITHIN
        while True:
            with contextlib.suppress(ClientError, RPCError, StoreUnavailable, TimeoutError):
                try:
                    await recover_incident(self._engine, self._slug, actor=LEAD)
                except DomainError as refusal:
                    # The first try may have counted, and its answer was lost.
                    self._say(f"recovering: {refusal.what}")
                if await self._answers():
                    self._say("the incident has been recovered")
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._slug} could not be recovered")
            await asyncio.sleep(_AGAIN_AFTER)

    async def _answers(self) -> bool:
        try:
            await live_status(self._engine, self._slug)
        except (EndedUnclosed, UnknownIncident):
            return False
        return True
