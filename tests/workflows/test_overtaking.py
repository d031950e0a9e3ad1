"""What overtakes an earlier message comes out after it, or the earlier one not at all."""

from __future__ import annotations

from datetime import timedelta

from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from tests.workflows.plan import a_plan
from tests.workflows.response import Response, state

S = PublicationState
UPDATE = MessageKind.PROGRESS_UPDATE
TWITTER = ("twitter",)


async def test_a_newer_update_waits_for_the_older_one_that_is_on_the_wire(
    response: Response,
) -> None:
    """It used to go out at once, and a slow provider showed the old word as the newest."""
    await response.open(a_plan(channels=TWITTER))
    await response.publish()
    wire = response.world.holds("twitter")
    await response.decide(await response.propose(UPDATE), "noor")
    await wire.taken()

    await response.decide(await response.propose(UPDATE), "noor")
    await response.until(lambda one: one.phase is MessagePhase.SUPERSEDED, 2)
    assert response.world.public("twitter") == [1]
    wire.ends()

    assert state(await response.settled(3), "twitter") is S.ACCEPTED
    assert response.world.public("twitter") == [1, 2, 3]


async def test_a_newer_update_does_not_wait_for_ever(response: Response) -> None:
    await response.open(a_plan(channels=TWITTER))
    await response.publish()
    wire = response.world.holds("twitter")
    await response.decide(await response.propose(UPDATE), "noor")
    await wire.taken()
    await response.decide(await response.propose(UPDATE), "noor")

    await response.time_passes(timedelta(minutes=3))

    assert state(await response.settled(3), "twitter") is S.ACCEPTED
    wire.ends()


async def test_a_newer_update_that_waits_can_be_withdrawn(response: Response) -> None:
    await response.open(a_plan(channels=TWITTER))
    await response.publish()
    wire = response.world.holds("twitter")
    await response.decide(await response.propose(UPDATE), "noor")
    await wire.taken()
    newer = await response.propose(UPDATE)
    await response.decide(newer, "noor")

    withdrawn = await response.withdraw(newer)

    assert state(withdrawn, "twitter") is S.WITHDRAWN
    wire.ends()
    await response.settled(2)
    assert response.world.public("twitter") == [1, 2]
