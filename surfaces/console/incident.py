"""One incident: stages, the promise, each message with its channels, what to do next."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from client.deadlines import read_deadlines
from client.desk import open_mentions
from client.errors import UnknownIncident
from client.facts import facts_of
from client.incident_view import IncidentView
from client.mail_progress import MailProgress, under_way
from client.next_steps import next_steps
from client.notified import Notified, who_was_notified
from client.patience import soon
from client.timeline import Verified
from domain.deadlines import DeadlineState
from domain.explanation import Action, NextStep
from domain.facts import COPY_FACTS
from domain.message_state import MessagePhase
from domain.notifications import NotificationState
from domain.publication import Outcome
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus
from surfaces.console.access import engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.live import feed_of, streamed
from surfaces.console.rendering import page, part

VERIFIED_WITHIN = timedelta(seconds=2)
"""How long the page waits for the record to be verified; its own page waits longer."""

NOTIFIED_STATES = {
    NotificationState.WAITING: ("waiting", "not sent yet"),
    NotificationState.HANDED_OVER: ("waiting", "no answer yet"),
    NotificationState.UNREACHABLE: ("refused", "not reached"),
    NotificationState.ACKNOWLEDGED: ("good", "acknowledged"),
    NotificationState.ENDED: ("settled", "settled"),
}

router = APIRouter(route_class=Page)


@router.get("/incidents/{slug}")
async def show_incident(request: Request, slug: str) -> Response:
    """The incident as it is."""
    verifying = asyncio.ensure_future(_verified(request, slug))
    try:
        seen = await feed_of(request, slug).look()
    finally:
        # Also if there is no such incident: what still reads the ledger must not outlive the page.
        await asyncio.wait([verifying])
    verified = await verifying
    title = seen.look.status.title if seen.look else seen.ledger.row.title if seen.ledger else slug
    return page(
        request,
        "incident",
        title,
        slug=slug,
        known=await _facts(request, seen),
        verified=verified,
        said=await _said(request, slug),
        late=await _late(request, slug),
        notified=await _notified(request, slug),
        notified_states=NOTIFIED_STATES,
        **context(seen, session(request).person.id),
    )


@router.get("/incidents/{slug}/live")
async def show_live(request: Request, slug: str) -> Response:
    """What changes of it, as it changes."""
    person = session(request).person.id
    feed = feed_of(request, slug)
    await feed.recent()
    return streamed(
        request,
        feed,
        ("incident", person),
        lambda seen: part(request, "incident", **context(seen, person)),
    )


def context(seen: IncidentView, person: str) -> dict[str, Any]:
    """What the live part reads."""
    status = seen.look.status if seen.look else None
    return {
        "view": seen,
        "person": person,
        "stages": list(Stage),
        "became": {one.number: one.state.value for one in status.promises} if status else {},
        "steps": _steps(status) if status and seen.look and not seen.look.over else [],
        "mail_at": lambda message, outcome: _mail(seen, message, outcome),
        "under_way": under_way,
        "percent": _percent,
        "waits": lambda message: message.phase is MessagePhase.WAITING,
    }


def _steps(status: IncidentStatus) -> list[NextStep]:
    # The way back is in what says that everything is stopped.
    steps = [one for one in next_steps(status) if one.action is not Action.RESUME_ALL]
    # What is signed is read on the same page.
    signed = {one.message for one in steps if one.action is Action.DECIDE}
    steps = [
        one for one in steps if one.action is not Action.SHOW_COPY or one.message not in signed
    ]
    # While something goes out there is no most urgent step, and a new update is always possible.
    if not any(one.action in (Action.PROPOSE, Action.RECOVER_LEDGER) for one in steps):
        steps = [*steps, NextStep(action=Action.PROPOSE, incident=status.incident)]
    if not any(one.told for one in status.messages) and status.severity is not None:
        steps = [*steps, NextStep(action=Action.RELEASE, incident=status.incident)]
    return steps


def _mail(seen: IncidentView, message: MessageStatus, outcome: Outcome) -> MailProgress | None:
    place = (message.number, outcome.channel, outcome.audience)
    mails = seen.look.mails if seen.look else ()
    return next((one for one in mails if (one.message, one.channel, one.audience) == place), None)


def _percent(mail: MailProgress) -> int:
    """Rounded down: 100 % is a promise."""
    return int(100 * mail.counts.went_out / mail.to_send) if mail.to_send else 100


async def _facts(request: Request, seen: IncidentView) -> dict[str, str]:
    """What is known, by name; nothing if it cannot be read, since its own page says why."""
    if seen.look is None:
        return {}
    status = seen.look.status
    known = await attempted(facts_of(engine_of(request), status.incident, status.facts))
    if isinstance(known, Refused):
        return {}
    return {name: str(known.words[name]) for name in COPY_FACTS if known.words.get(name)}


async def _said(request: Request, slug: str) -> int | None:
    """How many mentions of it are open; None if the ledger cannot say."""
    found = await attempted(open_mentions(engine_of(request), slug))
    return None if isinstance(found, Refused) else found


async def _late(request: Request, slug: str) -> int:
    """How many deadlines to authorities have passed; their own page says why it cannot be told."""
    found = await attempted(read_deadlines(engine_of(request), slug))
    if isinstance(found, Refused):
        return 0
    return sum(one.state is DeadlineState.LATE for one in found.deadlines)


async def _notified(request: Request, slug: str) -> Notified | None:
    """Who was notified; None if the ledger cannot say."""

    async def read() -> Notified:
        try:
            return await who_was_notified(engine_of(request), slug)
        except UnknownIncident:
            # It enters itself in the list of incidents a moment after it is opened.
            return Notified(incident=slug, at=datetime.now(UTC), people=())

    found = await attempted(read())
    return None if isinstance(found, Refused) else found


async def _verified(request: Request, slug: str) -> Verified | None:
    found = await attempted(soon(feed_of(request, slug).verified(), VERIFIED_WITHIN))
    return None if isinstance(found, Refused) else found
