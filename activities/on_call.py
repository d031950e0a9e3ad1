"""Finding whom to ask now: by the incident's roster, the file of people, and the calendars."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import from_json

from activities.contacts import ContactSecrets
from activities.defined import Bound, defined
from activities.signatures.on_call import FIND_PEOPLE, FindPeople, FoundPeople
from domain.errors import DomainError, PlaybookInvalid
from domain.people import People
from domain.playbook import Playbook
from domain.reaching import AskedAs, Reachable, find_people, with_secrets
from domain.roster import roles_of
from store.files.people_file import people_in, people_of
from store.kernel.database import Database
from store.people import calendars
from store.record import incidents, playbooks
from store.recovery import snapshots

_log = logging.getLogger("frontfoot.on_call")


class OnCallActivities:
    """Finds people in the playbooks of ``folder``; who has which role is the incident's own."""

    def __init__(
        self, database: Database, folder: Path, secrets: ContactSecrets | None = None
    ) -> None:
        self._database = database
        self._folder = folder
        self._secrets = secrets or ContactSecrets()

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.find_people]

    @defined(FIND_PEOPLE)
    async def find_people(self, order: FindPeople) -> FoundPeople:
        """Whom to ask, as everything is now; repeating it may find others, which is the point."""
        kept = await snapshots.load(self._database, order.incident)
        plan = _plan(kept)
        people = await self._people(order.incident, kept, plan)
        if people is None:
            return FoundPeople()
        kept_calendars = await calendars.of_people(self._database, people)
        roles = roles_of(plan.roster if plan is not None else people.roster())
        found = find_people(
            people,
            roles,
            order.roles,
            datetime.now(UTC),
            besides=order.besides,
            calendars={name: one.shifts() for name, one in kept_calendars.items()},
            usable=with_secrets(await asyncio.to_thread(_known_secrets, people, self._secrets)),
        )
        return FoundPeople(
            on_call=_as(found, AskedAs.ON_CALL),
            deputies=_as(found, AskedAs.DEPUTY),
            others=_as(found, AskedAs.OTHER),
            unreachable=tuple(one.person for one in found if not one.reachable(order.severity)),
        )

    async def _people(
        self, incident: str, kept: snapshots.Snapshot | None, plan: Playbook | None
    ) -> People | None:
        """The file as it is now; the one that the incident was opened with, if that is no use."""
        row = await incidents.find(self._database, incident)
        try:
            now = await asyncio.to_thread(people_of, self._folder, row.playbook if row else "")
        except PlaybookInvalid:
            # Somebody is in the middle of an edit: nobody is forgotten for that.
            _log.warning("the file of people cannot be used: that of the opening is, meanwhile")
            now = None
        # A playbook that is not installed here may have had people of its own.
        strangers = now is not None and plan is not None and not _shared(now, plan)
        if now is None or strangers:
            return await self._opened_with(kept) or now
        return now

    async def _opened_with(self, kept: snapshots.Snapshot | None) -> People | None:
        if kept is None or not kept.state:
            return None
        try:
            digest: str = from_json(kept.state)["templates"]
            return people_in(await playbooks.load_snapshot(self._database, digest))
        except (DomainError, KeyError, ValueError):
            # Another version wrote it.
            return None


def _plan(kept: snapshots.Snapshot | None) -> Playbook | None:
    if kept is None:
        return None
    try:
        return Playbook.model_validate_json(kept.plan)
    except ValidationError:
        # Another version wrote it.
        return None


def _shared(people: People, plan: Playbook) -> bool:
    return bool({one.id for one in people.people} & {one.id for one in plan.roster})


def _known_secrets(people: People, secrets: ContactSecrets) -> set[str]:
    """Which of the secrets that contact methods name are known to this process. Blocks."""
    methods = [one for member in people.people for one in member.contact]
    return {one.secret for one in methods if one.secret and secrets.of(one)}


def _as(found: list[Reachable], asked_as: AskedAs) -> tuple[str, ...]:
    return tuple(one.person for one in found if one.asked_as is asked_as)
