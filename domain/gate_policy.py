"""Who must sign a message, as a playbook says it, and what that comes to for one message.

A gate holds the policy that was worked out for its own message: nothing that is decided later
depends on the playbook any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from pydantic import Field, ValidationError, model_validator

from domain.actor import AuthenticatedBy
from domain.duration import Duration
from domain.model import Written, unsaid
from domain.plan_problems import PlanProblem, refuse
from domain.severity import Severity


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


class IncludeAbove(Written):
    """Roles that must be among those who signed an offer worth more than ``worth`` altogether."""

    worth: Decimal = Field(ge=0)
    roles: tuple[str, ...] = Field(min_length=1)


class GateChange(Written):
    """What is different about a gate at one severity; whatever is not named stays as it is."""

    roles: tuple[str, ...] | None = None
    quorum: int | Literal["any", "all"] | None = None
    must_include: tuple[str, ...] | None = None
    requires: Requirement | None = None
    tiers: tuple[tuple[str, ...], ...] | None = None
    include_above: IncludeAbove | None = None
    quorum_over_unsubscribes: int | None = Field(default=None, ge=1)
    expires_after: Duration | None = None


class GateCase(NamedTuple):
    """What a policy depends on: the incident's severity, and what the message is.

    ``overrides``: it goes to those, too, who have unsubscribed. ``worth`` is what its codes are
    worth altogether. ``speakers`` are roles in whose voices it speaks, and that its author has not.
    """

    severity: Severity | None = None
    overrides: bool = False
    worth: Decimal | None = None
    speakers: tuple[str, ...] = ()


class GatePolicy(Written):
    """Who must sign: ``quorum`` people with one of ``roles``, including all of ``must_include``.

    A person signs once, however many roles they have. A ``quorum`` of ``any`` is 1, and of ``all``
    means as many people as roles, with each of the roles among them. Of ordered ``tiers`` the first
    signs first, with one signature, then the second. ``requires`` is what each proves with that it
    is them. A message that goes to people who have unsubscribed needs
    ``quorum_over_unsubscribes``. A gate that is undecided ``expires_after`` its message was
    proposed never opens.
    """

    roles: tuple[str, ...] = Field(min_length=1)
    quorum: int = Field(default=1, ge=1)
    must_include: tuple[str, ...] = ()
    requires: Requirement = Requirement.NONE
    tiers: tuple[tuple[str, ...], ...] = Field(default=(), exclude_if=unsaid)
    include_above: IncludeAbove | None = Field(default=None, exclude_if=unsaid)
    quorum_over_unsubscribes: int | None = Field(default=None, ge=1, exclude_if=unsaid)
    expires_after: Duration | None = Field(default=None, exclude_if=unsaid)
    by_severity: dict[Severity, GateChange] = Field(default_factory=dict, exclude_if=unsaid)

    @model_validator(mode="before")
    @classmethod
    def _spelt_out(cls, said: object) -> object:
        return _spell_out(said) if isinstance(said, Mapping) else said

    @model_validator(mode="after")
    def _roles_are_among_roles(self) -> GatePolicy:
        named = {"must_include": self.must_include}
        if self.include_above is not None:
            named["include_above"] = self.include_above.roles
        for word, roles in named.items():
            strangers = sorted(set(roles) - set(self.roles))
            if strangers:
                raise ValueError(f"{word} names roles that may not sign here: {strangers}")
        strangers = sorted({role for tier in self.tiers for role in tier} - set(self.roles))
        if strangers or not all(self.tiers):
            why = f"names roles that may not sign here: {strangers}" if strangers else "is empty"
            raise ValueError(f"a tier {why}")
        if self.expires_after is not None and not self.expires_after:
            raise ValueError("a gate that expires at once never opens")
        return self

    @model_validator(mode="after")
    def _changes_fit(self) -> GatePolicy:
        problems = []
        for severity in self.by_severity:
            try:
                self.at(severity)
            except ValidationError as error:
                detail = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
                place = ("by_severity", str(severity.value))
                problems.append(PlanProblem(place, f"does not fit: {detail}"))
        refuse(problems)
        return self

    def at(self, severity: Severity | None) -> GatePolicy:
        """The same at one severity, whatever the message."""
        plain = self.model_dump(exclude={"by_severity"})
        change = self.by_severity.get(severity) if severity is not None else None
        if change is None:
            return GatePolicy.model_validate(plain)
        changes = change.model_dump(exclude_none=True)
        if "tiers" in changes and "roles" not in changes:
            # They name all who sign, unless others are named beside them.
            del plain["roles"]
        return GatePolicy.model_validate({**plain, **changes})

    def settled(self, case: GateCase) -> tuple[GatePolicy, tuple[str, ...]]:
        """What it comes to for one message, and why it is stricter than usual, in words."""
        policy, reasons = self.at(case.severity), []
        include, sign = policy.must_include, policy.roles
        above, over = policy.include_above, policy.quorum_over_unsubscribes
        changes: dict[str, object] = {"include_above": None, "quorum_over_unsubscribes": None}
        if over is not None and case.overrides and over > policy.quorum:
            changes["quorum"] = over
            reasons.append(f"{over} sign, because it goes to people who have unsubscribed, too")
        if above is not None and case.worth is not None and case.worth > above.worth:
            include += above.roles
            who = " and ".join(above.roles)
            reasons.append(f"{who} must sign, because it is worth more than {above.worth:,}")
        if case.speakers:
            include, sign = (*include, *case.speakers), (*sign, *case.speakers)
            reasons.append(f"{' and '.join(case.speakers)} must sign, because it is their voice")
        changes["must_include"] = tuple(dict.fromkeys(include))
        changes["roles"] = tuple(dict.fromkeys(sign))
        return policy.model_copy(update=changes), tuple(reasons)

    def strictest(self) -> GatePolicy:
        """What it comes to at most, for a policy at one severity."""
        worth = self.include_above.worth + 1 if self.include_above else None
        return self.settled(GateCase(overrides=True, worth=worth))[0]

    def requiring(self, least: Requirement) -> GatePolicy:
        """The same, where nobody signs with less than ``least``."""
        changes = {
            severity: change.model_copy(update={"requires": change.requires.at_least(least)})
            if change.requires is not None
            else change
            for severity, change in self.by_severity.items()
        }
        update = {"requires": self.requires.at_least(least), "by_severity": changes}
        return self.model_copy(update=update)

    def roles_here(self, held: Iterable[str]) -> tuple[str, ...]:
        """Those of a person's roles that sign here."""
        return tuple(role for role in held if role in self.roles)


def _spell_out(said: Mapping[str, object]) -> dict[str, object]:
    """Words as numbers and lists: ``quorum: all``, and the roles that tiers name."""
    plain = dict(said)
    tiers = plain.get("tiers")
    if isinstance(tiers, list | tuple) and all(isinstance(one, list | tuple) for one in tiers):
        named = [role for tier in tiers for role in tier]
        plain.setdefault("roles", list(dict.fromkeys(named)))
        plain.setdefault("quorum", max(len(tiers), 1))
    roles = plain.get("roles")
    if plain.get("quorum") == "any":
        plain["quorum"] = 1
    elif plain.get("quorum") == "all" and isinstance(roles, list | tuple):
        plain |= {"quorum": max(len(roles), 1), "must_include": list(roles)}
    return plain
