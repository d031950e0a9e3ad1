"""The state is taken away in the middle of mail, and a person brings the incident back."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from chaos.plan import EVERYTHING, Fault, FaultAction, MessageScript, RoundPlan, Signer
from chaos.round import RoundResult, play_round, subscribers_of
from chaos.verdict import MUST_BE_ZERO
from domain.message import MessageKind

pytestmark = pytest.mark.whole

SLOW = Fault(
    FaultAction.PROVIDER,
    "sendgrid",
    rule=(
        ("provider", "sendgrid"),
        ("operation", "send"),
        ("kind", "latency"),
        ("times", 12),
        ("seconds", 0.3),
    ),
)
"""So that mail is under way for a while."""

DANA = MessageScript(kind=MessageKind.PROGRESS_UPDATE, signers=(Signer("dana", by_signal=False),))


def announced(seed: int, *faults: Fault) -> RoundPlan:
    return RoundPlan(
        seed=seed,
        recipients=200,
        batch_size=10,
        in_flight=2,
        messages=(
            MessageScript(
                kind=MessageKind.ANNOUNCEMENT,
                signers=(Signer("noor", by_signal=True),),
                faults=(SLOW, *faults),
            ),
            DANA,
        ),
    )


def all_zero(result: RoundResult, plan: RoundPlan) -> None:
    found = {name: getattr(result.verdict, name) for name in MUST_BE_ZERO}
    assert found == dict.fromkeys(MUST_BE_ZERO, 0), result.verdict.findings
    tried = {fault.name for message in plan.messages for fault in message.faults if fault.at}
    assert tried - result.struck.keys() == set(), result.skipped


def mails_of(plan: RoundPlan) -> int:
    """One for everybody by the announcement, and one for each subscriber by an update."""
    subscribers = set(subscribers_of(plan.recipients))
    others = {one for one in subscribers if one.startswith("subscriber")}
    return plan.recipients + len(others) + len(subscribers) * (len(plan.messages) - 1)


async def test_mail_goes_on_after_temporal_was_lost_and_everything_was_terminated(
    tmp_path: Path,
) -> None:
    """One after the other, in the middle of two messages: each is recovered from by itself."""
    plan = announced(21, Fault(FaultAction.TERMINATED, EVERYTHING, at=1.0))
    announcement, update = plan.messages
    lost = Fault(FaultAction.TEMPORAL_LOST, at=0.5)
    update = dataclasses.replace(update, faults=(SLOW, lost))
    plan = dataclasses.replace(plan, messages=(announcement, update))
    result = await play_round(plan, tmp_path / "lost", "sqlite")
    all_zero(result, plan)
    assert result.verdict.mails == mails_of(plan)


async def test_mail_goes_on_after_its_incident_alone_was_terminated(tmp_path: Path) -> None:
    plan = announced(22, Fault(FaultAction.TERMINATED, at=1.0))
    plan = dataclasses.replace(plan, messages=plan.messages[:1])
    result = await play_round(plan, tmp_path / "ended", "sqlite")
    all_zero(result, plan)
    assert result.verdict.mails == mails_of(plan)


async def test_nobody_has_mail_twice_from_a_ledger_that_has_forgotten_it(tmp_path: Path) -> None:
    plan = announced(23, Fault(FaultAction.LEDGER_RESTORED, at=0.5, seconds=1.0))
    plan = dataclasses.replace(plan, messages=plan.messages[:1])
    result = await play_round(plan, tmp_path / "restored", "sqlite")
    all_zero(result, plan)
    assert result.verdict.mails == mails_of(plan)
    # What it has forgotten was found while a batch was on its way, or by asking the provider.
    assert result.settled_by_hand or any("has forgotten" in one for one in result.said), result
