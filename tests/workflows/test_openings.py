"""A gate that opens is entered in the ledger first, and only then does anything go out."""

from __future__ import annotations

import pytest

from channels.contract import Refused
from domain.gate import GateState
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from domain.status import MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, person, state
from tests.workflows.world import Fault
from workflows.contract.steering import RetryChannel

S = PublicationState
TWITTER = ("twitter",)


async def test_the_opening_has_the_decisions_and_every_destination(response: Response) -> None:
    await response.open(a_plan(channels=("email", "twitter")))
    message = await response.publish()
    [opened] = response.world.opened
    assert (opened.digest, opened.message.revision) == (message.digest, 1)
    assert [one.key for one in opened.destinations] == ["email/customers", "twitter"]
    assert [one.actor.person for one in opened.decisions] == ["noor"]


async def test_an_approver_is_answered_while_the_ledger_takes_the_opening(
    response: Response,
) -> None:
    entered = response.world.opening_waits()
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    decided = await response.decide(message, "noor")
    assert decided.gate is GateState.OPEN
    assert (await response.message()).phase is MessagePhase.PUBLISHING
    assert response.world.public() == []
    with pytest.raises(Refusal, match="still being published"):
        await response.close()

    entered.set()

    assert state(await response.settled(), "twitter") is S.ACCEPTED
    assert response.world.public() == [1]


async def test_what_is_withdrawn_before_the_ledger_has_the_opening_never_goes_out(
    response: Response,
) -> None:
    entered = response.world.opening_waits()
    await response.open(a_plan(channels=TWITTER))
    message = await response.propose()
    await response.decide(message, "noor")
    withdrawn = await response.withdraw(message)
    assert state(withdrawn, "twitter") is S.WITHDRAWN

    entered.set()

    await eventually(lambda: _of(response.world.opened), lambda opened: len(opened) == 1)
    await eventually(lambda: _of(response.world.openings), lambda left: left == {})
    assert response.world.public() == []
    await response.close()
    assert (await response.result()).messages[0].phase is MessagePhase.WITHDRAWN


async def test_what_is_overtaken_before_the_ledger_has_the_opening_never_goes_out(
    response: Response,
) -> None:
    await response.open(a_plan(channels=TWITTER))
    await response.publish()
    entered = response.world.opening_waits()
    for _ in range(2):
        update = await response.propose(MessageKind.PROGRESS_UPDATE)
        await response.decide(update, "noor")
    assert state(await response.message(2), "twitter") is S.SUPERSEDED

    entered.set()

    assert state(await response.settled(3), "twitter") is S.ACCEPTED
    await eventually(lambda: _of(response.world.openings), lambda left: set(left) == {1, 3})
    assert response.world.public() == [1, 3]


async def test_a_withdrawn_message_has_its_opening_revoked(response: Response) -> None:
    await response.open(a_plan(channels=TWITTER))
    message = await response.publish()
    assert set(response.world.openings) == {1}
    await response.withdraw(message)
    await eventually(lambda: _of(response.world.openings), lambda left: left == {})


async def test_a_retry_goes_out_under_the_opening_that_is_there(response: Response) -> None:
    response.world.provider("twitter", Fault(Refused))
    await response.open(a_plan(channels=TWITTER))
    message = await response.publish()
    assert state(message, "twitter") is S.REFUSED
    retry = RetryChannel(message=1, channel="twitter", actor=person("maya"))
    await response.tell("retry_channel", retry, MessageStatus)
    assert state(await response.settled(), "twitter") is S.ACCEPTED
    assert len(response.world.opened) == 1


async def _of(value: object) -> object:
    return value
