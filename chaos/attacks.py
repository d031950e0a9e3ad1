"""What somebody does on purpose: they reach Temporal or the public port, and nothing else.

Each is bounded and ends by itself. What must come of them is in the comparison: nothing public that
was not approved, nothing doubled, nothing stuck.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable

import httpx
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from chaos.plan import Attack, Times
from client.asking import queried
from client.stack.ports import LOOPBACK
from domain.actor import Actor
from domain.delivery_events import events_path
from domain.gate import GateState
from domain.ids import MAIN_QUEUE, MessageRef, incident_workflow_id, publication_workflow_id
from domain.message import CLASS_OF
from domain.publication import Destination
from domain.status import IncidentStatus, MessageStatus
from workflows.contract.lifecycle import Join
from workflows.contract.names import BROADCAST_WORKFLOW, PUBLICATION_WORKFLOW
from workflows.contract.publications import PublishMessage

SIGNALS, SIGNALS_AT_ONCE = 2_500, 250
"""More than one run of an incident takes in, so that it has to continue as new meanwhile."""
UPDATES, UPDATES_AT_ONCE = 600, 8
BIG_SIGNALS, BIG_SIGNAL = 6, 1_900_000
RESET_LOOKS, RESET_APART = 100, 0.2
"""How often an incident is asked for a finished step before it is reset, and how far apart in s."""
CONNECTIONS = 200
BODIES, BODY = 12, 8_000_000
_ROUTE = events_path("email")


class Attacker:
    """Attacks one incident and its stack. ``strike`` returns why it could not, or nothing."""

    def __init__(self, client: Client, slug: str, port: int) -> None:
        self._client = client
        self._slug = slug
        self._port = port
        self._incident: WorkflowHandle[object, object] = client.get_workflow_handle(
            incident_workflow_id(slug)
        )

    async def strike(self, attack: Attack, seconds: float) -> str:
        """Carry out ``attack``; those that hold something hold it for so many seconds."""
        match attack:
            case Attack.SIGNALS:
                await self._flood_signals()
            case Attack.BIG_SIGNALS:
                await self._send_big_signals()
            case Attack.UPDATES:
                await self._flood_updates()
            case Attack.BY_HAND:
                return await self._publish_by_hand()
            case Attack.RESET:
                return await self._reset()
            case Attack.HALF_SENT:
                await self._hold_connections(seconds)
            case Attack.UNSIGNED:
                await self._send_unsigned()
        return ""

    # --- at Temporal --------------------------------------------------------------------------

    async def _flood_signals(self) -> None:
        async def one(number: int) -> None:
            if number % 2:
                await self._incident.signal(f"nonsense-{number}", "x" * 200)
            else:
                said = {"by": f"nobody-{number}", "digest": "0" * 16}
                await self._incident.signal("approve", said)

        for first in range(0, SIGNALS, SIGNALS_AT_ONCE):
            await _all(one(number) for number in range(first, first + SIGNALS_AT_ONCE))

    async def _send_big_signals(self) -> None:
        for _ in range(BIG_SIGNALS):
            await _all([self._incident.signal("approve", "x" * BIG_SIGNAL)])

    async def _flood_updates(self) -> None:
        stranger = Join(actor=Actor.at_terminal("mallory"))

        async def one() -> None:
            with contextlib.suppress(WorkflowUpdateFailedError):
                await self._incident.execute_update("join", stranger)

        for _ in range(0, UPDATES, UPDATES_AT_ONCE):
            await _all(one() for _ in range(UPDATES_AT_ONCE))

    async def _publish_by_hand(self) -> str:
        """Start the workflows that publish, with the digest of a message that waits."""
        status = await queried(self._incident, "status", IncidentStatus)
        waiting = [one for one in status.messages if one.gate is GateState.WAITING]
        if not waiting:
            return "no message was waiting at that moment"
        message = waiting[-1]
        for outcome in message.outcomes:
            order = self._order(message, outcome.destination)
            own = publication_workflow_id(
                self._slug, message.number, outcome.channel, outcome.audience
            )
            for workflow_id in (f"{own}/{uuid.uuid4()}", own):
                await self._start(order, workflow_id)
        return ""

    def _order(self, message: MessageStatus, destination: Destination) -> PublishMessage:
        # Once the gate is open it may go on with this one, so it waits for events as ours do.
        plan = {"batch_size": 50, "in_flight": 4, "unknown_window": Times().unknown_window}
        return PublishMessage.model_validate(
            {
                "message": MessageRef(
                    incident=self._slug, number=message.number, revision=message.revision
                ),
                "destination": destination,
                "digest": message.digest,
                "message_class": CLASS_OF[message.kind],
                "looking": {"looks": 2, "apart": "1s"},
                "broadcast": plan,
                "attempts": 3,
            }
        )

    async def _start(self, order: PublishMessage, workflow_id: str) -> None:
        direct = order.destination.audience is not None
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                BROADCAST_WORKFLOW if direct else PUBLICATION_WORKFLOW,
                order,
                id=workflow_id,
                task_queue=MAIN_QUEUE,
            )

    async def _reset(self) -> str:
        """Reset the incident to its newest finished step, as somebody does who repairs it."""
        # A run that continues another has done nothing yet, for as long as no worker took it up.
        for _ in range(RESET_LOOKS):
            if done := await self._newest_step():
                break
            await asyncio.sleep(RESET_APART)
        else:
            return "the incident had done nothing yet"
        await self._client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self._client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=self._incident.id),
                reason="a repair",
                workflow_task_finish_event_id=done,
                request_id=str(uuid.uuid4()),
            )
        )
        return ""

    async def _newest_step(self) -> int:
        """The newest finished step of the incident's present run; 0 where it has none."""
        done = 0
        async for event in self._incident.fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                done = event.event_id
        return done

    # --- at the public port -------------------------------------------------------------------

    async def _hold_connections(self, seconds: float) -> None:
        """Begin many requests and finish none of them."""
        writers: list[asyncio.StreamWriter] = []
        try:
            for number in range(CONNECTIONS):
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection(LOOPBACK, self._port)
                    writers.append(writer)
                    announced = b"Content-Length: 1000\r\n\r\n{" if number % 2 else b""
                    writer.write(f"POST {_ROUTE} HTTP/1.1\r\nHost: here\r\n".encode() + announced)
            await asyncio.sleep(seconds)
        finally:
            for writer in writers:
                writer.close()

    async def _send_unsigned(self) -> None:
        url = f"http://{LOOPBACK}:{self._port}{_ROUTE}"
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            await _all(client.post(url, content=b"x" * BODY) for _ in range(BODIES))


async def _all(attempts: object) -> None:
    """Make every attempt; that it is refused is what we hope for."""
    tried: list[Awaitable[object]] = list(attempts)  # type: ignore[call-overload]
    for result in await asyncio.gather(*tried, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(
            result, RPCError | httpx.HTTPError | OSError
        ):
            raise result
