"""The result of one check."""

from __future__ import annotations

from enum import StrEnum

from domain.explanation import Explanation, NextStep, explained
from domain.model import Value


class CheckKind(StrEnum):
    """What has to change if a check fails: a setting, a playbook, or something else."""

    SETTING = "setting"
    PLAYBOOK = "playbook"
    OTHER = "other"


class CheckResult(Value):
    """One thing that works or does not. ``explanation`` says what was seen, and what to do."""

    about: str
    ok: bool
    explanation: Explanation
    kind: CheckKind = CheckKind.OTHER


def works(about: str, what: str) -> CheckResult:
    """A check that found nothing wrong."""
    return CheckResult(about=about, ok=True, explanation=explained(what))


def fails(
    about: str, what: str, next_step: NextStep | str, kind: CheckKind = CheckKind.OTHER
) -> CheckResult:
    """A check that found something wrong."""
    return CheckResult(about=about, ok=False, explanation=explained(what, next_step), kind=kind)
