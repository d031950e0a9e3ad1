"""Webhooks: the other systems that are told what happens, and whether they take it."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client import webhooks
from client.second_person import refuse_unvouched
from client.webhooks import MadeSecret
from domain.actor import Surface
from domain.endpoint import LONGEST_URL
from domain.outbox import ItemState, in_words
from domain.webhook_events import CHOICES
from surfaces.console.access import engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)

HERE = "/administration/webhooks"
ONE = HERE + "/{endpoint}"
ANSWERED_SOON = timedelta(seconds=5)
"""How long a page waits for what came of a test; later it is on the endpoint's page."""

_STATES = {
    ItemState.WAITING: ("waiting", "waits"),
    ItemState.ACCEPTED: ("good", "taken"),
    ItemState.SET_ASIDE: ("refused", "set aside"),
}


@router.get(HERE)
async def show(request: Request) -> Response:
    """Every endpoint, and the form for a new one."""
    return await _show(request, {})


@router.post(HERE)
async def add(
    request: Request,
    url: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    event: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Tell another system from now on. Its secret is in this answer and nowhere else."""
    made = await attempted(_added(request, url, name.strip(), event or []))
    if isinstance(made, Refused):
        return await _show(request, {"url": url, "name": name, "events": event or []}, made)
    return _secret(request, made.endpoint, made.secret)


@router.get(ONE)
async def show_one(request: Request, endpoint: str) -> Response:
    """One endpoint, what it was sent last, and what can be done."""
    return await _show_one(request, endpoint)


@router.post(ONE + "/rotations")
async def rotate(request: Request, endpoint: str) -> Response:
    """Make a new secret. It is in this answer and nowhere else."""
    made = await attempted(_rotated(request, endpoint))
    if isinstance(made, Refused):
        return await _show_one(request, endpoint, made)
    return _secret(request, endpoint, made.secret, rotated=True)


@router.post(ONE + "/tests")
async def test(request: Request, endpoint: str) -> Response:
    """Send it an event that tells of nothing."""
    return await _done(
        request, endpoint, webhooks.ping(engine_of(request), endpoint, ANSWERED_SOON)
    )


@router.post(ONE + "/replays")
async def replay(request: Request, endpoint: str, event: Annotated[str, Form()] = "") -> Response:
    """Send again one event or what was set aside, and at once what waits."""
    return await _done(
        request, endpoint, webhooks.replay(engine_of(request), endpoint, event_id=event)
    )


@router.post(ONE + "/disablings")
async def disable(request: Request, endpoint: str) -> Response:
    """Send it nothing until it is enabled."""
    by = session(request).person.id
    work = webhooks.disable_endpoint(engine_of(request), endpoint, by=by, surface=Surface.CONSOLE)
    return await _done(request, endpoint, work)


@router.post(ONE + "/enablings")
async def enable(request: Request, endpoint: str) -> Response:
    """Go on, beginning with what waits."""
    by = session(request).person.id
    work = webhooks.enable_endpoint(engine_of(request), endpoint, by=by, surface=Surface.CONSOLE)
    return await _done(request, endpoint, work)


@router.get(ONE + "/remove")
async def ask_to_remove(request: Request, endpoint: str) -> Response:
    """The question before it."""
    looked = await webhooks.look_at_endpoint(engine_of(request), endpoint)
    return page(request, "remove_webhook", f"Remove {endpoint}", one=looked.endpoint)


@router.post(ONE + "/removal")
async def take_removal(request: Request, endpoint: str) -> Response:
    """Tell it nothing more, and forget what waits for it."""
    by = session(request).person.id
    removed = await attempted(
        webhooks.remove_endpoint(engine_of(request), endpoint, by=by, surface=Surface.CONSOLE)
    )
    return await _show(request, {}, removed) if isinstance(removed, Refused) else see(HERE)


async def _added(request: Request, url: str, name: str, events: list[str]) -> MadeSecret:
    engine, now = engine_of(request), session(request)
    refuse_unvouched(engine.settings, now, "have another system told")
    return await webhooks.add_endpoint(
        engine, url, name=name, events=events, by=now.person.id, surface=Surface.CONSOLE
    )


async def _rotated(request: Request, endpoint: str) -> MadeSecret:
    engine, now = engine_of(request), session(request)
    refuse_unvouched(engine.settings, now, "make a secret")
    return await webhooks.rotate_secret(engine, endpoint, by=now.person.id, surface=Surface.CONSOLE)


async def _done(request: Request, endpoint: str, work: Awaitable[object]) -> Response:
    done = await attempted(work)
    if isinstance(done, Refused):
        return await _show_one(request, endpoint, done)
    return see(ONE.format(endpoint=endpoint))


def _secret(request: Request, endpoint: str, secret: str, *, rotated: bool = False) -> Response:
    then = "The other system verifies with it that webhooks come from here."
    if rotated:
        then += " For the next 24 hours they are signed with the old one, too."
    return page(
        request,
        "secret",
        f"Secret of {endpoint}",
        back=(ONE.format(endpoint=endpoint), endpoint),
        secret=secret,
        what="secret",
        then=then,
    )


async def _show(
    request: Request, typed: dict[str, object], refused: Refused | None = None
) -> Response:
    return page(
        request,
        "webhooks",
        "Webhooks",
        refused.status if refused else 200,
        endpoints=await webhooks.list_endpoints(engine_of(request)),
        events=[one.value for one in CHOICES],
        typed={"url": "", "name": "", "events": []} | typed,
        most=LONGEST_URL,
        refusal=refused.explanation if refused else None,
    )


async def _show_one(request: Request, endpoint: str, refused: Refused | None = None) -> Response:
    looked = await webhooks.look_at_endpoint(engine_of(request), endpoint)
    return page(
        request,
        "webhook",
        f"Webhooks to {endpoint}",
        refused.status if refused else 200,
        one=looked.endpoint,
        items=[(item, *_STATES[item.state], _ended(item)) for item in looked.items],
        refusal=refused.explanation if refused else None,
    )


def _ended(item: webhooks.ItemRow) -> str:
    return "" if item.ended is None else in_words(item.ended, item.status)
