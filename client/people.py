"""The people who may use the console: those in the rosters of the installed playbooks."""

from __future__ import annotations

from client.errors import WrongInput
from client.playbooks import installed, read_files
from domain.errors import PlaybookInvalid
from domain.model import Value
from domain.playbook_files import examine_playbook
from settings import Settings


class Person(Value):
    """Somebody on duty. ``id`` is their handle in rosters, ``name`` is for people to read."""

    id: str
    name: str
    roles: tuple[str, ...]


def known_people(settings: Settings) -> tuple[Person, ...]:
    """Everybody in a roster, by id, with all roles that they have anywhere. Blocks.

    A playbook that cannot be read keeps nobody else out.
    """
    roles: dict[str, dict[str, None]] = {}
    for playbook in installed(settings):
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
