"""Reply rules come into force by a gate, publish nothing, and give way to newer ones."""

from __future__ import annotations

import pytest

from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.opening import OpeningKind
from domain.playbook import Playbook
from domain.playbook_replies import RepliesPlan, SavedReplyPlan
from domain.stage import Stage
from domain.status import MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import ONE_SIGNATURE, a_plan
from tests.workflows.response import Refusal, Response, person
from workflows.contract.writing import Revise

RULES = MessageKind.REPLY_RULES


def replying() -> Playbook:
    """A plan that answers on one channel."""
    thanks = SavedReplyPlan(name="thanks", title="Thanks", wordings=("A.", "B.", "C."))
    replies = RepliesPlan(gate=ONE_SIGNATURE, channels=("twitter",), saved=(thanks,))
    return a_plan().model_copy(update={"replies": replies})


async def has_opening(response: Response, number: int, *, has: bool = True) -> None:
    """Wait until the ledger has the opening of a message, or has none any more."""

    async def found() -> bool:
        return (number in response.world.openings) is has

    await eventually(found, bool)


async def in_force(response: Response, message: MessageStatus) -> None:
    decided = await response.decide(message, "noor")
    assert decided.in_force
    await has_opening(response, message.number)


async def test_signed_rules_are_in_force_and_newer_ones_replace_them(response: Response) -> None:
    await response.open(replying())
    first = await response.propose(RULES)
    assert (first.reply_channels, first.outcomes) == (("twitter",), ())
    with pytest.raises(Refusal, match="waiting at its gate"):
        await response.close()
    waiting = await response.propose(RULES)

    await in_force(response, first)

    status = await response.status()
    assert [one.phase for one in status.messages] == [MessagePhase.IN_FORCE, MessagePhase.WAITING]
    assert not status.messages[0].told
    assert status.stage is Stage.IDENTIFY
    [opened] = response.world.opened
    assert (opened.kind, opened.digest) == (OpeningKind.FORM, first.digest)
    assert [one.key for one in opened.destinations] == ["twitter"]
    with pytest.raises(Refusal, match="is in force and can no longer be edited"):
        await response.tell("revise", Revise(message=1, actor=person("maya")), MessageStatus)

    await in_force(response, waiting)
    await has_opening(response, 1, has=False)
    assert (await response.message(1)).phase is MessagePhase.SUPERSEDED

    await response.withdraw(await response.message(2))
    await has_opening(response, 2, has=False)
    assert response.world.attempts == []
    await response.close()
    assert (await response.result()).messages[1].phase is MessagePhase.WITHDRAWN


async def test_a_plan_without_replies_has_no_rules(response: Response) -> None:
    await response.open()
    with pytest.raises(Refusal, match="Playbook stories has no replies"):
        await response.propose(RULES)
