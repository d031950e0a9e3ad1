"""Files to download: the record of an incident, its codes, and who got what.

Each is asked for by a form, so that nobody takes one by opening a link, and each is entered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import Response, StreamingResponse

from client.codes import count_codes, export_codes
from client.engine import Engine
from client.exports import MadeFile, export_arrivals, made
from client.file_entries import FileEntry, enter
from client.incidents import refuse_unknown
from client.mail_progress import planned_mails
from client.record_file import export_record
from domain.installation import Happened
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page

_CSV = "text/csv; charset=utf-8"
_MEDIA_TYPES = {"json": "application/json", "md": "text/markdown; charset=utf-8"}

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/files")
async def show_exports(request: Request, slug: str) -> Response:
    """What there is to download."""
    return await _show(request, slug)


@router.post("/incidents/{slug}/files/record")
async def take_record(request: Request, slug: str) -> Response:
    """The sealed record, which anybody can verify."""
    engine = engine_of(request)
    return await _taken(
        request, slug, Happened.RECORD_EXPORTED, "record.json", partial(_record, engine, slug)
    )


@router.post("/incidents/{slug}/files/codes")
async def take_codes(
    request: Request, slug: str, as_mailed: Annotated[bool, Form()] = False
) -> Response:
    """Every code that was given out, for the shop."""
    work = partial(export_codes, engine_of(request), slug, as_mailed=as_mailed)
    return await _taken(request, slug, Happened.CODES_EXPORTED, "codes.csv", work)


@router.post("/incidents/{slug}/files/arrivals")
async def take_arrivals(request: Request, slug: str) -> Response:
    """Every mail to every recipient, and what became of it."""
    work = partial(export_arrivals, engine_of(request), slug)
    return await _taken(request, slug, Happened.ARRIVALS_EXPORTED, "recipients.csv", work)


async def handed_out(
    request: Request,
    act: Happened,
    about: str,
    name: str,
    work: Callable[[Path], Awaitable[int]],
) -> Response:
    """The file that ``work`` writes, as a download; entered before anything of it leaves."""
    engine = engine_of(request)
    file = await made(engine, work)
    await enter(engine, FileEntry(act=act, actor=actor(request), about=about, rows=file.rows))
    return _download(file, name)


async def _taken(
    request: Request,
    slug: str,
    act: Happened,
    name: str,
    work: Callable[[Path], Awaitable[int]],
) -> Response:
    done = await attempted(handed_out(request, act, slug, f"{slug}-{name}", work))
    return await _show(request, slug, done) if isinstance(done, Refused) else done


async def _record(engine: Engine, slug: str, path: Path) -> int:
    return len((await export_record(engine, slug, path)).entries)


def _download(file: MadeFile, name: str) -> Response:
    # A rejects file is named after the file that was brought, whatever its letters.
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "Content-Length": str(file.size),
        "Cache-Control": "no-store",
    }
    media_type = _MEDIA_TYPES.get(name.rpartition(".")[2], _CSV)
    return StreamingResponse(file.chunks(), headers=headers, media_type=media_type)


async def _show(request: Request, slug: str, refused: Refused | None = None) -> Response:
    engine = engine_of(request)
    await refuse_unknown(engine, slug)
    return page(
        request,
        "exports",
        f"Files of {slug}",
        refused.status if refused else 200,
        slug=slug,
        codes=await count_codes(engine, slug),
        mails=await planned_mails(engine, slug),
        refusal=refused.explanation if refused else None,
    )
