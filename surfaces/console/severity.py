"""Saying that an incident is worse, or less bad, than was thought."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.asking import incident_status
from client.patience import soon
from client.severity import set_severity
from domain.cadence import EARLY, FIRST_WORD
from domain.errors import DomainError
from domain.severity import Severity
from domain.status import IncidentStatus
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/severity")
async def show_form(request: Request, slug: str) -> Response:
    """What each severity means, and the form."""
    return await _show(request, slug)


@router.post("/incidents/{slug}/severities")
async def take_severity(
    request: Request,
    slug: str,
    severity: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Set it."""

    async def work() -> IncidentStatus:
        return await set_severity(
            engine_of(request), slug, severity_of(severity), actor=actor(request), reason=reason
        )

    done = await attempted(work())
    if isinstance(done, Refused):
        return await _show(request, slug, severity, reason, done)
    return see(f"/incidents/{slug}")


def severity_of(text: str) -> Severity:
    """The severity that a form named; ``DomainError`` for anything else."""
    try:
        return Severity(int(text))
    except ValueError as error:
        raise DomainError("No severity was chosen.", "Choose 1, 2 or 3.") from error


async def _show(
    request: Request,
    slug: str,
    chosen: str = "",
    reason: str = "",
    refused: Refused | None = None,
) -> Response:
    status = await soon(incident_status(engine_of(request), slug))
    now = str(status.severity.value) if status.severity else ""
    return page(
        request,
        "severity",
        f"Severity of {slug}",
        refused.status if refused else 200,
        slug=slug,
        severities=list(Severity),
        first_word=FIRST_WORD,
        early=EARLY,
        chosen=chosen or now,
        reason=reason,
        refusal=refused.explanation if refused else None,
    )
