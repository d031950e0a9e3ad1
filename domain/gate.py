"""Gates: where the response waits until the right people have signed the right bytes.

One function, ``judge``, accepts or refuses a decision from any surface (signal, update, terminal,
page); one property, ``Gate.state``, says what the decisions so far amount to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from domain.actor import Actor, AuthenticatedBy
from domain.errors import DecisionRefused
from domain.gate_policy import GatePolicy, Requirement
from domain.message import SHORT_DIGEST
from domain.model import Value, unsaid
from domain.public_text import fault_in
from domain.times import UtcTime, in_utc, show_on_its_day

__all__ = [
    "BROKEN_BY",
    "Decision",
    "Gate",
    "GatePolicy",
    "GateState",
    "Requirement",
    "Standing",
    "Verdict",
    "judge",
    "standing",
]

BROKEN_BY = 2
"""How many people together may open a gate out of policy."""


class Verdict(StrEnum):
    """What an approver said."""

    APPROVE = "approve"
    REJECT = "reject"


class GateState(StrEnum):
    """What the decisions so far amount to."""

    WAITING = "waiting"
    OPEN = "open"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Decision(Value):
    """Who said approve or reject, on which digest, as which roles, and when.

    ``proof`` is the id of its proof in the ledger; "" for one without. ``on_behalf_of`` is who has
    delegated the roles to them, "" for roles of their own.
    """

    actor: Actor
    verdict: Verdict
    digest: str
    roles: tuple[str, ...]
    at: UtcTime
    reason: str = ""
    proof: str = ""
    on_behalf_of: str = ""

    @property
    def authority(self) -> str:
        """Whose signature it is: two that are the same person's count once."""
        return self.on_behalf_of or self.actor.person


class Standing(NamedTuple):
    """As what somebody decides at a gate; ``on_behalf_of`` is "" for roles of their own."""

    roles: tuple[str, ...] = ()
    on_behalf_of: str = ""


Delegated = Mapping[str, Mapping[str, tuple[str, ...]]]
"""For each person, those who have delegated to them, with their roles."""


class Gate(Value):
    """The gate of one revision of a message; an edit makes a new one, without decisions.

    ``reasons`` are why its policy is stricter than usual, in words. ``overrides`` are the approvals
    of those who open it out of policy. Undecided at ``expires_at``, it never opens; ``expired``: it
    was found so. ``released``: it is made of a form that was signed before, and needs no decision
    of its own.
    """

    policy: GatePolicy
    digest: str
    author: str
    decisions: tuple[Decision, ...] = ()
    reasons: tuple[str, ...] = Field(default=(), exclude_if=unsaid)
    overrides: tuple[Decision, ...] = Field(default=(), exclude_if=unsaid)
    expires_at: UtcTime | None = Field(default=None, exclude_if=unsaid)
    expired: bool = Field(default=False, exclude_if=unsaid)
    released: bool = Field(default=False, exclude_if=unsaid)

    @property
    def state(self) -> GateState:
        """Open only if approvals of exactly this digest meet the policy, or override it.

        One that is ``released`` was opened by those who signed its form.
        """
        if self.released:
            return GateState.OPEN
        counted = [one for one in self.decisions if one.digest == self.digest]
        if any(one.verdict is Verdict.REJECT for one in counted):
            return GateState.REJECTED
        if self.broken:
            return GateState.OPEN
        if self.expired:
            return GateState.EXPIRED
        return GateState.OPEN if self._is_met() else GateState.WAITING

    @property
    def broken(self) -> bool:
        """Whether it was opened out of policy: by two people, of whom nobody wrote it."""
        return len({one.actor.person for one in self._approvals(self.overrides)}) >= BROKEN_BY

    def _is_met(self) -> bool:
        signed = self._signed()
        present = {role for one in signed for role in one.roles}
        policy = self.policy
        return (
            len(signed) >= policy.quorum
            and set(policy.must_include) <= present
            and self._tiers_signed() == len(policy.tiers)
        )

    def _approvals(self, decisions: tuple[Decision, ...]) -> Iterator[Decision]:
        """Those that say yes to exactly this, by others than its author, and proven enough."""
        for one in decisions:
            if (
                one.digest == self.digest
                and one.verdict is Verdict.APPROVE
                and self.author not in (one.actor.person, one.on_behalf_of)
                and self.policy.requires.met_by(one.actor.authenticated_by)
            ):
                yield one

    def _signed(self) -> list[Decision]:
        """The approvals that count here, at most one of each person and for each person."""
        found: list[Decision] = []
        seen: set[str] = set()
        for one in self._approvals(self.decisions):
            people = {one.actor.person, one.authority}
            if set(one.roles) & set(self.policy.roles) and not people & seen:
                found.append(one)
                seen |= people
        return found

    def _tiers_signed(self) -> int:
        """How many tiers have signed, in their order."""
        done = 0
        for one in self._signed():
            if done < len(self.policy.tiers) and set(one.roles) & set(self.policy.tiers[done]):
                done += 1
        return done

    def roles_now(self) -> tuple[str, ...]:
        """The roles whose signature it takes now: those of the next tier, or all of its roles."""
        done = self._tiers_signed()
        return self.policy.tiers[done] if done < len(self.policy.tiers) else self.policy.roles

    def roles_needed(self) -> tuple[str, ...]:
        """The roles of which somebody has to be found: only those without which it cannot open."""
        signed, now = self._signed(), self.roles_now()
        present = {role for one in signed for role in one.roles}
        absent = tuple(role for role in self.policy.must_include if role not in present)
        only = absent and len(absent) >= self.policy.quorum - len(signed)
        narrowed = tuple(role for role in now if role in absent) if only else ()
        return narrowed or now

    def with_decision(self, decision: Decision) -> Gate:
        """This gate after ``decision``, which ``judge`` made."""
        return self.model_copy(update={"decisions": (*self.decisions, decision)})

    def with_override(self, decision: Decision) -> Gate:
        """This gate after somebody has asked to open it out of policy."""
        return self.model_copy(update={"overrides": (*self.overrides, decision)})

    def missing(self) -> str:
        """Whose signatures are missing, in words; "" if they are complete."""
        if self.released or self.broken:
            return ""
        signed, done, tiers = self._signed(), self._tiers_signed(), self.policy.tiers
        present = {role for one in signed for role in one.roles}
        absent = [role for role in self.policy.must_include if role not in present]
        more = max(self.policy.quorum - len(signed), len(absent), len(tiers) - done, 0)
        if more == 0:
            return ""
        needs = f"; {' and '.join(absent)} must be among them" if absent else ""
        if done < len(tiers):
            turns = [f"1 of {' or '.join(tier)}" for tier in tiers[done:]]
            rest = more - len(turns)
            turns += [f"{rest} more of {' or '.join(self.policy.roles)}"] if rest > 0 else []
            return f"{', then '.join(turns)}{needs}"
        return f"{more} more of {' or '.join(self.policy.roles)}{needs}"

    def decided(self, at: datetime) -> str:
        """``already approved by noor at 03:12 UTC``; "" while it waits."""
        if self.state is GateState.WAITING:
            return ""
        if self.released:
            return "already approved beforehand, with the holding statements"
        if self.state is GateState.EXPIRED:
            shown = show_on_its_day(self.expires_at, at) if self.expires_at else "some time ago"
            return f"expired undecided at {shown}"
        last = (self.overrides if self.broken else self.decisions)[-1]
        word = "rejected" if self.state is GateState.REJECTED else "approved"
        policy = " out of policy" if self.broken else ""
        for_whom = f" for {last.on_behalf_of}" if last.on_behalf_of else ""
        who = f"{last.actor.person}{for_whom}"
        return f"already {word}{policy} by {who} at {show_on_its_day(last.at, at)}"


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
