"""Deadlines to authorities: how they stand, what was told when, and fact sheets to file."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.deadlines import read_deadlines, read_fact_sheet, record_notified
from client.engine import Engine
from domain.deadlines import NOT_LEGAL_ADVICE
from domain.explanation import Explanation
from domain.fact_sheet import (
    INCOMPLETE_RATHER_THAN_LATE,
    due_in_words,
    in_markdown,
    in_zone,
    state_in_words,
)
from domain.installation import Happened
from surfaces.console.access import actor, engine_of
from surfaces.console.exports import handed_out
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)

_WORDS: dict[str, Any] = {"due": due_in_words, "state": state_in_words, "in_zone": in_zone}


@router.get("/incidents/{slug}/deadlines")
async def show_deadlines(request: Request, slug: str) -> Response:
    """Each deadline, and the form that records that it was met."""
    return await _show(request, slug)


@router.post("/incidents/{slug}/deadlines/notifications")
async def take_notification(
    request: Request,
    slug: str,
    step: Annotated[str, Form()] = "",
    at: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Record that the authority was told; nothing is sent to it."""
    work = record_notified(
        engine_of(request), slug, step, actor=actor(request), at=at, reason=reason
    )
    done = await attempted(work)
    typed = {"step": step, "at": at, "reason": reason}
    if isinstance(done, Refused):
        return await _show(request, slug, typed, done)
    if done.untold is not None:
        return await _show(request, slug, untold=done.untold)
    return see(f"/incidents/{slug}/deadlines#{done.deadline.step}")


@router.get("/incidents/{slug}/deadlines/{regulation}")
async def show_sheet(request: Request, slug: str, regulation: str) -> Response:
    """The fact sheet of one regulation."""
    sheet = await read_fact_sheet(engine_of(request), slug, regulation)
    return page(
        request,
        "fact_sheet",
        f"{sheet.name}: fact sheet",
        slug=slug,
        sheet=sheet,
        later=INCOMPLETE_RATHER_THAN_LATE,
        **_WORDS,
    )


@router.post("/incidents/{slug}/deadlines/{regulation}/files")
async def take_sheet(
    request: Request,
    slug: str,
    regulation: str,
    form: Annotated[Literal["md", "json"], Form()] = "md",
) -> Response:
    """The same as a file."""
    # Refused as a page if there is no such regulation.
    await read_fact_sheet(engine_of(request), slug, regulation)
    work = partial(_write, engine_of(request), slug, regulation, form)
    name = f"{slug}-{regulation}.{form}"
    return await handed_out(request, Happened.FACT_SHEET_EXPORTED, slug, name, work)


async def _write(engine: Engine, slug: str, regulation: str, form: str, path: Path) -> int:
    sheet = await read_fact_sheet(engine, slug, regulation)
    data = orjson.dumps(sheet.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    text = in_markdown(sheet).encode() if form == "md" else data
    await asyncio.to_thread(path.write_bytes, text)
    return len(sheet.answers)


async def _show(
    request: Request,
    slug: str,
    typed: dict[str, str] | None = None,
    refused: Refused | None = None,
    untold: Explanation | None = None,
) -> Response:
    view = await read_deadlines(engine_of(request), slug)
    return page(
        request,
        "deadlines",
        "Deadlines to authorities",
        refused.status if refused else 200,
        slug=slug,
        view=view,
        typed=typed or {},
        refusal=refused.explanation if refused else None,
        untold=untold,
        advice=NOT_LEGAL_ADVICE,
        **_WORDS,
    )
