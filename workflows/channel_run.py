"""One approved message on its way to one destination, from its start to its end.

The workflow that publishes it outlives the run of the incident that started it, and is found again
by its id. Its news come by signal and are hints, since anybody who reaches Temporal could send
them: how it ended is read from the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.outcomes import READ_OUTCOME, OutcomeRead
    from domain.explanation import Action, Explanation
    from domain.ids import publication_workflow_id
    from domain.message_state import UnderWay
    from domain.publication import Destination, Outcome, PublicationState
    from workflows.calls import call
    from workflows.contract.names import BROADCAST_WORKFLOW, PUBLICATION_WORKFLOW
    from workflows.contract.publications import ChannelNews, Halt, PauseSending, PublishMessage
    from workflows.policies import (
        ASK_AFTER,
        ASK_AT_MOST,
        FALSE_NEWS_PAUSE,
        LEDGER,
        ORDINARY,
        START_AGAIN_AFTER,
        START_AGAIN_AT_MOST,
        URGENT,
    )
    from workflows.reporting import nobody_there


class ChannelRun:
    """The workflow that publishes it, and the incident's orders to that workflow.

    ``state`` is carried on when the incident continues as new. ``let_pass`` waits until the
    workflow may begin; ``title`` names it in Temporal's own pages.
    """

    def __init__(
        self,
        order: PublishMessage,
        state: UnderWay,
        title: str,
        let_pass: Callable[[ChannelRun], Awaitable[None]],
    ) -> None:
        self._order = order
        self._title = title
        self._let_pass = let_pass
        self._child: workflow.ChildWorkflowHandle[Any, Outcome] | None = None
        self._starting = False
        self._telling: set[asyncio.Task[None]] = set()
        self._answered = False
        self._last_words: Explanation | None = None
        self.state = state

    @property
    def number(self) -> int:
        """The message's number."""
        return self._order.message.number

    @property
    def destination(self) -> Destination:
        """Where it goes."""
        return self._order.destination

    @property
    def under_way(self) -> bool:
        """Whether its workflow has started, so that it can receive orders."""
        return self.state.started

    @property
    def at_rest(self) -> bool:
        """Whether nothing is on its way to its workflow that the end of this run would cut off."""
        return not self._starting and not self._telling

    # --- orders -------------------------------------------------------------------------------

    def halt(self, to: PublicationState) -> None:
        """Stop what has not gone out; what is on the wire is waited for."""
        self.state.halted = to
        if self.state.started:
            self._send("halt", Halt(to=to))

    def pause(self, reason: str) -> None:
        """Have a broadcast hand out nothing more until it is resumed."""
        self._send("pause", PauseSending(reason=reason))

    def resume(self) -> None:
        """Have a broadcast continue where it was."""
        self._send("resume")

    def go_on(self) -> None:
        """Have it ask the ledger at once whether it may go on, if it waits for that."""
        if self.state.started:
            self._send("go_on")

    # --- news ---------------------------------------------------------------------------------

    def hear(self, news: ChannelNews, *, reached: bool) -> bool:
        """Take note of news; False if they are of an earlier run.

        That it ended, or that it has reached somebody for the first time, is looked up.
        """
        if news.start != self.state.start:
            return False
        self._answered = True
        if news.outcome.state.settled:
            self._last_words = news.outcome.explanation
        if news.outcome.state.settled or (news.told and not reached):
            self.state.hints += 1
        return True

    async def outcome(self, note_reached: Callable[[], bool], *, recovered: bool) -> Outcome:
        """Publish, and return how it ended; raises nothing.

        ``note_reached`` is called when the ledger says that somebody has been reached, and returns
        whether that was news. With ``recovered``, the workflow may be lost: what the ledger has of
        it counts first, and then it is started again.
        """
        if recovered:
            found = await self._read()
            if found.outcome.state.settled and found.behind is None:
                return found.outcome
            self.state.started = False
        if self.state.halted is not None and self.state.started:
            self.halt(self.state.halted)
        in_time = await self._begin()
        return in_time or await self._follow(note_reached)

    async def _follow(self, note_reached: Callable[[], bool]) -> Outcome:
        pause = ASK_AFTER
        while True:
            heard = await self._hint_within(pause)
            ended = self._child_has_ended() or not (heard or await self._is_there())
            hints = self.state.hints
            found = await self._read()
            self.state.looked_up = hints
            news = found.reached and note_reached()
            if found.outcome.state.settled and found.behind is None:
                return found.outcome
            if ended:
                return self._nothing_said(found)
            if heard and not news:
                await workflow.sleep(FALSE_NEWS_PAUSE)
            pause = min(pause * 2, ASK_AT_MOST)

    async def _hint_within(self, pause: timedelta) -> bool:
        state = self.state
        try:
            await workflow.wait_condition(lambda: state.hints > state.looked_up, timeout=pause)
        except TimeoutError:
            return False
        return True

    def _child_has_ended(self) -> bool:
        return self._child is not None and self._child.done()

    def _result(self) -> Outcome | None:
        """What its workflow itself returned, if this run of the incident started it."""
        child = self._child
        if child is None or not child.done() or child.cancelled() or child.exception():
            return None
        return child.result()

    async def _read(self) -> OutcomeRead:
        priority = URGENT if self._order.urgent else ORDINARY
        return await call(READ_OUTCOME, self._order.task(), LEDGER, priority=priority)

    # --- the workflow -------------------------------------------------------------------------

    async def _begin(self) -> Outcome | None:
        """Start its workflow, unless it has been; how it ended, if it was stopped before."""
        if self.state.started:
            return None
        await self._let_pass(self)
        place, pause = self.destination, START_AGAIN_AFTER
        if self.state.halted is not None and place.audience is not None:
            return Outcome.at(place, self.state.halted, Explanation(what="It was stopped in time."))
        while not await self._start():
            # The id is in use: by an earlier run that is about to end, or by this one, if the
            # incident's own run that started it was lost. It says which.
            self._send("report")
            try:
                await workflow.wait_condition(lambda: self._answered, timeout=pause)
            except TimeoutError:
                pause = min(pause * 2, START_AGAIN_AT_MOST)
            else:
                break
        self.state.started = True
        if self.state.halted is not None:
            self.halt(self.state.halted)
        return None

    async def _start(self) -> bool:
        """Whether its workflow was started."""
        order, place = self._order, self.destination
        if self.state.halted is not None and place.audience is None:
            # An attempt of an earlier run may be public: its own workflow looks before it ends it.
            order = order.model_copy(update={"called_off": self.state.halted})
        self._starting = True
        try:
            self._child = await workflow.start_child_workflow(
                PUBLICATION_WORKFLOW if place.audience is None else BROADCAST_WORKFLOW,
                order,
                id=self._workflow_id(),
                result_type=Outcome,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                priority=URGENT if order.urgent else ORDINARY,
                static_summary=f"{self._title} on {place}",
            )
        except FailureError as error:
            workflow.logger.info("%s was not started: %s", place, type(error).__name__)
            return False
        finally:
            self._starting = False
        self._child.add_done_callback(self._note_end)
        return True

    def _note_end(self, child: asyncio.Future[Outcome]) -> None:
        """Note that it has ended, whoever ended it: the ledger says what it came to."""
        self.state.hints += 1
        if not child.cancelled():
            child.exception()

    async def _is_there(self) -> bool:
        """Whether its workflow is open; if that cannot be told, it is."""
        try:
            await self._tell("report")
        except FailureError as error:
            return not nobody_there(error)
        return True

    def _send(self, signal: str, argument: Halt | PauseSending | None = None) -> None:
        async def send() -> None:
            try:
                await self._tell(signal, argument)
            except FailureError as error:
                # It has ended meanwhile.
                workflow.logger.info("%s was not delivered: %s", signal, type(error).__name__)

        telling = asyncio.create_task(send())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tell(self, signal: str, argument: Halt | PauseSending | None = None) -> None:
        handle = workflow.get_external_workflow_handle(self._workflow_id())
        if argument is None:
            await handle.signal(signal)
        else:
            await handle.signal(signal, argument)

    def _workflow_id(self) -> str:
        place = self.destination
        return publication_workflow_id(
            self._order.message.incident, self.number, place.channel, place.audience
        )

    def _nothing_said(self, found: OutcomeRead) -> Outcome:
        """How it ended, if its workflow is gone and the ledger has no end of it."""
        if found.behind is not None:
            unknown = PublicationState.UNKNOWN
            lost = Outcome.at(self.destination, unknown, found.behind, uncertain=True)
            return self._result() or lost
        if not found.known:
            planned = Explanation(
                what="Its workflow ended before anything was planned.",
                means="Nothing went out.",
                next_step=self.destination.step(Action.RETRY, self._order.message),
            )
            why = self._last_words.cleaned() if self._last_words else planned
            return Outcome.at(self.destination, PublicationState.REFUSED, why)
        nobody_said = Explanation(
            what="Its workflow ended before it could say what happened.",
            means="It may have gone out.",
            next_step=self.destination.step(
                Action.SETTLE, self._order.message, "Look at the platform."
            ),
        )
        return Outcome.at(self.destination, PublicationState.UNKNOWN, nobody_said, uncertain=True)
