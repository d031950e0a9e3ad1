"""The people who may use the console: those in the rosters of the installed playbooks."""

from __future__ import annotations

from functools import lru_cache

from client.errors import WrongInput
from client.playbooks import installed, read_files
from domain.errors import PlaybookInvalid
from domain.model import Value
from domain.playbook_files import PLAYBOOK_FILE, examine_playbook
from settings import Settings


class Person(Value):
    """Somebody on duty. ``id`` is their handle in rosters, ``name`` is for people to read."""

    id: str
    name: str
    roles: tuple[str, ...]


def known_people(settings: Settings) -> tuple[Person, ...]:
    """Everybody in a roster, by id, with all roles that they have anywhere. Blocks.

    A playbook that cannot be read keeps nobody else out. Every page asks, so the files are read
    again only when one has changed.
    """
    names = installed(settings)
    files = [settings.playbooks_dir / name / PLAYBOOK_FILE for name in names]
    return _read(settings, tuple((file.parent.name, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=8)
def _read(settings: Settings, versions: tuple[tuple[str, int], ...]) -> tuple[Person, ...]:
    roles: dict[str, dict[str, None]] = {}
    for playbook, _ in versions:
        try:
            plan = examine_playbook(read_files(settings, playbook)).plan
        except (PlaybookInvalid, WrongInput):
            continue
        for person in plan.roster if plan is not None else ():
            roles.setdefault(person.id, {}).update(dict.fromkeys(person.roles))
    return tuple(
        Person(id=one, name=one.replace("_", " ").replace(".", " ").title(), roles=tuple(held))
        for one, held in sorted(roles.items())
    )
