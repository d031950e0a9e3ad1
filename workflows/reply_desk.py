"""Replying on a channel: one workflow for each account, for as long as it is configured.

Its history has the channel's name, times and how many replies were sent. The replies, and what the
account may still send, are in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.signatures.replying import SEND_REPLIES, SendReplies
    from domain.ids import channel_queue
    from workflows.calls import call
    from workflows.contract.names import REPLY_DESK_WORKFLOW
    from workflows.contract.standing import AnswerMentions
    from workflows.policies import ORDINARY, REPLYING
    from workflows.rounds import Rounds

LOOK_EVERY = timedelta(minutes=1).total_seconds()
"""How long it looks for nothing new by itself: whoever plans a reply says so by a signal."""


@workflow.defn(name=REPLY_DESK_WORKFLOW)
class ReplyDeskWorkflow:
    """Sends what is due, waits until there is more, and so on; cancelling it ends it."""

    @workflow.init
    def __init__(self, order: AnswerMentions) -> None:
        self._channel = order.channel
        self._rounds = Rounds()

    @workflow.run
    async def run(self, order: AnswerMentions) -> None:
        """Go round for ever."""
        await self._rounds.go(self._send)
        workflow.continue_as_new(order)

    @workflow.signal(dynamic=True)
    async def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """Whatever was said: a reply was planned, or something was put right."""
        self._rounds.ask()

    async def _send(self, asked: bool) -> float:
        sent = await call(
            SEND_REPLIES,
            SendReplies(channel=self._channel, asked=asked),
            REPLYING,
            queue=channel_queue(self._channel),
            priority=ORDINARY,
        )
        return LOOK_EVERY if sent.again_in is None else min(sent.again_in, LOOK_EVERY)
