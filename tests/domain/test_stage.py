"""The moves between stages that are possible, and the words for those that are not."""

from __future__ import annotations

import pytest

from domain.errors import DomainError
from domain.message import CLASS_OF, STAGE_OF, MessageKind
from domain.stage import ALLOWED_MOVES, Stage, refuse_move

EVERY_PAIR = [(current, to) for current in Stage for to in Stage]


@pytest.mark.parametrize(("current", "to"), EVERY_PAIR)
def test_a_move_is_possible_exactly_if_the_table_has_it(current: Stage, to: Stage) -> None:
    if to in ALLOWED_MOVES[current]:
        refuse_move(current, to)
        return
    with pytest.raises(DomainError) as refused:
        refuse_move(current, to)
    assert refused.value.next_step


def test_every_stage_has_its_moves_and_no_move_leads_out_of_the_table() -> None:
    reached = {to for moves in ALLOWED_MOVES.values() for to in moves}
    assert set(ALLOWED_MOVES) == set(Stage) == reached | {Stage.IDENTIFY}


@pytest.mark.parametrize("stage", [one for one in Stage if one is not Stage.CLOSED])
def test_every_open_stage_leads_to_the_end(stage: Stage) -> None:
    reached, frontier = {stage}, [stage]
    while frontier:
        new = ALLOWED_MOVES[frontier.pop()] - reached
        reached |= new
        frontier.extend(new)
    assert Stage.CLOSED in reached


def test_nothing_follows_the_end() -> None:
    with pytest.raises(DomainError, match="Open a new one"):
        refuse_move(Stage.CLOSED, Stage.IDENTIFY)


def test_acknowledging_does_not_wait_for_the_cause() -> None:
    refuse_move(Stage.IDENTIFY, Stage.ACKNOWLEDGE)


def test_a_fix_that_did_not_hold_goes_back_to_assuring() -> None:
    refuse_move(Stage.RESOLVE, Stage.ASSURE)


def test_who_asks_for_an_impossible_move_is_told_the_possible_ones() -> None:
    with pytest.raises(DomainError, match="may move to acknowledge\\."):
        refuse_move(Stage.IDENTIFY, Stage.RESOLVE)


@pytest.mark.parametrize("kind", list(MessageKind))
def test_every_kind_of_message_has_its_stage_and_its_class(kind: MessageKind) -> None:
    assert kind in STAGE_OF
    assert kind in CLASS_OF


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CLOSED])
def test_closing_is_never_offered_as_a_move(stage: Stage) -> None:
    for to in set(Stage) - ALLOWED_MOVES[stage] - {stage}:
        with pytest.raises(DomainError) as refused:
            refuse_move(stage, to)
        assert "closed" not in refused.value.next_step
