"""Adding up answers: each thing that must not happen to a mention is found, by its own name."""

from __future__ import annotations

from dataclasses import fields

import pytest

from chaos.answers import compare_mention
from chaos.speaking import SaidRow
from chaos.verdict import RoundVerdict
from domain.mentions import MentionState
from store.desk.reading import MentionRow
from tests.store.desk.said import mention
from tests.store.world import NOON

ANSWERED, DISMISSED, OPEN = MentionState.ANSWERED, MentionState.DISMISSED, MentionState.OPEN


@pytest.mark.parametrize(
    ("replies", "deleted", "state", "times", "found"),
    [
        (1, False, ANSWERED, 1, {}),
        (0, False, DISMISSED, 1, {}),
        (0, True, OPEN, 1, {}),
        (0, True, None, 0, {}),
        (0, False, None, 0, {"unheard": 1}),
        (3, False, ANSWERED, 1, {"answered_twice": 2}),
        (1, False, ANSWERED, 2, {"answered_twice": 1}),
        (0, False, OPEN, 1, {"unanswered": 1}),
        (0, True, ANSWERED, 1, {"lost": 1}),
        (1, False, DISMISSED, 1, {"unentered": 1}),
    ],
)
def test_what_is_wrong_with_a_mention_is_counted(
    replies: int, deleted: bool, state: MentionState | None, times: int, found: dict[str, int]
) -> None:
    row = None
    if state is not None:
        row = MentionRow(
            number=1, mention=mention(), state=state, arrived_at=NOON, closed_at=None, incident=""
        )
    verdict = RoundVerdict()
    one = SaidRow(channel="twitter", id="1", replies=replies, deleted=deleted)
    compare_mention(one, row, times, verdict)
    counted = {
        field.name: getattr(verdict, field.name)
        for field in fields(verdict)
        if field.name != "findings" and getattr(verdict, field.name)
    }
    assert counted == found


def test_what_was_edited_after_its_answer_is_open_and_its_answer_entered() -> None:
    row = MentionRow(
        number=1, mention=mention(), state=OPEN, arrived_at=NOON, closed_at=None, incident=""
    )
    verdict = RoundVerdict()
    one = SaidRow(channel="twitter", id="1", replies=1, deleted=False)
    compare_mention(one, row, 1, verdict, entered=True)
    assert verdict.findings == []
    compare_mention(one, row, 1, verdict, entered=False)
    assert verdict.unentered == 1
