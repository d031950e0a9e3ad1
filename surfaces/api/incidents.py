"""Incidents: opening, reading, closing, and what is known of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from client.facts import facts_of, read_facts, record_facts
from client.incidents import (
    ListedIncident,
    close,
    open_incident,
    recorded_incidents,
    set_audiences,
)
from client.patience import soon
from client.playbooks import installed, read_files
from domain.facts import FACT_LIMIT, Facts
from domain.ids import AudienceName
from domain.ids import Slug as SlugText
from domain.limits import NAMES_LIMIT, TITLE_LIMIT
from domain.severity import Severity
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.cursors import page_of
from surfaces.api.incident_shapes import (
    Incident,
    IncidentListed,
    listed_incident,
    shown_incident,
    shown_status,
)
from surfaces.api.resource import Resource
from surfaces.api.shapes import (
    Asked,
    Cursor,
    Limit,
    Listed,
    Reason,
    Shown,
    SlugInPath,
    Told,
)
from surfaces.api.views import done, view_of

router = APIRouter(route_class=Resource, prefix=BASE, tags=["incidents"])

_LAST = datetime.max.replace(tzinfo=UTC)


NameOfAudience = Annotated[
    AudienceName, Field(max_length=63, pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")
]


class OpeningIncident(Asked):
    """What an incident is opened with."""

    slug: SlugText = Field(
        min_length=1,
        max_length=48,
        pattern=r"^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$",
        description="Its short name, never used twice.",
    )
    title: str = Field(min_length=1, max_length=TITLE_LIMIT)
    playbook: str = Field(min_length=1, max_length=64, description="One of those installed.")
    audiences: list[NameOfAudience] = Field(default_factory=list, max_length=NAMES_LIMIT)
    severity: Literal[1, 2, 3] | None = Field(None, description="Null: what the playbook says.")


class IncidentOpened(Shown):
    """The incident; `joined`: it was open already. `notices` say what cannot be done in it yet."""

    incident: Incident
    joined: bool
    notices: list[Told]


class ChoosingAudiences(Asked):
    """Who gets an incident's mail, in place of who did."""

    audiences: list[NameOfAudience] = Field(max_length=NAMES_LIMIT)


class Closing(Asked):
    """Closing an incident; `waive` is the written reason for leaving something open."""

    waive: Reason = ""


Fact = Annotated[str, Field(max_length=FACT_LIMIT)]
_A_TIME = "With its zone, such as 2026-11-28T09:00:00Z or 2026-11-28 10:00 Europe/Berlin."


class FactsShown(Shown):
    """What is known. `based_on` goes along with a change, so that nobody's is overwritten."""

    based_on: str | None
    facts: dict[str, str]


class RecordingFacts(Asked):
    """Facts to add to those known; an empty one is removed."""

    summary: Fact | None = None
    what_happened: Fact | None = None
    started: Fact | None = None
    scope: Fact | None = None
    not_affected: Fact | None = None
    cause: Fact | None = None
    doing: Fact | None = None
    action_for_customers: Fact | None = None
    fix: Fact | None = None
    prevention: Fact | None = None
    prevention_owner: Fact | None = None
    prevention_due: date | None = None
    wrong: Fact | None = None
    right: Fact | None = None
    data_kinds: Fact | None = None
    people_count: int | None = Field(None, ge=0, le=10**12)
    consequences: Fact | None = None
    contact_point: Fact | None = None
    aware_at: Fact | None = Field(None, description=_A_TIME)
    contained_at: Fact | None = Field(None, description=_A_TIME)
    classified_at: Fact | None = Field(None, description=_A_TIME)
    material_at: Fact | None = Field(None, description=_A_TIME)
    fix_available_at: Fact | None = Field(None, description=_A_TIME)
    malicious: bool | None = None
    cross_border: bool | None = None
    third_party: bool | None = None
    based_on: str | None = Field(
        None, max_length=64, description="Of the facts that were read before; null for what is now."
    )


class PlaybookListed(Shown):
    """A playbook that an incident can be opened with."""

    name: str


@router.get("/playbooks")
async def list_playbooks(request: Request) -> Listed[PlaybookListed]:
    """The playbooks that an incident can be opened with."""
    names = await asyncio.to_thread(installed, engine_of(request).settings)
    return Listed(items=[PlaybookListed(name=one) for one in names])


@router.get("/incidents")
async def list_incidents(
    request: Request,
    state: Annotated[
        Literal["open", "closed"] | None, Query(description="Only those; leave it out for all.")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Listed[IncidentListed]:
    """Every incident, the newest first, as the ledger has them."""
    found = [
        one
        for one in await recorded_incidents(engine_of(request))
        if state is None or (one.closed_at is None) is (state == "open")
    ]
    items, following = page_of(found, _place, cursor, limit, int, str)
    return Listed(items=[listed_incident(one) for one in items], next=following)


@router.post("/incidents", status_code=201)
async def open_new_incident(
    request: Request, response: Response, asked: OpeningIncident
) -> IncidentOpened:
    """Open an incident, or join the one that is open under this name."""
    engine = engine_of(request)
    # A name among those offered, never a path: the API reads no other folder.
    names = await asyncio.to_thread(installed, engine.settings)
    name = asked.playbook if asked.playbook in names else "no-such-playbook"
    files = await asyncio.to_thread(read_files, engine.settings, name)
    opening = open_incident(
        engine,
        slug=asked.slug,
        title=asked.title,
        files=files,
        actor=actor(request),
        audiences=asked.audiences,
        severity=None if asked.severity is None else Severity(asked.severity),
    )
    opened = await done(request, asked.slug, opening)
    response.headers["Location"] = f"{BASE}/incidents/{asked.slug}"
    return IncidentOpened(
        incident=shown_status(opened.status),
        joined=opened.joined,
        notices=[Told.of(one) for one in opened.notices],
    )


@router.get("/incidents/{slug}")
async def read_incident(request: Request, slug: SlugInPath) -> Incident:
    """One incident with its messages. Of the ledger alone while Temporal is away."""
    return shown_incident(await view_of(request, slug))


@router.post("/incidents/{slug}/audiences", status_code=201)
async def choose_audiences(
    request: Request, slug: SlugInPath, asked: ChoosingAudiences
) -> Incident:
    """Choose who gets its mail, as long as nothing has begun to go out."""
    work = set_audiences(engine_of(request), slug, asked.audiences, actor=actor(request))
    return shown_status(await done(request, slug, work))


@router.post("/incidents/{slug}/closure", status_code=201)
async def close_incident(request: Request, slug: SlugInPath, asked: Closing) -> Incident:
    """Close it. Refused while something is open, unless that is waived in writing."""
    work = close(engine_of(request), slug, actor=actor(request), waive=asked.waive.strip())
    return shown_status(await done(request, slug, work))


@router.get("/incidents/{slug}/facts")
async def read_known_facts(request: Request, slug: SlugInPath) -> FactsShown:
    """What is known, for the messages to come."""
    known = await soon(read_facts(engine_of(request), slug))
    words = {name: str(known.words[name]) for name in Facts.model_fields if known.words.get(name)}
    return FactsShown(based_on=known.draft, facts=words)


@router.post("/incidents/{slug}/facts", status_code=201)
async def record_known_facts(request: Request, slug: SlugInPath, asked: RecordingFacts) -> Incident:
    """Add to what is known, unless somebody else has changed it since `based_on`."""
    engine = engine_of(request)
    facts = asked.model_dump(exclude_unset=True, exclude={"based_on"})
    # What is sent empty is removed: of a text that is "", of anything else null.
    typed = {
        name: "" if word is None and isinstance(Facts.model_fields[name].default, str) else word
        for name, word in facts.items()
    }
    known = await facts_of(engine, slug, asked.based_on) if asked.based_on else None
    work = record_facts(engine, slug, actor=actor(request), facts=typed, known=known)
    return shown_status(await done(request, slug, work))


def _place(one: ListedIncident) -> tuple[int, str]:
    """The newest first; of those opened in the same microsecond by their names."""
    return (_LAST - one.opened_at) // timedelta(microseconds=1), one.slug
