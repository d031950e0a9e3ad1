"""The words for what went wrong, shared by every layer.

``ErrorWord`` names what an exchange with a provider can come to; the exceptions that carry the
words live in ``channels.contract``. ``DomainError`` is a rule saying no to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class ErrorWord(StrEnum):
    """What an exchange with a provider came to, when it did not come to a receipt."""

    UNREACHABLE = "Unreachable"
    THROTTLED = "Throttled"
    REFUSED = "Refused"
    BAD_CREDENTIALS = "BadCredentials"
    BAD_RECIPIENT = "BadRecipient"
    CANNOT_EXPRESS = "CannotExpress"
    OUTCOME_UNKNOWN = "OutcomeUnknown"


class DomainError(Exception):
    """A rule said no: what happened, and what to do next.

    ``what`` is one sentence for a person, ``next_step`` the sentence that follows it. Neither may
    hold an address, a message body or a token: both reach histories and logs.
    """

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(f"{what} {next_step}".strip())
        self.what = what
        self.next_step = next_step


class DecisionRefused(DomainError):
    """A decision that does not count: stale, wrong, closed gate, or a person who may not sign."""


class Problem(NamedTuple):
    """One thing wrong in one place of a playbook; lines and columns count from 1."""

    file: str
    says: str
    line: int | None = None
    column: int | None = None
    next_step: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f", line {self.line}"
        if self.column is not None:
            place += f", column {self.column}"
        return f"{place}: {self.says}"


class PlaybookInvalid(DomainError):
    """A playbook that cannot be used; ``problems`` names each file and place, ``what`` says all."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            super().__init__(str(self.problems[0]), self.problems[0].next_step)
            return
        lines = [f"{one} {one.next_step}".rstrip() for one in self.problems]
        super().__init__(
            "\n".join([f"The playbook has {len(lines)} problems:", *(f"- {one}" for one in lines)]),
            "Mend them and try again.",
        )

    def __str__(self) -> str:
        separator = "\n" if len(self.problems) > 1 else " "
        return f"{self.what}{separator}{self.next_step}".strip()
