"""Administration: what everybody signs, asks and is signed in with, and the record of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.administration import (
    administration,
    credential_of,
    end_sessions,
    remove_credential,
)
from client.installation import (
    PAGE,
    as_json,
    newest_entries,
    read_installation,
    verify_installation,
)
from client.second_person import confirm_passkey
from client.tokens import remove_token, token_of
from domain.actor import Surface
from surfaces.console.access import engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)

HERE = "/administration"


@router.get(HERE)
async def show(request: Request) -> Response:
    """Everybody, and the newest entries of the record."""
    return await _show(request)


@router.get(HERE + "/credentials/{credential}/remove")
async def ask_to_remove(request: Request, credential: str) -> Response:
    """The question before it."""
    found = await credential_of(engine_of(request), credential)
    title = f"Remove a {found.credential.kind} of {found.credential.person}"
    return page(request, "remove_credential", title, one=found)


@router.post(HERE + "/credentials/{credential}/removal")
async def take_removal(request: Request, credential: str) -> Response:
    """Remove it, at once and for good."""
    by = session(request).person.id
    removed = await attempted(remove_credential(engine_of(request), credential, by=by))
    return await _show(request, removed) if isinstance(removed, Refused) else see(HERE)


@router.post(HERE + "/credentials/{credential}/confirmation")
async def take_confirmation(request: Request, credential: str) -> Response:
    """Let a passkey that waits count."""
    done = await attempted(confirm_passkey(engine_of(request), credential, session(request)))
    return await _show(request, done) if isinstance(done, Refused) else see(HERE)


@router.get(HERE + "/tokens/{token}/remove")
async def ask_to_remove_token(request: Request, token: str) -> Response:
    """The question before it."""
    found = await token_of(engine_of(request), token)
    title = f"Remove a token of {found.person}"
    return page(request, "remove_token", title, one=found)


@router.post(HERE + "/tokens/{token}/removal")
async def take_token_removal(request: Request, token: str) -> Response:
    """Remove it, at once and for good."""
    by = session(request).person.id
    removed = await attempted(
        remove_token(engine_of(request), token, by=by, surface=Surface.CONSOLE)
    )
    return await _show(request, removed) if isinstance(removed, Refused) else see(HERE)


@router.post(HERE + "/session-ends")
async def take_ends(
    request: Request,
    named: Annotated[str, Form(alias="session")] = "",
    person: Annotated[str, Form()] = "",
) -> Response:
    """End one session, or all of a person. They may sign in again."""
    by = session(request).person.id
    ended = await attempted(end_sessions(engine_of(request), by=by, session=named, person=person))
    return await _show(request, ended) if isinstance(ended, Refused) else see(HERE)


@router.get(HERE + "/record")
async def show_record(request: Request, before: int | None = None) -> Response:
    """The installation's record, the newest first, page by page."""
    found = await newest_entries(engine_of(request), before)
    more = found[-1].link if len(found) == PAGE and found[-1].link > 1 else None
    return page(
        request,
        "installation",
        "Record of the installation",
        entries=found,
        more=more,
        checked=await verify_installation(engine_of(request)),
    )


@router.post(HERE + "/exports")
async def export_record(request: Request) -> Response:
    """The whole record as a file, with all that verifying it needs.

    A POST, as for every file: whatever opens all links downloads nothing.
    """
    record = await read_installation(engine_of(request))
    disposition = 'attachment; filename="installation-record.json"'
    return Response(
        as_json(record),
        media_type="application/json",
        headers={"Content-Disposition": disposition},
    )


async def _show(request: Request, refused: Refused | None = None) -> Response:
    return page(
        request,
        "administration",
        "Administration",
        refused.status if refused else 200,
        all=await administration(engine_of(request)),
        mine=session(request).handle,
        refusal=refused.explanation if refused else None,
    )
