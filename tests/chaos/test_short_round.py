"""The harness itself: a good product passes its rounds, and a bad one is found out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.plan import (
    REPLIES,
    CrowdScript,
    Fault,
    FaultAction,
    MessageScript,
    Point,
    Revising,
    RoundPlan,
    Signer,
    Wrong,
)
from chaos.round import play_round, subscribers_of
from chaos.verdict import MUST_BE_ZERO
from domain.message import MessageKind

pytestmark = pytest.mark.whole


def fault(provider: str, operation: str, kind: str) -> Fault:
    rule = {"provider": provider, "operation": operation, "kind": kind, "times": 1}
    return Fault(FaultAction.PROVIDER, provider, rule=tuple(rule.items()))


ANSWERS_LOST = (
    fault("sendgrid", "send", "drop_after"),
    fault("facebook", "post", "error_after"),
)

STORM = RoundPlan(
    seed=7,
    recipients=200,
    batch_size=10,
    messages=(
        MessageScript(
            kind=MessageKind.ANNOUNCEMENT,
            signers=(Signer("noor", by_signal=True),),
            wrong=(Wrong.AUTHOR, Wrong.NO_ROLE, Wrong.MALFORMED),
            revising=Revising.RACING,
            faults=(
                *ANSWERS_LOST,
                Fault(FaultAction.POINT_KILL, "twitter", point=Point.AFTER_ANSWER),
                Fault(FaultAction.LOCK, at=0.2, seconds=0.5),
            ),
        ),
        MessageScript(
            kind=MessageKind.PROGRESS_UPDATE,
            signers=(Signer("dana", by_signal=False),),
            overtaken=True,
            faults=(Fault(FaultAction.FREEZE, "temporal", at=0.1, seconds=0.5),),
        ),
        MessageScript(
            kind=MessageKind.PROGRESS_UPDATE,
            signers=(Signer("noor", by_signal=True),),
            withdrawn_after=0.1,
        ),
    ),
)

CROWD = CrowdScript(
    waves=2,
    each=4,
    edited=1,
    deleted=1,
    faults=(
        Fault(FaultAction.POINT_KILL, REPLIES, point=Point.AFTER_ANSWER),
        fault("facebook", "comment", "drop_after"),
    ),
)
STORM = replace(STORM, crowd=CROWD)

BLIND = RoundPlan(
    seed=8,
    recipients=100,
    batch_size=20,
    messages=(
        MessageScript(
            kind=MessageKind.ANNOUNCEMENT,
            signers=(Signer("noor", by_signal=True),),
            faults=ANSWERS_LOST,
        ),
    ),
    blind=True,
)


MID_STEP = RoundPlan(
    seed=9,
    recipients=200,
    batch_size=10,
    messages=(
        MessageScript(kind=MessageKind.ANNOUNCEMENT, signers=(Signer("noor", by_signal=True),)),
        MessageScript(
            kind=MessageKind.RESOLUTION_NOTE,
            signers=(Signer("noor", by_signal=True), Signer("ines", by_signal=False)),
        ),
        MessageScript(
            kind=MessageKind.GOODWILL_OFFER,
            signers=(Signer("noor", by_signal=True), Signer("lee", by_signal=False)),
            faults=(Fault(FaultAction.POINT_KILL, "email", point=Point.BEFORE_COMMIT),),
        ),
    ),
)


async def test_a_worker_killed_between_codes_and_commit_leaves_neither(tmp_path: Path) -> None:
    result = await play_round(MID_STEP, tmp_path / "step", "sqlite")
    found = {name: getattr(result.verdict, name) for name in MUST_BE_ZERO}
    assert found == dict.fromkeys(MUST_BE_ZERO, 0), result.verdict.findings
    assert result.struck.keys() == {MID_STEP.messages[2].faults[0].name}


async def test_nothing_is_lost_doubled_or_stuck_in_a_short_storm(tmp_path: Path) -> None:
    result = await play_round(STORM, tmp_path / "storm", "sqlite")
    found = {name: getattr(result.verdict, name) for name in MUST_BE_ZERO}
    assert found == dict.fromkeys(MUST_BE_ZERO, 0), result.verdict.findings
    assert result.verdict.mails >= STORM.recipients - 1
    faults = (*STORM.messages[0].faults, *CROWD.faults)
    assert result.struck.keys() >= {fault.name for fault in faults}
    assert 0 < result.verdict.answers < result.verdict.mentions


async def test_a_worker_that_sends_again_without_looking_is_found_out(tmp_path: Path) -> None:
    result = await play_round(BLIND, tmp_path / "blind", "sqlite")
    # A platform refuses the same post twice; nobody refuses the same mail. The first batch is one
    # of the customers', or that of the subscribers who are no customers.
    subscribers = len(list(subscribers_of(BLIND.recipients))) // 2
    assert result.verdict.doubled in (BLIND.batch_size, subscribers), result.verdict.findings
    assert not result.verdict.good
