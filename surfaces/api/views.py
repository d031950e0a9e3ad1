"""Views of incidents, shared by all who ask within a moment."""

from __future__ import annotations

from fastapi import Request

from client.asking import incident_status
from client.incident_view import IncidentView, Views
from client.messages import message_of
from client.patience import soon
from domain.status import MessageStatus
from surfaces.api.access import engine_of


async def view_of(request: Request, slug: str) -> IncidentView:
    """The incident as it is, or as the ledger has it; raises ``UnknownIncident``."""
    views: Views = request.app.state.views
    return await views.of(slug)


def changed(request: Request, slug: str) -> None:
    """Whoever asks from now on sees what was just done."""
    views: Views = request.app.state.views
    views.changed(slug)


async def message_in(request: Request, slug: str, number: int) -> MessageStatus:
    """A message as its incident knows it now; raises ``UnknownIncident`` and ``NoSuchMessage``."""
    return message_of(await soon(incident_status(engine_of(request), slug)), number)
