"""Views of incidents, shared by all who ask within a moment."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from fastapi import Request

from client.asking import incident_status
from client.incident_view import IncidentView, Views
from client.messages import message_of
from client.patience import soon
from domain.status import MessageStatus
from surfaces.api.access import engine_of

Done = TypeVar("Done")


async def view_of(request: Request, slug: str) -> IncidentView:
    """The incident as it is, or as the ledger has it; raises ``UnknownIncident``."""
    views: Views = request.app.state.views
    return await views.of(slug)


async def done(request: Request, slug: str, work: Awaitable[Done]) -> Done:
    """What ``work`` returns, which changes an incident: whoever asks from now on sees it."""
    views: Views = request.app.state.views
    try:
        return await work
    finally:
        # Also where nobody knows whether it counted.
        views.changed(slug)


async def message_in(request: Request, slug: str, number: int) -> MessageStatus:
    """A message as its incident knows it now; raises ``UnknownIncident`` and ``NoSuchMessage``."""
    return message_of(await soon(incident_status(engine_of(request), slug)), number)
