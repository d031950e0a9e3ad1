"""Files: the record of an incident, its codes, who got what. Each is entered before it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from client.codes import export_codes
from client.engine import Engine
from client.exports import export_arrivals, made
from client.file_entries import FileEntry, enter
from client.record_file import export_record
from domain.installation import Happened
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import SlugInPath

router = APIRouter(route_class=Resource, prefix=f"{BASE}/incidents/{{slug}}", tags=["files"])

_CSV = "text/csv"
_JSON = "application/json"


def _file_of(media_type: str, schema: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": schema}}}}


@router.get(
    "/recipients.csv",
    response_class=Response,
    responses=_file_of(_CSV, {"type": "string"}),
)
async def download_recipients(request: Request, slug: SlugInPath) -> Response:
    """Every mail of an incident to every recipient, and what became of it, as a CSV file."""
    work = partial(export_arrivals, engine_of(request), slug)
    return await _handed_out(request, slug, Happened.ARRIVALS_EXPORTED, _CSV, work)


@router.get(
    "/record.json",
    response_class=Response,
    responses=_file_of(_JSON, {"type": "object"}),
)
async def download_record(request: Request, slug: SlugInPath) -> Response:
    """The sealed record of an incident, which anybody can verify: `frontfoot record verify`."""
    work = partial(_record, engine_of(request), slug)
    return await _handed_out(request, slug, Happened.RECORD_EXPORTED, _JSON, work)


@router.get(
    "/codes.csv",
    response_class=Response,
    responses=_file_of(_CSV, {"type": "string"}),
)
async def download_codes(
    request: Request,
    slug: SlugInPath,
    as_mailed: Annotated[bool, Query(description="With the dashes that mails show.")] = False,
) -> Response:
    """Every code that an incident has given out, for the shop, as a CSV file."""
    work = partial(export_codes, engine_of(request), slug, as_mailed=as_mailed)
    return await _handed_out(request, slug, Happened.CODES_EXPORTED, _CSV, work)


async def _record(engine: Engine, slug: str, path: Path) -> int:
    return len((await export_record(engine, slug, path)).entries)


async def _handed_out(
    request: Request,
    slug: str,
    act: Happened,
    media_type: str,
    work: Callable[[Path], Awaitable[int]],
) -> Response:
    engine = engine_of(request)
    file = await made(engine, work)
    await enter(engine, FileEntry(act=act, actor=actor(request), about=slug, rows=file.rows))
    headers = {"Content-Length": str(file.size)}
    return StreamingResponse(file.chunks(), headers=headers, media_type=media_type)
