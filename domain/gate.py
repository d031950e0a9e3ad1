"""Gates: where the response waits until the right people have signed the right bytes.

One property, ``Gate.state``, says what the decisions so far amount to; which of them count is for
``judging`` to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.actor import Actor
from domain.gate_policy import GatePolicy, Requirement
from domain.model import Value, unsaid
from domain.times import UtcTime, show_on_its_day

__all__ = [
    "BROKEN_BY",
    "Decision",
    "Gate",
    "GatePolicy",
    "GateState",
    "Requirement",
    "Verdict",
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
