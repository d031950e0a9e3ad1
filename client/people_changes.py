"""Entering in the installation's record what changes in the file of people.

Nobody says who wrote the file, so these entries name nobody. The record itself holds what was last
known of each person, so that a change is also noticed if nothing ran when it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from client.engine import Engine
from domain.actor import Surface
from domain.installation import Happened, InstallationEntry
from domain.people import Member
from store.installation import entries

_noted: WeakKeyDictionary[Engine, tuple[Member, ...]] = WeakKeyDictionary()


async def note_people(engine: Engine, everybody: tuple[Member, ...]) -> None:
    """Enter who was added, changed or removed since the record last told of them.

    Costs nothing while ``everybody`` are the same as at the last call.
    """
    if _noted.get(engine) == everybody:
        return
    before = _noted.get(engine)
    # At once, so that of two requests one enters it.
    _noted[engine] = everybody
    try:
        ledger = await engine.ledger()
        changes = _changes(await entries.states_of_people(ledger), everybody)
        if changes:
            await entries.enter(ledger, *changes)
    except BaseException:
        _noted[engine] = before or ()
        raise


def _changes(known: dict[str, str], everybody: Sequence[Member]) -> list[InstallationEntry]:
    now = {one.id: _state(one) for one in everybody}
    found: list[tuple[Happened, str, str]] = []
    for person, state in now.items():
        if person not in known:
            found.append((Happened.PERSON_ADDED, person, state))
        elif known[person] != state:
            found.append((Happened.PERSON_CHANGED, person, state))
    found += [(Happened.PERSON_REMOVED, person, "") for person in known if person not in now]
    at = datetime.now(UTC)
    return [
        InstallationEntry(at=at, what=what, person=person, surface=Surface.CONSOLE, about=about)
        for what, person, about in found
    ]


def _state(person: Member) -> str:
    """What somebody is and may do, in words that are compared with the record's."""
    may = ", ".join(sorted(one.value for one in person.abilities)) or "nothing more"
    return f"is {', '.join(person.roles)}; may {may}"
