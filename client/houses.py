"""The people of the house with their plans and calendars, as the files and the ledger have them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from client.engine import Engine
from client.playbooks import installed, read_files
from domain.calendar import KeptCalendar
from domain.model import Value
from domain.people import PEOPLE_FILE, People
from domain.playbook import Playbook
from domain.playbook_files import examine_playbook
from domain.shifts import Shift
from settings import Settings
from store.files.people_file import people_in, people_of
from store.people import calendars


class House(Value):
    """One file of people, the playbooks that use it, and the calendars of its schedules."""

    people: People
    plans: tuple[Playbook, ...] = ()
    kept: Mapping[str, KeptCalendar] = {}

    def calendars(self) -> dict[str, Sequence[Shift]]:
        """The shifts of the calendars, by the schedule's name."""
        return {name: one.shifts() for name, one in self.kept.items()}


async def houses(engine: Engine) -> list[House]:
    """Each file of people that is in use: nearly always one.

    Playbooks with a roster of their own have none. Raises ``PlaybookInvalid`` for a file of people
    that cannot be used.
    """
    found = await asyncio.to_thread(_read, engine.settings)
    if any(schedule.ical for one in found for schedule in one.people.on_call.values()):
        ledger = await engine.ledger()
        return [
            one.model_copy(update={"kept": await calendars.of_people(ledger, one.people)})
            for one in found
        ]
    return found


def _read(settings: Settings) -> list[House]:
    found: list[tuple[People, list[Playbook]]] = []
    shared = people_of(settings.playbooks_dir, "")
    if shared is not None:
        found.append((shared, []))
    for name in installed(settings):
        files = read_files(settings, name)
        people = people_in(files)
        if people is None:
            continue
        plans = next((some for known, some in found if known == people), None)
        if plans is None:
            plans = []
            found.append((people, plans))
        plan = examine_playbook(files).plan
        if plan is not None:
            plans.append(plan)
    return [House(people=people, plans=tuple(plans)) for people, plans in found]


NO_PEOPLE = f"There is no {PEOPLE_FILE} beside the playbooks."
"""What is told where no playbook has its people in a file."""
