"""The people of the house, as the files here have them now."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from client.errors import WrongInput
from client.playbooks import installed, read_files
from domain.errors import PlaybookInvalid
from domain.people import Member
from domain.playbook_files import examine_playbook
from settings import Settings
from store.files.people_file import people_of

_log = logging.getLogger("frontfoot.people")


class KnownPeople:
    """Everybody as ``known_people``; of a playbook that cannot be used now, as they were last.

    Somebody is in the middle of an edit then, and nobody is to go unasked for that.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: dict[str, tuple[Member, ...]] = {}

    def __call__(self) -> tuple[Member, ...]:
        """Blocks. Raises ``PlaybookInvalid`` if none of the files ever could be used."""
        invalid = None
        for name in dict.fromkeys((*installed(self._settings), *self._last)):
            try:
                self._last[name] = _members(self._settings, name)
            except (PlaybookInvalid, WrongInput) as error:
                invalid = error if isinstance(error, PlaybookInvalid) else invalid
                _log.warning("people of a playbook cannot be read now; as they were last, if ever")
        if invalid is not None and not self._last:
            raise invalid
        return _each_once(self._last.values())


def known_people(settings: Settings) -> tuple[Member, ...]:
    """Everybody in the installed playbooks, each once, in their order. Blocks.

    A file that has not changed is not read again: whoever is notified asks each time. Raises
    ``PlaybookInvalid`` for a file that cannot be used.
    """
    return _each_once(_members(settings, name) for name in installed(settings))


def _members(settings: Settings, name: str) -> tuple[Member, ...]:
    people = people_of(settings.playbooks_dir, name)
    if people is not None:
        return people.people
    examined = examine_playbook(read_files(settings, name))
    if examined.plan is None:
        raise PlaybookInvalid(examined.problems)
    # Its roster is its own.
    return tuple(Member(id=one.id, roles=one.roles) for one in examined.plan.roster)


def _each_once(found: Iterable[tuple[Member, ...]]) -> tuple[Member, ...]:
    people: dict[str, Member] = {}
    for members in found:
        for one in members:
            people.setdefault(one.id, one)
    return tuple(people.values())
