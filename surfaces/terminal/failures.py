"""How a failing command ends: its output and its exit code."""

from __future__ import annotations

from enum import IntEnum

from client.errors import (
    EndedUnclosed,
    NoAnswer,
    NotAllowed,
    ServerRefused,
    WrongInput,
    explanation_of,
)
from domain.errors import DomainError
from domain.explanation import Explanation
from domain.model import Value


class ExitCode(IntEnum):
    """How a command ended, for scripts. They are documented in the help and never change."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNKNOWN = 4


class Failure(Value):
    """An expected failure, in words and as an exit code."""

    explanation: Explanation
    code: ExitCode


_CODES: tuple[tuple[type[BaseException], ExitCode], ...] = (
    (WrongInput, ExitCode.USAGE),
    (OSError, ExitCode.USAGE),
    (DomainError, ExitCode.REFUSED),
    (NotAllowed, ExitCode.REFUSED),
    (EndedUnclosed, ExitCode.REFUSED),
    (ServerRefused, ExitCode.REFUSED),
    (NoAnswer, ExitCode.UNKNOWN),
)


def failure_of(error: BaseException) -> Failure | None:
    """``error`` as the terminal shows it, or None if it is a bug of ours."""
    explanation = explanation_of(error)
    if explanation is None:
        return None
    code = next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.FAILED)
    if isinstance(error, OSError) and error.filename is None:
        # About a disk or a connection, and not about a path that somebody typed.
        code = ExitCode.FAILED
    return Failure(explanation=explanation, code=code)
