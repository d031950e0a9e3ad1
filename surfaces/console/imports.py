"""Importing a file: the form, the file as it comes, how far it is, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.audiences import list_audiences
from client.codes import list_pools
from client.errors import ClientError, WrongInput
from client.file_imports.imports import FileImports
from client.file_imports.model import ImportKind, ImportOrder, ImportStanding
from domain.explanation import Explanation
from domain.installation import Happened
from domain.suppression import SuppressionReason
from surfaces.console.access import actor, engine_of
from surfaces.console.exports import handed_out
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.live import repeated
from surfaces.console.rendering import page, part, see
from surfaces.console.uploads import MOST_SHOWN, Form, discard, receive
from surfaces.console.wording import in_a_form

AT_ONCE = timedelta(seconds=1)
"""How long a form waits for its import: most files are in by then."""

EVERY = timedelta(seconds=1)

_TITLES = {
    ImportKind.AUDIENCE: "Import an audience",
    ImportKind.SUPPRESSIONS: "Import suppressions",
    ImportKind.CODES: "Import codes",
}

router = APIRouter(route_class=Page)


def imports_of(request: Request) -> FileImports:
    """The imports of this console."""
    imports: FileImports = request.app.state.imports
    return imports


def being_imported(imports: list[ImportStanding]) -> set[str]:
    """The audiences that are not whole: an import into them has not ended, or failed half-way."""
    return {
        one.kept.order.name
        for one in imports
        if one.kept.order.kind is ImportKind.AUDIENCE and (one.end is None or one.end.may_go_on)
    }


@router.get("/files/import")
async def show_form(request: Request, kind: str = "", name: str = "") -> Response:
    """The form for one kind of file."""
    return await _ask(request, {"kind": kind, "name": name})


@router.post("/files/imports")
async def take_file(request: Request) -> Response:
    """Keep the file, and import it in the background."""
    form = Form()
    begun = await attempted(_begin(request, form))
    if isinstance(begun, Refused):
        return await _ask(request, form.fields, begun)
    await imports_of(request).settled(begun, AT_ONCE)
    return see(f"/files/imports/{begun}")


@router.get("/files/imports/{import_id}")
async def show_import(request: Request, import_id: str) -> Response:
    """How far it is, or what came of it."""
    found = await imports_of(request).standing(import_id)
    return page(
        request, "import", f"Import of {found.kept.file_name}", **_context(found, refused=None)
    )


@router.get("/files/imports/{import_id}/live")
async def import_live(request: Request, import_id: str) -> Response:
    """The same, again and again."""

    async def render() -> str:
        found = await imports_of(request).standing(import_id)
        return part(request, "import", **_context(found, refused=None))

    await imports_of(request).standing(import_id)
    return repeated(request, render, EVERY)


@router.post("/files/imports/{import_id}/attempts")
async def take_attempt(request: Request, import_id: str) -> Response:
    """Go on with an import that failed half-way."""
    imports = imports_of(request)
    begun = await attempted(imports.go_on(import_id))
    if isinstance(begun, Refused):
        found = await imports.standing(import_id)
        title = f"Import of {found.kept.file_name}"
        return page(request, "import", title, begun.status, **_context(found, begun))
    await imports.settled(import_id, AT_ONCE)
    return see(f"/files/imports/{import_id}")


@router.post("/files/imports/{import_id}/rejects")
async def take_rejects(request: Request, import_id: str) -> Response:
    """The rejected rows with their reasons, as a file to correct and import."""
    imports = imports_of(request)
    found = await imports.standing(import_id)
    if not found.rejects or found.end is None or found.end.report is None:
        raise WrongInput("This import has no rejected rows.", "See what came of it.")
    rows = found.end.report.rejected
    return await handed_out(
        request,
        Happened.REJECTED_ROWS_EXPORTED,
        found.kept.order.name or found.kept.order.reason.value,
        f"{found.kept.file_name}.rejects.csv",
        partial(imports.copy_rejects, import_id, rows),
    )


async def _begin(request: Request, form: Form) -> str:
    """The id of the import that was begun; nothing is left of one that was not."""
    imports = imports_of(request)
    try:
        name = await imports.arrive()
    except ClientError:
        await discard(request)
        raise
    try:
        await receive(request, partial(imports.path_for, name), form)
        if form.file is None:
            raise WrongInput("No file was chosen.", "Choose a CSV file with a header row.")
        await imports.accept(name, form.file, _order(request, form))
    except BaseException:
        await imports.forget(name)
        raise
    return name


def _order(request: Request, form: Form) -> ImportOrder:
    reason = form.text("reason")
    return ImportOrder(
        kind=_kind(form.text("kind")),
        name=form.text("name"),
        column=form.text("column"),
        reason=SuppressionReason(reason)
        if reason in list(SuppressionReason)
        else SuppressionReason.UNSUBSCRIBED,
        why=form.text("why"),
        cleared=form.text("cleared") == "true",
        actor=actor(request),
    )


async def _ask(request: Request, typed: dict[str, str], refused: Refused | None = None) -> Response:
    engine, kind = engine_of(request), _kind(typed.get("kind", ""))
    known: list[str] = []
    in_doubt = False
    if kind is ImportKind.AUDIENCE:
        known = [one.name for one in await list_audiences(engine)]
    elif kind is ImportKind.CODES:
        pools = await list_pools(engine)
        known = [one.name for one in pools]
        in_doubt = any(one.in_doubt for one in pools)
    return page(
        request,
        "import_file",
        _TITLES[kind],
        _status(refused),
        kind=kind,
        known=known,
        in_doubt=in_doubt,
        reasons=list(SuppressionReason),
        typed={name: typed.get(name, "") for name in ("name", "column", "reason", "why")},
        most=MOST_SHOWN,
        refusal=refused.explanation if refused else None,
    )


def _kind(text: str) -> ImportKind:
    return ImportKind(text) if text in list(ImportKind) else ImportKind.AUDIENCE


def _status(refused: Refused | None) -> int:
    if refused is None:
        return 200
    # A name that cannot be one is input, whichever rule says so.
    return 422 if refused.status == 409 else refused.status


def _failure(found: ImportStanding) -> Explanation | None:
    """Why it failed, with the form's words for what the terminal calls an option."""
    why = found.end.failure if found.end is not None else None
    if why is None:
        return None
    step = why.next_step.model_copy(update={"advice": in_a_form(why.next_step.advice)})
    return why.model_copy(
        update={"what": in_a_form(why.what), "means": in_a_form(why.means), "next_step": step}
    )


def _context(found: ImportStanding, refused: Refused | None) -> dict[str, Any]:
    return {
        "one": found,
        "in_a_form": in_a_form,
        "failure": _failure(found),
        "refusal": refused.explanation if refused else None,
    }
