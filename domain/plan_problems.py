"""Contradictions in a plan, each with its place in the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic_core import PydanticCustomError


class PlanProblem(NamedTuple):
    """One contradiction in a plan: the keys that lead to it, what is wrong, and what to do."""

    place: tuple[str | int, ...]
    detail: str
    next_step: str = ""


def refuse(problems: Sequence[PlanProblem]) -> None:
    """Raise one pydantic error that carries each problem with its place, or do nothing."""
    if problems:
        raise PydanticCustomError(
            "plan",
            "{detail}",
            {"detail": "; ".join(one.detail for one in problems), "problems": problems},
        )
