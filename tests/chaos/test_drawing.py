"""A seed is a round: the same one always, and between them the seeds leave nothing out."""

from __future__ import annotations

from itertools import chain

from chaos.drawing import POINTED, draw
from chaos.plan import DISASTERS, Attack, FaultAction, MessageScript, Point, Revising
from domain.message import MessageKind

MANY = range(200)


def scripts() -> list[MessageScript]:
    return list(chain.from_iterable(draw(seed, 2_000).messages for seed in MANY))


def test_the_same_seed_makes_the_same_round() -> None:
    assert draw(42, 2_000) == draw(42, 2_000)


def test_another_seed_makes_another_round() -> None:
    assert draw(42, 2_000).messages != draw(43, 2_000).messages


def test_every_deed_and_every_point_on_every_channel_is_dealt_by_some_seed() -> None:
    dealt = [fault for script in scripts() for fault in script.faults]
    assert {fault.action for fault in dealt} == set(FaultAction)
    tried = {fault.target for fault in dealt if fault.action is FaultAction.ATTACK}
    assert tried == set(Attack)
    struck = {(fault.point, fault.target) for fault in dealt if fault.point}
    assert struck == {
        (point, channel)
        for point in Point
        for channel in POINTED
        if channel == "email" or point is not Point.BEFORE_COMMIT
        if channel != "website" or point is not Point.REQUEST_LEFT
    }


def test_events_of_goodwill_mail_are_never_lost() -> None:
    """A person would be asked about all of its batches at once, and could not answer for each."""
    lost = [
        script.kind
        for script in scripts()
        for fault in script.faults
        if dict(fault.rule).get("kind") == "events_lose"
    ]
    assert lost
    assert MessageKind.GOODWILL_OFFER not in lost


def test_every_round_tells_people_first() -> None:
    assert {draw(seed, 2_000).messages[0].kind for seed in MANY} == {MessageKind.ANNOUNCEMENT}


def test_a_ledger_is_restored_in_rounds_in_which_nothing_else_can_be_the_cause() -> None:
    """What is written after the copy is lost, so there must be nothing that a person misses."""
    restored = [
        plan
        for plan in (draw(seed, 2_000) for seed in MANY)
        for script in plan.messages
        if any(fault.action is FaultAction.LEDGER_RESTORED for fault in script.faults)
    ]
    assert restored
    for plan in restored:
        (script,) = plan.messages
        assert script.revising is Revising.NO
        assert script.withdrawn_after is None
        assert {fault.action for fault in script.faults} == {
            FaultAction.PROVIDER,
            FaultAction.LEDGER_RESTORED,
        }


def test_most_rounds_lose_no_state() -> None:
    """Each such loss costs much of its round's time."""
    losing = [
        seed
        for seed in MANY
        if any(f.action in DISASTERS for one in draw(seed, 2_000).messages for f in one.faults)
    ]
    assert len(losing) < len(MANY) / 3
