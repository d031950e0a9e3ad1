"""One approved message on its way to one destination, from its start to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain.explanation import Action, Explanation
    from domain.ids import publication_workflow_id
    from domain.publication import Destination, Outcome, PublicationState
    from workflows.contract import (
        BROADCAST_WORKFLOW,
        PUBLICATION_WORKFLOW,
        Halt,
        PauseSending,
        PublishMessage,
    )
    from workflows.policies import ORDINARY, URGENT


class ChannelRun:
    """The child workflow that publishes it, and the incident's orders to that workflow.

    ``let_pass`` waits until the child may begin; ``title`` names it in Temporal's own pages.
    """

    def __init__(
        self, order: PublishMessage, title: str, let_pass: Callable[[ChannelRun], Awaitable[None]]
    ) -> None:
        self._order = order
        self._title = title
        self._let_pass = let_pass
        self._child: workflow.ChildWorkflowHandle[Any, Outcome] | None = None
        self._telling: list[asyncio.Task[None]] = []
        self.halted: PublicationState | None = None

    @property
    def number(self) -> int:
        """The message's number."""
        return self._order.message.number

    @property
    def destination(self) -> Destination:
        """Where it goes."""
        return self._order.destination

    @property
    def called_off(self) -> bool:
        """Whether it sends nothing, and only looks for what may have gone out."""
        return self._order.called_off is not None

    @property
    def under_way(self) -> bool:
        """Whether its workflow has started, so that it can receive orders."""
        return self._child is not None

    async def outcome(self) -> Outcome:
        """Publish, and return how it ended; raises nothing."""
        try:
            return await self._publish()
        except FailureError:
            return Outcome.at(
                self.destination, PublicationState.UNKNOWN, self._nobody_said(), uncertain=True
            )
        finally:
            for telling in self._telling:
                await telling

    def halt(self, to: PublicationState) -> None:
        """Stop what has not gone out; what is on the wire is waited for."""
        self.halted = to
        if self._child is not None:
            self._telling.append(asyncio.create_task(self._tell("halt", Halt(to=to))))

    async def pause(self, reason: str) -> None:
        """Have a broadcast hand out nothing more until it is resumed."""
        await self._tell("pause", PauseSending(reason=reason))

    async def resume(self) -> None:
        """Have a broadcast continue where it was."""
        await self._tell("resume")

    async def _publish(self) -> Outcome:
        await self._let_pass(self)
        order, place = self._order, self.destination
        if self.halted is not None:
            if place.audience is not None:
                in_time = Explanation(what="It was stopped in time.")
                return Outcome.at(place, self.halted, in_time)
            # An attempt of an earlier run may be public: its own workflow looks before it ends it.
            order = order.model_copy(update={"called_off": self.halted})
        child: workflow.ChildWorkflowHandle[Any, Outcome] = await workflow.start_child_workflow(
            PUBLICATION_WORKFLOW if place.audience is None else BROADCAST_WORKFLOW,
            order,
            id=publication_workflow_id(
                order.message.incident, self.number, place.channel, place.audience
            ),
            result_type=Outcome,
            priority=URGENT if order.urgent else ORDINARY,
            static_summary=f"{self._title} on {place}",
        )
        self._begin(child)
        return await child

    def _begin(self, child: workflow.ChildWorkflowHandle[Any, Outcome]) -> None:
        self._child = child
        if self.halted is not None:
            # The halt came while the child was being started.
            self.halt(self.halted)

    async def _tell(self, signal: str, argument: Halt | PauseSending | None = None) -> None:
        assert self._child is not None
        try:
            if argument is None:
                await self._child.signal(signal)
            else:
                await self._child.signal(signal, argument)
        except FailureError as error:
            # The child has ended meanwhile.
            workflow.logger.info(
                "%s: the child workflow has ended already: %s", signal, type(error).__name__
            )

    def _nobody_said(self) -> Explanation:
        return Explanation(
            what="Its workflow ended before it could say what happened.",
            means="It may have gone out.",
            next_step=self.destination.step(
                Action.SETTLE, self._order.message, "Look at the platform."
            ),
        )
