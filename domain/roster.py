"""The people in the plan, and their roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from domain.model import Written

PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,39}$")]
Role = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Person(Written):
    """Somebody in the plan. ``id`` is a short handle; histories contain nothing else about them."""

    id: PersonId
    roles: tuple[Role, ...] = Field(min_length=1)


def roles_of(roster: Iterable[Person]) -> Mapping[str, tuple[str, ...]]:
    """Each person's roles, by the person's id."""
    return {person.id: person.roles for person in roster}
