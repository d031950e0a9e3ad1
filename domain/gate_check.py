"""Gates of a plan that nobody could pass, told when the playbook is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.gate_policy import GatePolicy
from domain.plan_problems import PlanProblem
from domain.roster import Person
from domain.suggest import did_you_mean

Place = tuple[str | int, ...]


def gate_problems(
    place: Place, policy: GatePolicy, roster: Sequence[Person]
) -> Iterator[PlanProblem]:
    """Why the gate at ``place`` of the file could not be passed, at some severity or usually."""
    usually = list(_unpassable(place, policy, roster))
    yield from usually
    told = {one.detail for one in usually}
    for severity in policy.by_severity:
        yield from (
            one
            for one in _unpassable(
                (*place, "by_severity", str(severity.value)), policy.at(severity), roster
            )
            if one.detail not in told
        )


def _unpassable(
    place: Place, policy: GatePolicy, roster: Sequence[Person]
) -> Iterator[PlanProblem]:
    held = {role for person in roster for role in person.roles}
    signers = [person for person in roster if policy.roles_here(person.roles)]
    most = policy.strictest()
    unheld = [role for role in policy.roles if role not in held]
    # A misspelt role is one mistake, though it also leaves too few to sign.
    step = did_you_mean(unheld[0], held, "{}") if unheld else ""
    absent = [role for role in policy.must_include if role not in held]
    roles = ", ".join(policy.roles)
    few = f"but only {len(signers)} in the roster have one of {roles}"
    if len(signers) < policy.quorum and not absent:
        yield PlanProblem((*place, "quorum"), f"is {policy.quorum}, {few}", step)
    elif len(signers) < most.quorum and not absent:
        over = (*place, "quorum_over_unsubscribes")
        yield PlanProblem(over, f"is {most.quorum}, {few}", step)
    for role in absent:
        detail = f"names {role}, which nobody in the roster is"
        yield PlanProblem((*place, "must_include"), detail, did_you_mean(role, held))
    for role in most.must_include:
        if role not in held and role not in absent:
            detail = f"names {role}, which nobody in the roster is"
            yield PlanProblem((*place, "include_above"), detail, did_you_mean(role, held))
    if policy.tiers and len(signers) >= policy.quorum and not _each_tier_signs(policy, roster):
        detail = "need one person each, and there are not that many who could sign in turn"
        yield PlanProblem((*place, "tiers"), detail, "Nobody signs twice: add people, or a role.")


def _each_tier_signs(policy: GatePolicy, roster: Sequence[Person]) -> bool:
    """Whether each tier has a person of its own: a matching of tiers and people."""
    fits = [
        [person.id for person in roster if set(person.roles) & set(tier)] for tier in policy.tiers
    ]
    taken: dict[str, int] = {}

    def place(tier: int, seen: set[str]) -> bool:
        for one in fits[tier]:
            if one in seen:
                continue
            seen.add(one)
            if one not in taken or place(taken[one], seen):
                taken[one] = tier
                return True
        return False

    return all(place(tier, set()) for tier in range(len(fits)))
