"""What takes the state away from under an incident, and the way back that a person takes.

Each is carried through to its end, whatever else is lifted meanwhile: half of one would leave a
stack that nobody has.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError

from chaos.plan import EVERYTHING, Fault, FaultAction
from chaos.signers import LEAD
from chaos.stack import ChaosStack
from client.asking import live_status, queried
from client.engine import Engine
from client.errors import ClientError, EndedUnclosed, UnknownIncident
from client.recovery.incident import recover_incident
from domain.errors import DomainError
from domain.ids import incident_workflow_id, publication_workflow_id
from domain.status import IncidentStatus
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable

_BACK_WITHIN = 60.0
_AGAIN_AFTER = 0.5
_GOES_ON_WITHIN = 20.0
_LOOK_AGAIN = 0.1


class Disasters:
    """What happens to one incident and its stack. ``strike`` returns why it could not."""

    def __init__(
        self,
        stack: ChaosStack,
        client: Client,
        database: Database,
        file: Path | None,
        slug: str,
        say: Callable[[str], None],
    ) -> None:
        """``file`` is the ledger's, if it has one."""
        self._stack = stack
        self._file = file
        self._client = client
        self._engine = Engine(temporal=client, ledger=database)
        self._slug = slug
        self._say = say
        # Two at once would be one that nobody can tell apart.
        self._one_at_a_time = asyncio.Lock()

    async def strike(self, fault: Fault) -> str:
        """Let it happen; returns when everything runs again.

        An incident that was lost is back by then. What an earlier ledger has forgotten is left to
        the recovery, which compares in peace.
        """
        async with self._one_at_a_time:
            if fault.action is FaultAction.TERMINATED:
                return await self._terminate(fault.target)
            if fault.action is FaultAction.LEDGER_RESTORED:
                return await self._restore_ledger(fault.seconds)
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

    async def _terminate(self, what: str) -> str:
        """Somebody ends the incident's workflow in Temporal, or those of its publications, too."""
        incident = incident_workflow_id(self._slug)
        try:
            ids = [incident, *(await self._publications() if what == EVERYTHING else ())]
            await self._client.get_workflow_handle(incident).terminate("it was the wrong one")
        except (RPCError, WorkflowQueryFailedError):
            return "Temporal did not answer, or had nothing to terminate"
        for one in ids[1:]:
            # Those that have ended cannot be terminated.
            with contextlib.suppress(RPCError):
                await self._client.get_workflow_handle(one).terminate("it was the wrong one")
        await self._recover()
        return ""

    async def _publications(self) -> list[str]:
        handle = self._client.get_workflow_handle(incident_workflow_id(self._slug))
        status = await queried(handle, "status", IncidentStatus)
        return [
            publication_workflow_id(self._slug, message.number, one.channel, one.audience)
            for message in status.messages
            for one in message.outcomes
        ]

    async def _restore_ledger(self, seconds: float) -> str:
        """Put the ledger back to what it was so many seconds ago, by no tool of the product."""
        if self._file is None:
            return "a PostgreSQL ledger is put back by its own tools"
        copy = self._stack.state / "ledger.copy"
        await asyncio.to_thread(_copy, self._file, copy)
        await asyncio.sleep(seconds)
        await self._until_mail_went_on(copy)
        await self._end_workers()
        receiver = self._stack.part("webhooks")
        await receiver.stop()
        await asyncio.to_thread(_copy, copy, self._file)
        self._say("the ledger is what it was")
        await receiver.start()
        await self._start_workers()
        return ""

    async def _until_mail_went_on(self, copy: Path) -> None:
        """Return when there is something to forget, as far as more mail goes out at all.

        On a busy machine nothing may have happened since the copy was made.
        """
        assert self._file is not None
        before = await asyncio.to_thread(_accepted, copy)
        deadline = time.monotonic() + _GOES_ON_WITHIN
        while await asyncio.to_thread(_accepted, self._file) == before:
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(_LOOK_AGAIN)

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


def _accepted(ledger: Path) -> int:
    """How many batches a ledger has as accepted."""
    with contextlib.closing(sqlite3.connect(ledger, timeout=30)) as database:
        counted = database.execute("SELECT count(*) FROM batches WHERE state = 'accepted'")
        return int(counted.fetchone()[0])


def _copy(source: Path, target: Path) -> None:
    """Let ``target`` have the content of ``source``.

    Into the same file: the people of the round have it open, and go on reading it.
    """
    with (
        contextlib.closing(sqlite3.connect(source, timeout=30)) as old,
        contextlib.closing(sqlite3.connect(target, timeout=30)) as new,
    ):
        old.backup(new)
