"""Whether the installed playbooks can be used."""

from __future__ import annotations

from client.checks.result import CheckKind, CheckResult, fails, works
from client.passkey_browser import unusable_at
from client.playbooks import examine, installed
from client.record_key import is_beside
from domain.explanation import Action, NextStep
from domain.gate import Requirement
from domain.playbook import Playbook
from domain.playbook_files import PLAYBOOK_FILE
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
        missing = sorted(_channels_of(examined.playbook) - set(settings.channels))
        if missing:
            return _not_configured(name, missing)
        return works(f"playbook {name}", f"can be used{_unproven(settings, examined.playbook)}")
    count = len(examined.problems)
    return fails(
        f"playbook {name}",
        plural(count, "problem"),
        NextStep(action=Action.CHECK_PLAYBOOK, about=name),
        CheckKind.PLAYBOOK,
    )


def _channels_of(playbook: Playbook) -> set[str]:
    """Every channel that some message of the playbook goes to."""
    return {channel for plan in playbook.messages.values() for channel in plan.channels}


def _unproven(settings: Settings, playbook: Playbook) -> str:
    """What to know of its gates where more than this machine's user could sign.

    How many take people at their word, and how many take only passkeys, where browsers use none.
    """
    if is_beside(settings):
        return ""
    gates = [plan.gate.requires for plan in playbook.messages.values()]
    said = ""
    if count := gates.count(Requirement.NONE):
        said += f"; {plural(count, 'gate')} {_require(count)} no proof of who signs"
    count = gates.count(Requirement.PASSKEY)
    named = "console_url" in settings.model_fields_set
    if count and not (named and unusable_at(settings.console_url) is None):
        said += (
            f"; {plural(count, 'gate')} {_require(count)} a passkey, and FRONTFOOT_CONSOLE_URL "
            "names no address at which browsers use one"
        )
    return said


def _require(count: int) -> str:
    return "requires" if count == 1 else "require"


def _not_configured(name: str, channels: list[str]) -> CheckResult:
    # No worker takes what is sent there, so a message would wait without a word.
    one = len(channels) == 1
    return fails(
        f"playbook {name}",
        f"{name}/{PLAYBOOK_FILE} sends to {', '.join(channels)}, and "
        f"{'that channel is' if one else 'those channels are'} not in FRONTFOOT_CHANNELS.",
        f"Add {'it' if one else 'them'} to FRONTFOOT_CHANNELS and restart the worker, "
        "or correct the playbook.",
        CheckKind.SETTING,
    )
