"""What an activity is to a workflow: a name, an argument, a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.model import Value

Argument = TypeVar("Argument", bound=Value)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Signature(Generic[Argument, Result]):
    """One activity as a workflow sees it."""

    name: str
    argument: type[Argument]
    result: type[Result]


class Nothing(Value):
    """The result of an activity that only had to be done."""
