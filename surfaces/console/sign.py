"""Signing: one message on one screen, exactly as it goes out, and a decision on exactly that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from client.asking import incident_status
from client.copy_length import CopyLength, length_of
from client.errors import WrongInput
from client.incident_view import IncidentView
from client.messages import decide, message_of, read_message
from client.passkey_browser import unusable_at
from client.passkeys import finish_signing, has_passkey
from client.patience import soon
from client.revision_changes import changes_of
from client.saved_replies import compared, reply_rules
from client.signing import MaySign, may_sign
from client.stopping import stop_in_force
from domain.errors import DecisionRefused
from domain.explanation import Explanation, explained
from domain.gate import GateState, Verdict
from domain.message import Copy, Document
from domain.message_state import MessagePhase
from domain.status import Decided, MessageStatus
from domain.stopping import Stop
from surfaces.console.abilities import why_only_reading
from surfaces.console.access import actor, engine_of, only_reads, origin, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.live import feed_of, streamed
from surfaces.console.rendering import page, part, see
from surfaces.console.wording import kind_words

MAIL_CSP = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
"""For the page of a mail alone, which cannot run a script, send a form or load anything."""

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}/messages/{number}/sign")
async def show_message(request: Request, slug: str, number: int) -> Response:
    """The message as it would go out."""
    return await _show(request, slug, number)


@router.get("/incidents/{slug}/messages/{number}/sign/live")
async def show_standing(request: Request, slug: str, number: int, digest: str) -> Response:
    """Whether what is being read can still be signed."""

    def render(seen: IncidentView) -> str:
        stopped = seen.look.status.stopped if seen.look else None
        message = _message(seen, number)
        standing = _standing(request, slug, message, digest, proves)
        return part(request, "standing", stopped=stopped, **standing)

    feed = feed_of(request, slug)
    await feed.recent()
    proves = await has_passkey_here(request)
    key = ("sign", number, digest, session(request).person.id, proves)
    return streamed(request, feed, key, render)


@router.get("/incidents/{slug}/messages/{number}/mail/{place}")
async def show_mail(request: Request, slug: str, number: int, place: int) -> Response:
    """A mail as its readers see it, for a frame that can do nothing."""
    _, document = await soon(read_message(engine_of(request), slug, number))
    if not 0 <= place < len(document.copies) or not document.copies[place].html:
        raise WrongInput("There is no such mail.", "Go back to the message.")
    return HTMLResponse(document.copies[place].html, headers={"Content-Security-Policy": MAIL_CSP})


@router.post("/incidents/{slug}/messages/{number}/decisions")
async def take_decision(
    request: Request,
    slug: str,
    number: int,
    digest: Annotated[str, Form()] = "",
    verdict: Annotated[Verdict | None, Form()] = None,
    reason: Annotated[str, Form()] = "",
    token: Annotated[str, Form()] = "",
    answer: Annotated[str, Form()] = "",
) -> Response:
    """Approve or reject exactly what was shown, perhaps as a passkey has signed it."""
    rejecting = verdict is Verdict.REJECT
    missing = incomplete(verdict, reason)
    if missing is not None:
        return await _show(request, slug, number, missing, reason, rejecting=rejecting)
    assert verdict is not None

    async def work() -> Decided:
        proof = await finish_signing(engine_of(request), token, answer) if token else ""
        return await decide(
            engine_of(request),
            slug,
            actor=actor(request),
            digest=digest,
            message=number,
            verdict=verdict,
            reason=reason.strip(),
            proof=proof,
        )

    decided = await attempted(work())
    if isinstance(decided, Refused):
        return await _show(request, slug, number, decided, reason, rejecting=rejecting)
    if decided.gate is GateState.WAITING:
        return see(f"/incidents/{slug}/messages/{number}/sign")
    return see(f"/incidents/{slug}#message-{number}")


def incomplete(verdict: Verdict | None, reason: str) -> Refused | None:
    """Why this is no decision yet; None if it is one."""
    if verdict is None:
        return Refused(explained("Nothing was decided.", "Press Approve or Reject."), 422)
    if verdict is Verdict.REJECT and not reason.strip():
        why = explained("A rejection needs a reason.", "Write what has to change.")
        return Refused(why, 422)
    return None


async def _show(
    request: Request,
    slug: str,
    number: int,
    refused: Refused | None = None,
    reason: str = "",
    *,
    rejecting: bool = False,
) -> Response:
    message, document = await soon(read_message(engine_of(request), slug, number))
    return page(
        request,
        "sign",
        f"Message {number}: {kind_words(message.kind)}",
        refused.status if refused else 200,
        document=document,
        copies=await _copies(document),
        held=await _held(request, slug, message),
        compared=await compared(engine_of(request), document),
        changes=await changes_of(engine_of(request), document),
        refusal=refused.explanation if refused else None,
        reason=reason,
        rejecting=rejecting,
        stopped=await _stopped(request, slug),
        **_standing(request, slug, message, message.digest, await has_passkey_here(request)),
    )


async def has_passkey_here(request: Request) -> bool:
    """Whether this person can sign with a passkey here."""
    return await has_passkey(engine_of(request), session(request).person.id, origin(request))


def _standing(
    request: Request, slug: str, message: MessageStatus | None, digest: str, proves: bool
) -> dict[str, Any]:
    """What the live part reads: who has signed, who is missing, what this person may do."""
    person = session(request).person
    may, old = MaySign(), None
    if message is not None:
        may = may_sign(
            slug,
            message,
            person.id,
            person.roles,
            datetime.now(UTC),
            proves=proves,
            unusable=unusable_at(origin(request)),
        )
        old = overtaken(message, digest)
    if only_reads(request) and (may.approve or may.reject):
        may = MaySign(why_not=why_only_reading(request))
    return {
        "slug": slug,
        "message": message,
        "digest": digest,
        "may": MaySign(why_not=old) if old else may,
        "overtaken": old,
    }


async def _stopped(request: Request, slug: str) -> Stop | None:
    return await stop_in_force(engine_of(request), slug)


def overtaken(message: MessageStatus, digest: str) -> Explanation | None:
    """That the words with this digest are not the newest; None if they are."""
    if message.digest == digest:
        return None
    return explained(
        f"This was revised while you read it: revision {message.revision} is the newest.",
        "Open the message again, and read it as it is now.",
        means="What is below will not go out, and cannot be signed any more.",
    )


async def message_to_sign(request: Request, slug: str, number: int, digest: str) -> MessageStatus:
    """The message as it is; ``DecisionRefused`` if its words have another digest by now."""
    message = message_of(await soon(incident_status(engine_of(request), slug)), number)
    old = overtaken(message, digest)
    if old is not None:
        raise DecisionRefused.of(old)
    return message


def _message(seen: IncidentView, number: int) -> MessageStatus | None:
    return message_of(seen.look.status, number) if seen.look else None


async def _held(request: Request, slug: str, message: MessageStatus) -> dict[str, Explanation]:
    """Why saved replies that are in force cannot be sent, by their names."""
    if message.phase is not MessagePhase.IN_FORCE:
        return {}
    view = await reply_rules(engine_of(request), slug)
    return {one.name: one.why_not for one in view.saved if one.why_not} if view else {}


async def _copies(document: Document) -> list[tuple[int, Copy, CopyLength]]:
    """Each copy with its place in the document and its length, the shortest first."""
    found = [(place, copy, await length_of(copy)) for place, copy in enumerate(document.copies)]
    return sorted(found, key=lambda one: len(one[1].text))
