"""Reading a playbook's folder; ``domain`` judges its content, without files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from domain.errors import PlaybookInvalid, Problem
from domain.people import PEOPLE_FILE
from domain.plain_text import NEXT_STEP, NotText, read_utf8
from domain.playbook_files import PLAYBOOK_FILE, TEMPLATE_ENDING

SIZE_LIMIT = 1_000_000
"""The most bytes of one file."""

FILES_LIMIT = 500
"""The most files of a playbook: five kinds of message on a hundred channels."""


def read_playbook(folder: Path, *, people_from: Path | None = None) -> Mapping[str, str]:
    """The texts of a playbook by file name: ``playbook.yaml`` and the templates beside it.

    With them comes ``people.yaml``: the folder's own, or else the one beside the folder, which
    serves every playbook there, or else the one in ``people_from``. Other files are left alone.
    Raises ``PlaybookInvalid`` naming each file that cannot be read as UTF-8 text. Whether they make
    a playbook is decided by ``domain.playbook_files``.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if _belongs(path))
        if not any(path.name == PEOPLE_FILE for path in paths):
            homes = (folder.resolve().parent, people_from or folder)
            shared = [home / PEOPLE_FILE for home in homes if (home / PEOPLE_FILE).is_file()]
            paths += shared[:1]
    except OSError as error:
        step = f"Give the folder that contains the {PLAYBOOK_FILE}."
        problem = Problem(folder.name, f"{_reason(error)}.", next_step=step)
        raise PlaybookInvalid([problem]) from error
    if len(paths) > FILES_LIMIT:
        detail = (
            f"has {len(paths)} templates, more than the {FILES_LIMIT} that a playbook may have."
        )
        raise PlaybookInvalid([Problem(folder.name, detail, next_step="Is it the right folder?")])
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            files[path.name] = read_text(path)
        except PlaybookInvalid as error:
            problems.extend(error.problems)
    if problems:
        raise PlaybookInvalid(problems)
    return files


def _belongs(path: Path) -> bool:
    # Editors leave hidden copies beside the files they edit, and those end in .j2 as well.
    named = path.name in (PLAYBOOK_FILE, PEOPLE_FILE) or path.name.endswith(TEMPLATE_ENDING)
    return named and not path.name.startswith((".", "#", "~")) and path.is_file()


def read_text(path: Path) -> str:
    """The text of one file of a playbook; ``PlaybookInvalid`` if it cannot be read. Blocks."""
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise PlaybookInvalid([Problem(path.name, f"{_reason(error)}.")]) from error
    if len(content) > SIZE_LIMIT:
        detail = f"is larger than {SIZE_LIMIT:,} bytes."
        raise PlaybookInvalid([Problem(path.name, detail, next_step="Is it the right file?")])
    try:
        return read_utf8(content)
    except NotText as error:
        problem = Problem(path.name, error.detail, error.line, next_step=NEXT_STEP)
        raise PlaybookInvalid([problem]) from error


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "is not there"
    if isinstance(error, NotADirectoryError):
        return "is a file and not a folder"
    if isinstance(error, PermissionError):
        return "may not be read by this user"
    return "cannot be read"
