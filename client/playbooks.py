"""Playbooks: finding one by its name or its folder, reading, checking and trying it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from client.errors import WrongInput
from client.trial import Trial, try_plan
from domain.errors import PlaybookInvalid, Problem
from domain.message import MessageKind
from domain.playbook import Playbook
from domain.playbook_files import PLAYBOOK_FILE, Examination, examine_playbook
from domain.templates import html_template_name, template_name
from settings import Settings
from store.files.playbook_folder import read_playbook


@dataclass(frozen=True)
class Examined:
    """What is wrong with a playbook, and what of it can be used all the same.

    ``plan`` is None if ``playbook.yaml`` itself cannot be used. ``unusable`` has each kind of
    message that cannot go out, and why; ``doubtful`` those that long facts make too long.
    ``direct`` are the channels that write to each recipient.
    """

    plan: Playbook | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    unusable: Mapping[MessageKind, tuple[Problem, ...]] = field(default_factory=dict)
    doubtful: Mapping[MessageKind, tuple[Problem, ...]] = field(default_factory=dict)
    direct: frozenset[str] = frozenset()

    @property
    def playbook(self) -> Playbook | None:
        """The plan, if nothing is wrong with it."""
        return None if self.problems else self.plan

    def usable_plan(self) -> Playbook:
        """The plan, if an incident can be opened with it: if its announcement can go out.

        Raises ``PlaybookInvalid`` otherwise.
        """
        first = MessageKind.ANNOUNCEMENT
        if self.plan is None or first in self.unusable:
            raise PlaybookInvalid(self.unusable.get(first, ()) or self.problems)
        if first not in self.plan.messages:
            step = "Plan one below `messages:`: everything else waits until people were told."
            raise PlaybookInvalid(
                [Problem(PLAYBOOK_FILE, "has no announcement.", None, None, step)]
            )
        return self.plan


def read_files(settings: Settings, playbook: str) -> Mapping[str, str]:
    """The texts of a playbook by file name. Blocks.

    ``WrongInput`` if there is no playbook of that name, ``PlaybookInvalid`` if it cannot be read.
    """
    return read_playbook(folder_of(settings, playbook), people_from=settings.playbooks_dir)


def examine(settings: Settings, playbook: str) -> Examined:
    """Read a playbook, try it, and report its problems; an unreadable file is one. Blocks.

    ``WrongInput`` if there is no playbook of that name.
    """
    try:
        return examine_files(settings, read_files(settings, playbook))
    except PlaybookInvalid as error:
        return Examined(None, error.problems)


def examine_files(settings: Settings, files: Mapping[str, str]) -> Examined:
    """Check a playbook's files, and write every message for every channel of the plan. Blocks.

    Its gates require what the settings ask of every decision, if they ask for less themselves.
    """
    read = examine_playbook(files)
    if read.plan is None or read.placed is None:
        return Examined(None, read.problems)
    broken = {one.file for one in read.problems}
    trial = try_plan(settings, read.plan, read.placed, files, broken)
    unknown = [f".{name}.j2" for name in trial.unknown]
    # A channel that does not exist needs no template.
    problems = [one for one in read.problems if not one.file.endswith(tuple(unknown))]
    found = dict.fromkeys((*problems, *_all(trial.never.values()), *_all(trial.at_worst.values())))
    return Examined(
        plan=read.plan.requiring(settings.proof_required),
        problems=tuple(found),
        warnings=_warnings(read, trial),
        unusable=_unusable(read.plan, problems, trial),
        doubtful={kind: tuple(dict.fromkeys(some)) for kind, some in trial.at_worst.items()},
        direct=frozenset(trial.direct),
    )


def _unusable(
    plan: Playbook, problems: Iterable[Problem], trial: Trial
) -> dict[MessageKind, tuple[Problem, ...]]:
    """The kinds of message with a broken template, or that fail whatever is known."""
    found: dict[MessageKind, tuple[Problem, ...]] = {}
    for kind, message in plan.messages.items():
        own = {name(kind, one) for one in message.channels for name in _NAMES}
        why = (*(one for one in problems if one.file in own), *trial.never.get(kind, ()))
        if why:
            found[kind] = tuple(dict.fromkeys(why))
    for kind in (MessageKind.REPLY_RULES, MessageKind.HOLDING_STATEMENTS):
        if wrong := trial.never.get(kind):
            found[kind] = tuple(dict.fromkeys(wrong))
    return found


_NAMES = (template_name, html_template_name)


def _warnings(read: Examination, trial: Trial) -> tuple[Problem, ...]:
    """What is odd, without what the trial has shown to be a problem of the same place."""
    places = {(one.file, one.line) for one in _all(trial.never.values()) if one.line}
    return tuple(
        one
        for one in dict.fromkeys((*read.warnings, *trial.warnings))
        if (one.file, one.line) not in places
    )


def _all(groups: Iterable[Iterable[Problem]]) -> list[Problem]:
    return [one for group in groups for one in group]


def installed(settings: Settings) -> list[str]:
    """The names of the installed playbooks. Blocks."""
    found = settings.playbooks_dir.glob(f"*/{PLAYBOOK_FILE}")
    return sorted(path.parent.name for path in found)


def folder_of(settings: Settings, playbook: str) -> Path:
    """The folder of a playbook: a path as it is, a name among the installed playbooks."""
    if "/" in playbook or "\\" in playbook or (Path(playbook) / PLAYBOOK_FILE).is_file():
        return Path(playbook)
    home = settings.playbooks_dir
    if not (home / playbook / PLAYBOOK_FILE).is_file():
        known = ", ".join(installed(settings)) or "none"
        raise WrongInput(
            f"There is no playbook {playbook!r}.",
            f"There are {known} in {home}; or give the path of a folder.",
        )
    return home / playbook
