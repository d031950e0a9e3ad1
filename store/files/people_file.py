"""Reading the file of people as it is now, for one playbook or for all that are installed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from domain.errors import PlaybookInvalid
from domain.people import PEOPLE_FILE, People
from domain.playbook_files import PLAYBOOK_FILE, read_people
from store.files.playbook_folder import read_text


def people_in(files: Mapping[str, str]) -> People | None:
    """The people among a playbook's files; None if its plan has a roster of its own.

    Raises ``PlaybookInvalid`` for a file that cannot be used.
    """
    people, problems = read_people(files)
    if problems:
        raise PlaybookInvalid(problems)
    return people


def people_of(playbooks: Path, playbook: str) -> People | None:
    """The people of an installed playbook, or of all, as the file says now. Blocks.

    None if there is no file. Raises ``PlaybookInvalid`` for one that cannot be used. A file that
    has not changed is not read again: open incidents ask often.
    """
    own = playbooks / playbook
    homes = [playbooks]
    if playbook and (own / PLAYBOOK_FILE).is_file():
        homes = [own, own.resolve().parent, playbooks]
    for home in homes:
        file = home / PEOPLE_FILE
        try:
            now = file.stat()
        except OSError:
            continue
        return _read(file, now.st_mtime_ns, now.st_size)
    return None


@lru_cache(maxsize=32)
def _read(file: Path, _changed: int, _size: int) -> People | None:
    return people_in({PEOPLE_FILE: read_text(file)})


def all_people(playbooks: Path) -> list[People]:
    """Each file of people below a folder of playbooks, once. Blocks.

    Files that cannot be used are left out: whoever uses them is told elsewhere.
    """
    names = sorted(path.parent.name for path in playbooks.glob(f"*/{PLAYBOOK_FILE}"))
    found: list[People] = []
    for name in ("", *names):
        try:
            people = people_of(playbooks, name)
        except PlaybookInvalid:
            continue
        if people is not None and people not in found:
            found.append(people)
    return found
