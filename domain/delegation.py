"""Delegation for a time: one person signs with the roles of another, until it ends by itself.

It is not handed on: whoever stands in for somebody gives nobody else that part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from domain.actor import Actor
from domain.errors import DomainError
from domain.judging import Delegated
from domain.model import Value
from domain.roster import PersonId
from domain.times import UtcTime, show_on_its_day

LONGEST = timedelta(days=31)
"""The furthest ahead that a delegation may end."""

MOST = 50
"""The most delegations in force at once in one incident."""


class Delegation(Value):
    """``to`` signs with the roles of ``holder`` until ``until``; ``actor`` has said so."""

    holder: PersonId
    to: PersonId
    until: UtcTime
    at: UtcTime
    actor: Actor


def in_force(delegations: Iterable[Delegation], at: datetime) -> tuple[Delegation, ...]:
    """Those that have not ended."""
    return tuple(one for one in delegations if one.until > at)


def delegated(delegations: Iterable[Delegation], roles: Mapping[str, tuple[str, ...]]) -> Delegated:
    """For each person, whose roles they have, of those delegations."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in delegations:
        found.setdefault(one.to, {})[one.holder] = roles.get(one.holder, ())
    return found


def stand_ins(delegations: Iterable[Delegation], holder: str) -> tuple[str, ...]:
    """Who has the roles of ``holder``, the latest first."""
    found = [one.to for one in delegations if one.holder == holder]
    return tuple(reversed(found))


def refuse_delegation(
    holder: str, to: str, until: datetime, at: datetime, running: Iterable[Delegation]
) -> None:
    """Raise ``DomainError`` unless ``holder`` may delegate to ``to`` until then."""
    if holder == to:
        raise DomainError(f"{holder} signs anyway.", "Name somebody else to stand in.")
    shown = show_on_its_day(until, at)
    if until <= at:
        raise DomainError(f"{shown} is over.", "Give an end that is still to come, such as 8h.")
    if until - at > LONGEST:
        raise DomainError(
            f"{shown} is more than {LONGEST.days} days away.",
            "Give an earlier end. For good, change who holds the role in people.yaml.",
        )
    if len(list(running)) >= MOST:
        raise DomainError(
            f"{MOST} delegations are in force, and no incident has more at once.",
            "End one of them first.",
        )
