"""Listening to a channel: one workflow for each source, for as long as it is configured.

Its history has the channel's name and times, and nothing of what is said. What was read, how far,
and what kept us from it are in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.signatures.listening import READ_MENTIONS, ReadMentions
    from domain.ids import channel_queue
    from workflows.calls import call
    from workflows.contract.names import LISTENING_WORKFLOW
    from workflows.contract.standing import Listen
    from workflows.policies import BACKGROUND, LISTENING
    from workflows.rounds import Rounds


@workflow.defn(name=LISTENING_WORKFLOW)
class ListeningWorkflow:
    """Reads a page, waits until the next one is due, and so on; cancelling it ends it."""

    @workflow.init
    def __init__(self, order: Listen) -> None:
        self._order = order
        self._rounds = Rounds()

    @workflow.run
    async def run(self, order: Listen) -> None:
        """Go round for ever."""
        await self._rounds.go(self._read)
        workflow.continue_as_new(order)

    @workflow.signal(dynamic=True)
    async def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """Whatever was said: somebody wants it read now."""
        self._rounds.ask()

    async def _read(self, asked: bool) -> float:
        order = self._order
        heard = await call(
            READ_MENTIONS,
            ReadMentions(channel=order.channel, private=order.private, asked=asked),
            LISTENING,
            queue=channel_queue(order.channel),
            priority=BACKGROUND,
        )
        return heard.again_in
