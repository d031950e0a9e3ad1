"""Break-glass: two people open a gate out of policy, in writing, and somebody reviews it later.

They stand in for the people that the policy asks for, and for nothing else: neither may have
written the message, each proves who they are as the gate requires, and what goes out is exactly the
digest that both have named. A rejection stands: whoever has said no is not gone around.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.actor import Actor
from domain.errors import DecisionRefused, DomainError
from domain.gate import Decision, Gate, Verdict
from domain.judging import refuse_decided, refuse_other_digest, refuse_stranger, refuse_unproven
from domain.model import Value
from domain.public_text import fault_in
from domain.times import UtcTime, in_utc


class Review(Value):
    """What somebody who was no part of it says afterwards about a gate opened out of policy."""

    actor: Actor
    at: UtcTime
    note: str


def judge_override(
    gate: Gate,
    *,
    actor: Actor,
    digest: str,
    roles: Mapping[str, tuple[str, ...]],
    at: datetime,
    reason: str,
    proof: str = "",
) -> Decision:
    """The approval out of policy to record, or ``DecisionRefused`` saying why it does not count."""
    by = actor.person
    refuse_other_digest(gate, digest)
    refuse_decided(gate, at)
    refuse_stranger(by, roles)
    if by == gate.author:
        raise DecisionRefused(
            f"{by} wrote this message and cannot open its gate out of policy.",
            "Two others have to.",
        )
    refuse_unproven(gate, actor)
    fault = fault_in(reason)
    if fault is not None:
        raise DecisionRefused(f"The reason {fault}", fault.next_step)
    if not reason.strip():
        raise DecisionRefused(
            "A gate is opened out of policy only with a reason.",
            "Write why it cannot wait for those who should sign.",
        )
    if any(one.actor.person == by for one in gate.overrides):
        raise DecisionRefused(
            f"{by} has asked for this already.", "A second person has to agree to it."
        )
    return Decision(
        actor=actor,
        verdict=Verdict.APPROVE,
        digest=gate.digest,
        # As no role at all: a signature for one thing is no proof of the other.
        roles=(),
        at=in_utc(at),
        reason=reason.strip()[:500],
        proof=proof,
    )


def refuse_review(gate: Gate, review: Review | None, by: str, note: str) -> None:
    """Raise ``DomainError`` unless ``by`` may review how this gate was opened."""
    if not gate.broken:
        raise DomainError(
            "This gate was not opened out of policy.", "There is nothing to review here."
        )
    if review is not None:
        raise DomainError(
            f"{review.actor.person} has reviewed this already.", "The timeline has what was said."
        )
    if any(one.actor.person == by for one in gate.overrides):
        raise DomainError(
            f"{by} has opened this gate out of policy and cannot review that.",
            "Somebody else has to.",
        )
    if not note.strip():
        raise DomainError(
            "A review says something.", "Write what was found, and what should change."
        )
