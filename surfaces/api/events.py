"""Events: what happened in an incident, entry by entry, as its timeline has it."""

from __future__ import annotations

from fastapi import APIRouter, Request

from client.timeline import newest_entries
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
    items = [
        Event(
            number=one.seq,
            branch=one.branch,
            at=one.at,
            what=one.what,
            who=one.who,
            surface=one.surface,
            authenticated_by=one.authenticated_by,
            about=one.about,
        )
        for one in found
    ]
    return Events(items=items, next=cursor_of(after + len(found)))
