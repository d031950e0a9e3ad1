"""The people of the house, as the files here have them now."""

from __future__ import annotations

from client.playbooks import installed, read_files
from domain.errors import PlaybookInvalid
from domain.people import Member
from domain.playbook_files import examine_playbook, read_people
from settings import Settings


def known_people(settings: Settings) -> tuple[Member, ...]:
    """Everybody in the installed playbooks, each once, in their order. Blocks.

    Raises ``PlaybookInvalid`` for a file of people that cannot be used.
    """
    found: dict[str, Member] = {}
    for name in installed(settings):
        files = read_files(settings, name)
        people, problems = read_people(files)
        if problems:
            raise PlaybookInvalid(problems)
        own = examine_playbook(files).plan
        members = (
            people.people
            if people is not None
            else tuple(Member(id=one.id, roles=one.roles) for one in own.roster)
            if own is not None
            else ()
        )
        for member in members:
            found.setdefault(member.id, member)
    return tuple(found.values())
