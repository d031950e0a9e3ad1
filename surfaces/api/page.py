"""The status page: components and incidents as the public sees them."""

from __future__ import annotations

from fastapi import APIRouter, Request

from client.status_page import read_page
from domain.status_page import PageIncident, PageUpdate
from surfaces.api.access import BASE, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Shown, Time

router = APIRouter(route_class=Resource, prefix=BASE, tags=["page"])


class PageComponent(Shown):
    """A part of the product, in the words of Statuspage."""

    id: str
    name: str
    description: str | None
    group: str | None
    state: str
    updated_at: Time


class Update(Shown):
    """One published message; `text` is Markdown."""

    at: Time
    kind: str
    status: str
    impact: str
    text: str
    next_update_by: Time | None

    @classmethod
    def of(cls, one: PageUpdate) -> Update:
        """The same for the wire."""
        return cls(
            at=one.at,
            kind=one.kind.value,
            status=one.entry.status.value,
            impact=one.entry.impact.value,
            text=one.text,
            next_update_by=one.next_update_by,
        )


class IncidentOnPage(Shown):
    """An incident on the page; `id` does not give its short name away."""

    id: str
    title: str
    updates: list[Update]

    @classmethod
    def of(cls, one: PageIncident) -> IncidentOnPage:
        """The same for the wire."""
        return cls(id=one.id, title=one.title, updates=[Update.of(each) for each in one.updates])


class Page(Shown):
    """The status page: components in their order, the newest incidents first."""

    components: list[PageComponent]
    incidents: list[IncidentOnPage]


@router.get("/page")
async def read_status_page(request: Request) -> Page:
    """What the public status page shows."""
    found = await read_page(engine_of(request))
    return Page(
        components=[
            PageComponent(**one.model_dump(mode="json", exclude={"since"}))
            for one in found.components
        ],
        incidents=[IncidentOnPage.of(one) for one in found.incidents],
    )
