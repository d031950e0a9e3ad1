"""Whether the installed playbooks can be used."""

from __future__ import annotations

from client.checks.result import CheckKind, CheckResult, fails, works
from client.playbooks import examine, installed
from domain.explanation import Action, NextStep
from domain.plural import plural
from settings import Settings


def check_playbooks(settings: Settings) -> list[CheckResult]:
    """Check every installed playbook. Blocks."""
    names = installed(settings)
    if not names:
        return [
            fails(
                "playbooks",
                f"There is no playbook in {settings.playbooks_dir}.",
                "Set FRONTFOOT_PLAYBOOKS_DIR to the folder that contains them.",
                CheckKind.SETTING,
            )
        ]
    return [_check(settings, name) for name in names]


def _check(settings: Settings, name: str) -> CheckResult:
    examined = examine(settings, str(settings.playbooks_dir / name))
    if examined.playbook is not None:
        return works(f"playbook {name}", "can be used")
    count = len(examined.problems)
    return fails(
        f"playbook {name}",
        plural(count, "problem"),
        NextStep(action=Action.CHECK_PLAYBOOK, about=name),
        CheckKind.PLAYBOOK,
    )
