"""Attacks through Temporal and the public port: nothing of them reaches the public or stops us."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import attacks
from chaos.plan import Attack, Fault, FaultAction, MessageScript, RoundPlan, Signer
from chaos.round import play_round
from chaos.verdict import MUST_BE_ZERO
from domain.message import MessageKind

pytestmark = pytest.mark.whole


def attack(what: Attack, at: float = 0.0, seconds: float = 0.0) -> Fault:
    return Fault(FaultAction.ATTACK, what, at=at, seconds=seconds)


ATTACKED = RoundPlan(
    seed=11,
    recipients=200,
    batch_size=10,
    messages=(
        MessageScript(
            kind=MessageKind.ANNOUNCEMENT,
            signers=(Signer("noor", by_signal=True),),
            faults=(
                attack(Attack.HALF_SENT, seconds=3),
                attack(Attack.UNSIGNED, at=0.5),
                attack(Attack.SIGNALS, at=0.1),
                attack(Attack.BIG_SIGNALS, at=0.3),
                attack(Attack.UPDATES, at=0.2),
            ),
        ),
        MessageScript(
            kind=MessageKind.RESOLUTION_NOTE,
            signers=(Signer("noor", by_signal=True), Signer("ines", by_signal=False)),
            # Long enough for whatever was started by hand to go out.
            apart=2.0,
            faults=(attack(Attack.BY_HAND, at=0.2), attack(Attack.RESET, at=1.0)),
        ),
    ),
)


async def test_attacks_publish_nothing_double_nothing_and_stop_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Still more signals than one run takes. What as many updates do, the stories of floods say.
    monkeypatch.setattr(attacks, "SIGNALS", 1_250)
    monkeypatch.setattr(attacks, "UPDATES", 160)
    result = await play_round(ATTACKED, tmp_path / "attacked", "sqlite")
    found = {name: getattr(result.verdict, name) for name in MUST_BE_ZERO}
    assert found == dict.fromkeys(MUST_BE_ZERO, 0), result.verdict.findings
    tried = [fault.name for message in ATTACKED.messages for fault in message.faults]
    assert set(tried) - result.struck.keys() == set(), result.skipped
