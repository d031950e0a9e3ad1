"""Opening an incident."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.audiences import list_audiences
from client.incidents import Opened, open_incident
from client.playbooks import installed, read_files
from domain.ids import SUBSCRIBERS
from domain.severity import Severity
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.imports import being_imported, imports_of
from surfaces.console.rendering import page, see
from surfaces.console.severity import severity_of

router = APIRouter(route_class=Page)


@router.get("/open")
async def show_form(request: Request) -> Response:
    """The form."""
    return await _show(request)


@router.post("/incidents")
async def take_opening(
    request: Request,
    playbook: Annotated[str, Form()] = "",
    slug: Annotated[str, Form()] = "",
    title: Annotated[str, Form()] = "",
    severity: Annotated[str, Form()] = "",
    audience: Annotated[tuple[str, ...], Form()] = (),
) -> Response:
    """Open it, or join the one that is open under this name."""

    async def work() -> Opened:
        engine = engine_of(request)
        # A name among those offered, never a path: the console reads no other folder.
        name = playbook if playbook in await asyncio.to_thread(installed, engine.settings) else ""
        files = await asyncio.to_thread(read_files, engine.settings, name or "no-playbook-chosen")
        return await open_incident(
            engine,
            slug=slug.strip(),
            title=title,
            files=files,
            actor=actor(request),
            audiences=audience,
            severity=severity_of(severity) if severity else None,
        )

    opened = await attempted(work())
    if isinstance(opened, Refused):
        typed = {"playbook": playbook, "slug": slug, "title": title, "severity": severity}
        return await _show(request, typed, audience, opened)
    return see(f"/incidents/{opened.status.incident}")


async def _show(
    request: Request,
    typed: dict[str, str] | None = None,
    chosen: tuple[str, ...] = (),
    refused: Refused | None = None,
) -> Response:
    engine = engine_of(request)
    audiences = await list_audiences(engine)
    return page(
        request,
        "open",
        "Open an incident",
        refused.status if refused else 200,
        playbooks=await asyncio.to_thread(installed, engine.settings),
        audiences=[one for one in audiences if one.name != SUBSCRIBERS],
        typed=typed or {"playbook": "", "slug": "", "title": "", "severity": ""},
        severities=list(Severity),
        chosen=chosen,
        arriving=being_imported(await imports_of(request).all()),
        refusal=refused.explanation if refused else None,
    )
