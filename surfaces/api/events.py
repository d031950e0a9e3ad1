"""Events: what happened in one incident or in all, entry by entry, as timelines have it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from client.timeline import newest_entries, newest_of_all
from domain.timeline import TimelineEntry
from surfaces.api.access import BASE, engine_of
from surfaces.api.cursors import cursor_of, place_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Cursor, Limit, Shown, SlugInPath, Time

LAST = 2**31 - 1
"""The largest number of an entry that a ledger can have, or be asked for."""

router = APIRouter(route_class=Resource, prefix=BASE, tags=["events"])


class Event(Shown):
    """One thing that happened: when, what, who did it, and about what.

    `who` is a person, a channel or `frontfoot` itself. Of a person, `surface` and
    `authenticated_by` say where they did it, and what proved who they are.
    """

    number: int
    branch: int
    at: Time
    what: str
    who: str
    surface: str | None
    authenticated_by: str | None
    about: str


class EventAnywhere(Event):
    """The same with its incident. `number` and `branch` count within that."""

    incident: str


class EventsAnywhere(Shown):
    """Some of the events of all incidents. `next` is never null, as that of one incident's."""

    items: list[EventAnywhere]
    next: str


class Events(Shown):
    """Some of the events. `next` is never null: ask with it again for what happens later."""

    items: list[Event]
    next: str


@router.get("/incidents/{slug}/events")
async def list_events(
    request: Request, slug: SlugInPath, limit: Limit = 100, cursor: Cursor = ""
) -> Events:
    """What happened in an incident, the oldest first, in the order in which it was entered."""
    place = place_of(cursor, int)
    after = min(int(place[0]), LAST) if place else 0
    found = await newest_entries(engine_of(request), slug, after, limit)
    items = [Event(**_shown(one)) for one in found]
    return Events(items=items, next=cursor_of(after + len(found)))


@router.get("/events")
async def list_events_of_all(
    request: Request, limit: Limit = 100, cursor: Cursor = ""
) -> EventsAnywhere:
    """What happened in all incidents, the oldest first. Nothing is passed over or comes twice."""
    place = place_of(cursor, int, str)
    after, mark = (int(place[0]), str(place[1])) if place else (0, "")
    found = await newest_of_all(engine_of(request), after, mark, limit)
    items = [EventAnywhere(**_shown(one.entry), incident=one.incident) for one in found]
    if found:
        after, mark = found[-1].number, found[-1].mark
    return EventsAnywhere(items=items, next=cursor_of(after, mark))


def _shown(entry: TimelineEntry) -> dict[str, Any]:
    return entry.model_dump(exclude={"seq"}) | {"number": entry.seq}
