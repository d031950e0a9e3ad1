"""Playbooks: finding one by its name or its folder, reading and checking it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from client.errors import WrongInput
from domain.errors import PlaybookInvalid
from domain.playbook_files import PLAYBOOK_FILE, Examination, examine_playbook
from settings import Settings
from store.files.playbook_folder import read_playbook


def read_files(settings: Settings, playbook: str) -> Mapping[str, str]:
    """The texts of a playbook by file name. Blocks.

    ``WrongInput`` if there is no playbook of that name, ``PlaybookInvalid`` if it cannot be read.
    """
    return read_playbook(folder_of(settings, playbook))


def examine(settings: Settings, playbook: str) -> Examination:
    """Read a playbook and report its problems; an unreadable file is one of them. Blocks.

    ``WrongInput`` if there is no playbook of that name.
    """
    try:
        return examine_playbook(read_files(settings, playbook))
    except PlaybookInvalid as error:
        return Examination(None, error.problems, ())


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
