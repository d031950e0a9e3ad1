"""One response as a story tells it: people speak to an incident, and look at what came of it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from domain.actor import Actor, Surface
from domain.explanation import Explanation
from domain.ids import MAIN_QUEUE, incident_workflow_id, publication_workflow_id
from domain.message import MessageKind
from domain.model import Value
from domain.playbook import Playbook
from domain.publication import Outcome, PublicationState
from domain.severity import Severity
from domain.stage import Stage
from domain.status import Decided, IncidentStatus, MessageStatus
from domain.timeline import TimelineEntry
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.world import DIRECT, World
from workflows.contract.lifecycle import Close, Join, OpenIncident
from workflows.contract.publications import BroadcastRun
from workflows.contract.signing import Decide
from workflows.contract.steering import Withdraw
from workflows.contract.writing import Propose, RecordFacts
from workflows.incident import IncidentWorkflow

Result = TypeVar("Result")


class Refusal(Exception):
    """What a person asked for was refused: what they are told, and what to do next."""

    def __init__(self, explanation: Explanation, kind: str | None = None) -> None:
        self.kind = kind
        self.explanation = explanation
        self.next_step = str(explanation.next_step)
        super().__init__(explanation.what)


def refusal_of(error: WorkflowUpdateFailedError) -> Refusal:
    """What the failure of an update says."""
    cause = error.cause
    assert isinstance(cause, ApplicationError), repr(cause)
    return Refusal(Explanation.model_validate(cause.details[0]), cause.type)


class Response:
    """One incident, the world it happens in, and the clock."""

    def __init__(self, client: Client, env: WorkflowEnvironment, world: World, slug: str) -> None:
        self.client = client
        self.world = world
        self.slug = slug
        self.audiences: tuple[str, ...] = ("customers",)
        self.severity: Severity | None = None
        self._env = env
        self.handle: WorkflowHandle[IncidentWorkflow, IncidentStatus] = (
            client.get_workflow_handle_for(IncidentWorkflow.run, incident_workflow_id(slug))
        )

    # --- speaking -----------------------------------------------------------------------------

    async def open(
        self,
        plan: Playbook | None = None,
        by: str = "maya",
        title: str = "Posts that are not ours",
        severity: Severity | None = None,
    ) -> IncidentStatus:
        """Open the incident, or join it."""
        start = WithStartWorkflowOperation(
            IncidentWorkflow.run,
            OpenIncident(
                incident=self.slug,
                title=title,
                opened_by=person(by),
                plan=plan or a_plan(),
                templates="t",
                audiences=self.audiences,
                severity=severity or self.severity,
            ),
            id=incident_workflow_id(self.slug),
            task_queue=MAIN_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
        return await self.client.execute_update_with_start_workflow(
            IncidentWorkflow.join, Join(actor=person(by)), start_workflow_operation=start
        )

    async def tell(self, update: str, said: Value, result: type[Result]) -> Result:
        """Say something that is answered; raises ``Refusal``."""
        try:
            async with asyncio.timeout(20):
                answer: Result = await self.handle.execute_update(
                    update, said, id=str(uuid.uuid4()), result_type=result
                )
        except WorkflowUpdateFailedError as error:
            raise refusal_of(error) from error
        return answer

    async def propose(
        self,
        kind: MessageKind = MessageKind.ANNOUNCEMENT,
        by: str = "maya",
        next_update_by: datetime | None = None,
    ) -> MessageStatus:
        """Put a message before its gate."""
        said = Propose(kind=kind, actor=person(by), next_update_by=next_update_by)
        return await self.tell("propose", said, MessageStatus)

    async def decide(self, message: MessageStatus, by: str, **more: object) -> Decided:
        """Approve (or what ``more`` says) on the page, where one is answered.

        Raises ``Refusal`` if it did not count.
        """
        actor = person(by, Surface.CONSOLE)
        said = {"actor": actor, "digest": message.digest, "message": message.number}
        decided = await self.tell("decide", Decide.model_validate({**said, **more}), Decided)
        if decided.explanation is not None:
            assert not decided.counted
            raise Refusal(decided.explanation)
        return decided

    async def approve(self, about: MessageStatus, by: str = "noor", **more: object) -> None:
        """Approve by signal, which is never answered."""
        said = {"by": by, "digest": about.digest, "message": about.number, **more}
        await self.handle.signal("approve", said)

    async def ask_to_withdraw(self, message: MessageStatus) -> MessageStatus:
        """Let nothing more of a message go out; answered at once."""
        return await self.tell(
            "withdraw", Withdraw(message=message.number, actor=person("maya")), MessageStatus
        )

    async def withdraw(self, message: MessageStatus) -> MessageStatus:
        """Let nothing more of a message go out, and wait until all of it is taken back."""
        await self.ask_to_withdraw(message)
        return await self.until(lambda one: not one.withdrawing, message.number)

    async def publish(self, kind: MessageKind = MessageKind.ANNOUNCEMENT) -> MessageStatus:
        """Propose, have it signed, and wait until every channel has settled."""
        message = await self.propose(kind)
        await self.decide(message, "noor")
        return await self.settled(message.number)

    async def know(self, *facts: str) -> None:
        """Take note of facts."""
        known = (await self.status()).facts
        said = RecordFacts(
            actor=person("maya"), facts="draft", filled=facts, changed=facts, based_on=known
        )
        await self.tell("facts", said, IncidentStatus)

    async def result(self) -> IncidentStatus:
        """How it ended, in whichever of its runs."""
        handle = self.client.get_workflow_handle_for(IncidentWorkflow.run, self.handle.id)
        return await handle.result()

    async def close(self, waive: str = "") -> IncidentStatus:
        """Close the incident."""
        return await self.tell("close", Close(actor=person("maya"), waive=waive), IncidentStatus)

    async def resolve(self) -> MessageStatus:
        """From nothing to a published resolution."""
        await self.publish()
        await self.know("fix", "prevention", "prevention_owner", "prevention_due")
        return await self.publish(MessageKind.RESOLUTION_NOTE)

    # --- looking ------------------------------------------------------------------------------

    async def status(self) -> IncidentStatus:
        """Where the response stands."""
        return await self.handle.query(IncidentWorkflow.status)

    async def stage(self) -> Stage:
        """The stage it is in."""
        return (await self.status()).stage

    async def message(self, number: int = 1) -> MessageStatus:
        """One message as it stands."""
        return (await self.status()).messages[number - 1]

    async def settled(self, number: int = 1) -> MessageStatus:
        """The message once every channel has settled."""
        return await self.until(
            lambda one: all(outcome.state.settled for outcome in one.outcomes), number
        )

    async def until(
        self, is_so: Callable[[MessageStatus], object], number: int = 1
    ) -> MessageStatus:
        """The message once it is so."""
        return await eventually(
            lambda: self.message(number), is_so, otherwise=f"message {number} did not get there"
        )

    async def says(self, what: str) -> list[str]:
        """Who and about what, of each entry of the timeline that says ``what``."""
        return [f"{one.who}: {one.about}" for one in await self.entries(what)]

    async def entries(self, what: str) -> list[TimelineEntry]:
        """The entries of the timeline that say ``what``."""
        timeline = await self.handle.query(IncidentWorkflow.timeline)
        return [one for one in timeline if one.what == what]

    async def refusals(self, count: int) -> list[str]:
        """The decisions that the timeline says were refused, once there are so many."""
        return await eventually(
            lambda: self.says("decision refused"),
            lambda entries: len(entries) == count,
            otherwise=f"not {count} decisions were refused",
        )

    async def progress(self, number: int = 1) -> BroadcastRun:
        """How far the mail has come."""
        handle = self.client.get_workflow_handle(self.child(number, "email"))
        return await handle.query("progress", result_type=BroadcastRun)

    # --- time ---------------------------------------------------------------------------------

    def child(self, number: int, channel: str) -> str:
        """The workflow id of a message on a channel, such as ``email`` or ``email/customers``."""
        name, _, audience = channel.partition("/")
        first = self.audiences[0] if name in DIRECT else None
        return publication_workflow_id(self.slug, number, name, audience or first)

    async def time_passes(self, time: timedelta) -> None:
        """Let time pass for the incident itself."""
        async with asyncio.timeout(20):
            await self._env.fast_forward(self.handle, time)
        self.world.ahead += time

    async def passes(self, time: timedelta, number: int, channel: str) -> None:
        """Let time pass for a message on a channel."""
        handle = self.client.get_workflow_handle(self.child(number, channel))
        # The server skips no time while an activity is being worked on, and would wait for ever.
        async with asyncio.timeout(20):
            await self._env.fast_forward(handle, time)


def outcome(message: MessageStatus, channel: str) -> Outcome:
    """How a message stands on a channel."""
    (found,) = (one for one in message.outcomes if one.channel == channel)
    return found


def why(message: MessageStatus, channel: str) -> str:
    """Why it stands there so, in a sentence; nothing if there is nothing to explain."""
    explanation = outcome(message, channel).explanation
    return explanation.what if explanation else ""


def then(message: MessageStatus, channel: str) -> str:
    """What to do about it."""
    explanation = outcome(message, channel).explanation
    return str(explanation.next_step) if explanation else ""


def person(name: str, surface: Surface = Surface.TERMINAL) -> Actor:
    """Somebody of the roster, by their word alone."""
    return Actor(person=name, surface=surface)


def state(message: MessageStatus, channel: str) -> PublicationState:
    """In one word."""
    return outcome(message, channel).state
