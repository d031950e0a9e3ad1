"""The people of the house, as the files here have them now."""

from __future__ import annotations

import logging

from client.playbooks import installed, read_files
from domain.errors import PlaybookInvalid
from domain.people import Member
from domain.playbook_files import examine_playbook
from settings import Settings
from store.files.people_file import people_of

_log = logging.getLogger("frontfoot.people")


class KnownPeople:
    """Everybody as ``known_people``; while the files cannot be used, as they were last.

    Somebody is in the middle of an edit then, and nobody is to go unasked for that.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: tuple[Member, ...] | None = None

    def __call__(self) -> tuple[Member, ...]:
        """Blocks. Raises ``PlaybookInvalid`` if they never could be used."""
        try:
            self._last = known_people(self._settings)
        except PlaybookInvalid:
            if self._last is None:
                raise
            _log.warning("the files of people cannot be used: as they were last, meanwhile")
        return self._last


def known_people(settings: Settings) -> tuple[Member, ...]:
    """Everybody in the installed playbooks, each once, in their order. Blocks.

    A file that has not changed is not read again: whoever is notified asks each time. Raises
    ``PlaybookInvalid`` for a file of people that cannot be used.
    """
    found: dict[str, Member] = {}
    for name in installed(settings):
        people = people_of(settings.playbooks_dir, name)
        for member in people.people if people is not None else _of_plan(settings, name):
            found.setdefault(member.id, member)
    return tuple(found.values())


def _of_plan(settings: Settings, name: str) -> tuple[Member, ...]:
    """The roster that a plan has by itself."""
    plan = examine_playbook(read_files(settings, name)).plan
    roster = plan.roster if plan is not None else ()
    return tuple(Member(id=one.id, roles=one.roles) for one in roster)
