"""Audiences, suppressions and subscribers in numbers; whoever is in them is another resource."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from client.audiences import list_audiences, look_at_audience
from client.subscribers import count_subscribers
from client.suppressions import count_suppressions
from domain.errors import DomainError
from surfaces.api.access import BASE, engine_of
from surfaces.api.cursors import page_of
from surfaces.api.problems import NotThere
from surfaces.api.resource import Resource
from surfaces.api.shapes import AudienceInPath, Cursor, Limit, Listed, Shown, Time

router = APIRouter(route_class=Resource, prefix=BASE, tags=["audiences"])


class Audience(Shown):
    """A list that mail goes to. `recipients` has suppressed ones, too."""

    name: str
    recipients: int
    imported_at: Time | None


class AudienceWithColumns(Audience):
    """An audience with the names of the columns that its file had."""

    columns: list[str]


class SuppressionCount(Shown):
    """How many suppressions have this reason, class and source; an empty class is every class."""

    reason: str
    message_class: str
    source: str
    addresses: int


class SubscriberCounts(Shown):
    """How many are subscribed, have left, and have asked without a confirmation so far."""

    confirmed: int
    choosing: int
    unsubscribed: int
    waiting: int


@router.get("/audiences")
async def list_all_audiences(
    request: Request, limit: Limit = 100, cursor: Cursor = ""
) -> Listed[Audience]:
    """Every audience by name, with its size."""
    found = await list_audiences(engine_of(request))
    items, following = page_of(found, lambda one: (one.name,), cursor, limit, str)
    return Listed(items=[Audience(**one.model_dump()) for one in items], next=following)


@router.get("/audiences/{name}")
async def read_audience(request: Request, name: AudienceInPath) -> AudienceWithColumns:
    """One audience, and the columns of its file."""
    try:
        found = await look_at_audience(engine_of(request), name)
    except DomainError as error:
        raise NotThere.of(error.explanation) from error
    shown: dict[str, Any] = found.audience.model_dump()
    return AudienceWithColumns(**shown, columns=list(found.columns))


@router.get("/suppressions/counts")
async def count_all_suppressions(request: Request) -> Listed[SuppressionCount]:
    """How many addresses must not be written to, by reason."""
    found = await count_suppressions(engine_of(request))
    return Listed(items=[SuppressionCount(**one.model_dump()) for one in found])


@router.get("/subscribers/counts")
async def count_all_subscribers(request: Request) -> SubscriberCounts:
    """How many people are subscribed to the status page."""
    found = await count_subscribers(engine_of(request))
    return SubscriberCounts(**found.model_dump(include=set(SubscriberCounts.model_fields)))
