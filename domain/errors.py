"""A rule's refusal, in words that every layer shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

from domain.explanation import Explanation, NextStep, explained
from domain.plural import plural


class DomainError(Exception):
    """A rule refused something: what happened, what it means, and what to do next.

    ``what`` is one sentence for a person; the next step is advice in words or an action of ours.
    None of it may contain an address, a message body or a token: it reaches histories and logs.
    """

    def __init__(self, what: str, next_step: NextStep | str = "", *, means: str = "") -> None:
        self.explanation: Explanation = explained(what, next_step, means=means)
        super().__init__(str(self.explanation))

    @classmethod
    def of(cls, explanation: Explanation) -> Self:
        """The same refusal, from its explanation."""
        return cls(explanation.what, explanation.next_step, means=explanation.means)

    @property
    def what(self) -> str:
        """The first sentence of the explanation."""
        return self.explanation.what

    @property
    def next_step(self) -> str:
        """The advice in words."""
        return str(self.explanation.next_step)


class DecisionRefused(DomainError):
    """A decision that does not count: wrong digest, closed gate, or not allowed to sign."""


class NotNow(DomainError):
    """A refusal that passes by itself: the same may be asked for again later."""


class Problem(NamedTuple):
    """One thing wrong in one place of a playbook; lines and columns count from 1."""

    file: str
    detail: str
    line: int | None = None
    column: int | None = None
    next_step: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f", line {self.line}"
        if self.column is not None:
            place += f", column {self.column}"
        return f"{place}: {self.detail}"


class PlaybookInvalid(DomainError):
    """A playbook that cannot be used; ``problems`` has each file and place, ``what`` lists them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            super().__init__(str(self.problems[0]), self.problems[0].next_step)
            return
        lines = [f"- {one} {one.next_step}".rstrip() for one in self.problems]
        heading = f"The playbook has {plural(len(lines), 'problem')}:"
        super().__init__("\n".join([heading, *lines]), "Fix them and try again.")

    def __str__(self) -> str:
        separator = "\n" if len(self.problems) > 1 else " "
        return f"{self.what}{separator}{self.next_step}".strip()
