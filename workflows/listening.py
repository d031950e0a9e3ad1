"""Listening to a channel: one workflow for each, for as long as it is configured.

Its history has the channel's name and times, and nothing of what is said. What was read, how far,
and what kept us from it are in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.signatures.listening import READ_MENTIONS, Heard, ReadMentions
    from domain.ids import channel_queue
    from workflows.calls import call
    from workflows.contract import LISTENING_WORKFLOW, Listen
    from workflows.policies import BACKGROUND, LISTENING

AFTER_A_FAILURE = timedelta(minutes=1).total_seconds()


@workflow.defn(name=LISTENING_WORKFLOW)
class ListeningWorkflow:
    """Reads a page, waits until the next one is due, and so on; cancelling it ends it."""

    @workflow.init
    def __init__(self, order: Listen) -> None:
        self._asked = False

    @workflow.run
    async def run(self, order: Listen) -> None:
        """Go round for ever."""
        while True:
            asked, self._asked = self._asked, False
            heard = await self._read(ReadMentions(channel=order.channel, asked=asked))
            await self._wait(heard.again_in)
            if workflow.info().is_continue_as_new_suggested() and not self._asked:
                workflow.continue_as_new(order)

    @workflow.signal(dynamic=True)
    async def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """Whatever was said: somebody wants it read now."""
        self._asked = True

    async def _read(self, order: ReadMentions) -> Heard:
        try:
            return await call(
                READ_MENTIONS,
                order,
                LISTENING,
                queue=channel_queue(order.channel),
                priority=BACKGROUND,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # The worker's log has the reason, and the source's row how long it has been silent.
            return Heard(again_in=AFTER_A_FAILURE)

    async def _wait(self, seconds: float) -> None:
        """Wait so long, or until somebody asks."""
        if not seconds:
            return
        try:
            await workflow.wait_condition(lambda: self._asked, timeout=seconds)
        except TimeoutError:
            return
