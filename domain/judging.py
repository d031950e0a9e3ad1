"""Whether a decision counts at a gate, and as what.

One function, ``judge``, accepts or refuses a decision from any surface (signal, update, terminal,
page).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from domain.actor import Actor, AuthenticatedBy
from domain.errors import DecisionRefused
from domain.gate import Decision, Gate, GateState, Verdict
from domain.gate_policy import Requirement
from domain.message import SHORT_DIGEST
from domain.public_text import fault_in
from domain.times import in_utc


class Standing(NamedTuple):
    """As what somebody decides at a gate; ``on_behalf_of`` is "" for roles of their own."""

    roles: tuple[str, ...] = ()
    on_behalf_of: str = ""


Delegated = Mapping[str, Mapping[str, tuple[str, ...]]]
"""For each person, those who have delegated to them, with their roles."""


def standing(
    gate: Gate, by: str, roles: Mapping[str, tuple[str, ...]], delegated: Delegated
) -> Standing:
    """As what ``by`` decides here: roles of their own first, then what was delegated to them.

    Nobody signs for its author, and nobody for somebody who has decided. What would not count now,
    because another tier comes first, comes last.
    """
    own = Standing(gate.policy.roles_here(roles.get(by, ())))
    decided = {name for one in gate.decisions for name in (one.actor.person, one.authority)}
    others = [
        Standing(gate.policy.roles_here(held), holder)
        for holder, held in sorted(delegated.get(by, {}).items())
        if holder != gate.author and holder not in decided
    ]
    found = [one for one in (own, *others) if one.roles]
    now = set(gate.roles_now())
    return next((one for one in found if now & set(one.roles)), found[0] if found else Standing())


def judge(
    gate: Gate,
    *,
    actor: Actor,
    verdict: Verdict,
    digest: str,
    roles: Mapping[str, tuple[str, ...]],
    at: datetime,
    reason: str = "",
    proof: str = "",
    delegated: Delegated | None = None,
) -> Decision:
    """Return the decision to record, or raise ``DecisionRefused`` saying why it does not count.

    ``digest`` may be a prefix of 8 or more hexadecimal digits. ``roles`` maps each person of the
    roster to their roles, and ``delegated`` to those whose roles they have for a time. What
    ``actor`` says of how they are known was verified by the caller.
    """
    by = actor.person
    refuse_other_digest(gate, digest)
    refuse_decided(gate, at)
    refuse_stranger(by, roles)
    if by == gate.author and verdict is Verdict.APPROVE:
        raise DecisionRefused(
            f"{by} wrote this message and cannot approve it.", "Somebody else has to sign."
        )
    as_what = standing(gate, by, roles, delegated or {})
    if not as_what.roles:
        raise _without_role(gate, by, delegated or {})
    if verdict is Verdict.APPROVE and not set(gate.roles_now()) & set(as_what.roles):
        raise DecisionRefused(
            f"It is not the turn of {' or '.join(as_what.roles)} yet: "
            f"{' or '.join(gate.roles_now())} sign first.",
            "Sign it once they have. You can reject it now.",
        )
    refuse_unproven(gate, actor)
    fault = fault_in(reason)
    if fault is not None:
        raise DecisionRefused(f"The reason {fault}", fault.next_step)
    decided = {name for one in gate.decisions for name in (one.actor.person, one.authority)}
    if by in decided:
        raise DecisionRefused(f"{by} has decided here already.", "Somebody else has to sign.")
    return Decision(
        actor=actor,
        verdict=verdict,
        digest=gate.digest,
        roles=as_what.roles,
        at=in_utc(at),
        reason=reason[:500],
        proof=proof,
        on_behalf_of=as_what.on_behalf_of,
    )


def _without_role(gate: Gate, by: str, delegated: Delegated) -> DecisionRefused:
    takes = f"This gate takes {' or '.join(gate.policy.roles)}."
    if gate.author in delegated.get(by, {}):
        why = f"{by} stands in for {gate.author}, who wrote this message and cannot approve it."
        return DecisionRefused(why, takes)
    holders = sorted(delegated.get(by, {}))
    for one in gate.decisions:
        if one.authority in holders:
            why = f"{by} stands in for {one.authority}, for whom there is a decision already."
            return DecisionRefused(why, takes)
    return DecisionRefused(f"{by} has none of the roles that sign here.", takes)


def refuse_other_digest(gate: Gate, digest: str) -> None:
    """Raise ``DecisionRefused`` unless ``digest`` names what this gate is about."""
    named = digest.strip().lower()
    if len(named) < SHORT_DIGEST or any(letter not in "0123456789abcdef" for letter in named):
        raise DecisionRefused(
            f"A decision must name the digest of what it decides: {SHORT_DIGEST} or more "
            "hexadecimal digits.",
            "Read the message again and take the digest that is shown beside it.",
        )
    if not gate.digest.startswith(named):
        raise DecisionRefused(
            f"Digest {named[:SHORT_DIGEST]} is not what would be published now "
            f"({gate.digest[:SHORT_DIGEST]}): it was edited since, or the digest is wrong.",
            "Read the message as it is now and decide on that digest.",
        )


def refuse_decided(gate: Gate, at: datetime) -> None:
    """Raise ``DecisionRefused`` if there is nothing to decide here any more at ``at``."""
    if gate.state is GateState.WAITING and gate.expires_at is not None and at >= gate.expires_at:
        # The timer that notices it may be a moment late.
        gate = gate.model_copy(update={"expired": True})
    if gate.state is GateState.WAITING:
        return
    step = "There is nothing to decide here."
    is_how = "" if gate.state is GateState.EXPIRED else f"is {gate.state}: "
    raise DecisionRefused(
        f"This gate {is_how}{gate.decided(at)}.",
        step if gate.state is GateState.OPEN else "Revise the message first.",
    )


def refuse_stranger(by: str, roles: Mapping[str, tuple[str, ...]]) -> None:
    """Raise ``DecisionRefused`` unless ``by`` is in the roster."""
    if by not in roles:
        raise DecisionRefused(
            f"{by[:40]!r} is not in this incident's roster.",
            "Only people in the roster may decide; the plan was fixed when the incident opened.",
        )


def refuse_unproven(gate: Gate, actor: Actor) -> None:
    """Raise ``DecisionRefused`` unless ``actor`` has proven as much as the gate requires."""
    requires = gate.policy.requires
    if not requires.met_by(actor.authenticated_by):
        raise DecisionRefused(
            f"This gate requires a decision to be signed with a {_NAMES[requires]}, and this one "
            f"{_LACKS.get(actor.authenticated_by, 'has no proof of who made it')}.",
            _SIGN_WITH[requires],
            means="It was not counted.",
        )


_NAMES = {Requirement.KEY: "key or a passkey", Requirement.PASSKEY: "passkey"}
_LACKS = {AuthenticatedBy.KEY: "was signed with a key"}

_SIGN_WITH = {
    Requirement.KEY: "Sign with your key in the terminal, or with a passkey in the console.",
    Requirement.PASSKEY: "Sign it in the console, with your passkey.",
}
