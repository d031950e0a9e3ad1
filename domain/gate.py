"""Gates: where the response waits until the right people have signed the right bytes.

One function, ``judge``, accepts or refuses a decision from any surface (signal, update, terminal,
page); one property, ``Gate.state``, says what the decisions so far amount to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field, model_validator

from domain.actor import Actor, AuthenticatedBy
from domain.errors import DecisionRefused
from domain.message import SHORT_DIGEST
from domain.model import Value, Written
from domain.public_text import fault_in
from domain.times import UtcTime, in_utc


class Verdict(StrEnum):
    """What an approver said."""

    APPROVE = "approve"
    REJECT = "reject"


class GateState(StrEnum):
    """What the decisions so far amount to."""

    WAITING = "waiting"
    OPEN = "open"
    REJECTED = "rejected"


class Requirement(StrEnum):
    """What a decision has to be proven with; a passkey is as good as a key, and not vice versa."""

    NONE = "none"
    KEY = "key"
    PASSKEY = "passkey"

    def met_by(self, method: AuthenticatedBy) -> bool:
        """Whether somebody who is known by ``method`` has proven enough."""
        return self is Requirement.NONE or method in _ENOUGH[self]

    def at_least(self, other: Requirement) -> Requirement:
        """The stricter of the two."""
        return max(self, other, key=list(Requirement).index)


_ENOUGH = {
    Requirement.KEY: (AuthenticatedBy.KEY, AuthenticatedBy.PASSKEY),
    Requirement.PASSKEY: (AuthenticatedBy.PASSKEY,),
}


class GatePolicy(Written):
    """Who must sign: ``quorum`` people with one of ``roles``, including all of ``must_include``.

    A person signs once, however many roles they have. ``requires`` is what each of them proves
    with that it is them.
    """

    roles: tuple[str, ...] = Field(min_length=1)
    quorum: int = Field(default=1, ge=1)
    must_include: tuple[str, ...] = ()
    requires: Requirement = Requirement.NONE

    @model_validator(mode="after")
    def _must_include_is_among_roles(self) -> GatePolicy:
        strangers = sorted(set(self.must_include) - set(self.roles))
        if strangers:
            raise ValueError(f"must_include names roles that may not sign here: {strangers}")
        return self

    def requiring(self, least: Requirement) -> GatePolicy:
        """The same, where nobody signs with less than ``least``."""
        return self.model_copy(update={"requires": self.requires.at_least(least)})

    def roles_here(self, held: Iterable[str]) -> tuple[str, ...]:
        """Those of a person's roles that sign here."""
        return tuple(role for role in held if role in self.roles)


class Decision(Value):
    """Who said approve or reject, on which digest, as which roles, and when.

    ``proof`` is the id of its proof in the ledger; "" for one without.
    """

    actor: Actor
    verdict: Verdict
    digest: str
    roles: tuple[str, ...]
    at: UtcTime
    reason: str = ""
    proof: str = ""


class Gate(Value):
    """The gate of one revision of a message; an edit makes a new one, without decisions.

    ``released``: it is made of a form that was signed before, and needs no decision of its own.
    """

    policy: GatePolicy
    digest: str
    author: str
    decisions: tuple[Decision, ...] = ()
    released: bool = False

    @property
    def state(self) -> GateState:
        """Open only if the policy is met by approvals of exactly this digest, or of its form."""
        if self.released:
            return GateState.OPEN
        counted = [one for one in self.decisions if one.digest == self.digest]
        if any(one.verdict is Verdict.REJECT for one in counted):
            return GateState.REJECTED
        people, present = self._signed()
        met = len(people) >= self.policy.quorum and set(self.policy.must_include) <= present
        return GateState.OPEN if met else GateState.WAITING

    def _signed(self) -> tuple[set[str], set[str]]:
        """The people whose approval counts here, and the roles they signed as."""
        counted = [
            one
            for one in self.decisions
            if one.digest == self.digest
            and one.verdict is Verdict.APPROVE
            and one.actor.person != self.author
            and self.policy.requires.met_by(one.actor.authenticated_by)
            and set(one.roles) & set(self.policy.roles)
        ]
        return {one.actor.person for one in counted}, {
            role for one in counted for role in one.roles
        }

    def with_decision(self, decision: Decision) -> Gate:
        """This gate after ``decision``, which ``judge`` made."""
        return self.model_copy(update={"decisions": (*self.decisions, decision)})

    def missing(self) -> str:
        """Whose signatures are missing, in words; "" if they are complete."""
        if self.released:
            return ""
        people, present = self._signed()
        absent = [role for role in self.policy.must_include if role not in present]
        more = max(self.policy.quorum - len(people), len(absent), 0)
        if more == 0:
            return ""
        who = " or ".join(self.policy.roles)
        needs = f"; {' and '.join(absent)} must be among them" if absent else ""
        return f"{more} more of {who}{needs}"


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
) -> Decision:
    """Return the decision to record, or raise ``DecisionRefused`` saying why it does not count.

    ``digest`` may be a prefix of 8 or more hexadecimal digits. ``roles`` maps each person of the
    roster to their roles. What ``actor`` says of how they are known was verified by the caller.
    """
    by, named = actor.person, digest.strip().lower()
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
    if gate.state is not GateState.WAITING:
        raise DecisionRefused(
            f"This gate is {gate.state} already.",
            "There is nothing to decide here."
            if gate.state is GateState.OPEN
            else "Revise it first.",
        )
    if by not in roles:
        raise DecisionRefused(
            f"{by[:40]!r} is not in this incident's roster.",
            "Only people in the roster may decide; the plan was fixed when the incident opened.",
        )
    if by == gate.author and verdict is Verdict.APPROVE:
        raise DecisionRefused(
            f"{by} wrote this message and cannot approve it.", "Somebody else has to sign."
        )
    held = gate.policy.roles_here(roles[by])
    if not held:
        raise DecisionRefused(
            f"{by} has none of the roles that sign here.",
            f"This gate takes {' or '.join(gate.policy.roles)}.",
        )
    requires = gate.policy.requires
    if not requires.met_by(actor.authenticated_by):
        raise DecisionRefused(
            f"This gate requires a decision to be signed with a {_NAMES[requires]}, and this one "
            f"{_LACKS.get(actor.authenticated_by, 'has no proof of who made it')}.",
            _SIGN_WITH[requires],
            means="It was not counted.",
        )
    fault = fault_in(reason)
    if fault is not None:
        raise DecisionRefused(f"The reason {fault}", fault.next_step)
    if any(one.actor.person == by for one in gate.decisions):
        raise DecisionRefused(f"{by} has decided here already.", "Somebody else has to sign.")
    return Decision(
        actor=actor,
        verdict=verdict,
        digest=gate.digest,
        roles=held,
        at=in_utc(at),
        reason=reason[:500],
        proof=proof,
    )


_NAMES = {Requirement.KEY: "key or a passkey", Requirement.PASSKEY: "passkey"}
_LACKS = {AuthenticatedBy.KEY: "was signed with a key"}
_SIGN_WITH = {
    Requirement.KEY: "Sign with your key in the terminal, or with a passkey in the console.",
    Requirement.PASSKEY: "Sign it in the console, with your passkey.",
}
