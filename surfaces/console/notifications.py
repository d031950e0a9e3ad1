"""One's own notifications: what one is asked for, acknowledging it, and where they arrive."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from client.contact_tests import TestedMethod, TestState, begin_tests, methods_of
from client.devices import add_device, devices_of, push_key, remove_device
from client.notifications import acknowledge, notification_of, step_of
from domain.abilities import Ability
from domain.notifications import NotificationState
from surfaces.console.abilities import lacking
from surfaces.console.access import engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)

HERE = "/notifications"
_LOOKS = {
    TestState.NEVER_TESTED: ("waiting", "not tested yet"),
    TestState.WAITING: ("waiting", "sent; nobody has acknowledged it yet"),
    TestState.ACKNOWLEDGED: ("good", "works"),
    TestState.NOT_ACKNOWLEDGED: ("refused", "nobody acknowledged the test"),
    TestState.FAILED: ("refused", "failed"),
}
_STATES = {
    NotificationState.WAITING: ("waiting", "waits for you"),
    NotificationState.HANDED_OVER: ("waiting", "waits for you"),
    NotificationState.UNREACHABLE: ("waiting", "waits for you"),
    NotificationState.ACKNOWLEDGED: ("good", "acknowledged"),
    NotificationState.ENDED: ("good", "settled"),
}


@router.get("/n/{code}")
async def show(request: Request, code: str) -> Response:
    """What the link in a notification is about. Changes nothing."""
    return await _show(request, code)


@router.post("/n/{code}/acknowledgement")
async def take_acknowledgement(request: Request, code: str) -> Response:
    """Notify this person no more about it."""
    person = session(request).person.id
    done = await attempted(acknowledge(engine_of(request), person, code))
    return await _show(request, code, done) if isinstance(done, Refused) else see(f"/n/{code}")


@router.get(HERE)
async def show_all(request: Request) -> Response:
    """Where this person's notifications arrive, and how the tests of that went."""
    return await _show_all(request)


@router.post(HERE + "/devices")
async def take_device(
    request: Request,
    endpoint: Annotated[str, Form()] = "",
    p256dh: Annotated[str, Form()] = "",
    auth: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """Have this browser receive them, too."""
    work = add_device(
        engine_of(request),
        session(request).person.id,
        endpoint=endpoint,
        p256dh=p256dh,
        auth=auth,
        name=name,
    )
    return await _done(request, work)


@router.post(HERE + "/devices/{device}/removal")
async def take_removal(request: Request, device: str) -> Response:
    """Send nothing to that browser any more."""
    person = session(request).person.id
    return await _done(request, remove_device(engine_of(request), person, device))


@router.post(HERE + "/tests")
async def test_mine(request: Request) -> Response:
    """Send this person a test by each of their methods."""
    return await _done(request, begin_tests(engine_of(request), session(request).person.id))


@router.post(HERE + "/tests-of-all")
async def test_everybody(request: Request) -> Response:
    """Send everybody a test by each of their methods."""
    return await _done(request, begin_tests(engine_of(request)))


async def _done(request: Request, work: Awaitable[object]) -> Response:
    done = await attempted(work)
    return await _show_all(request, done) if isinstance(done, Refused) else see(HERE)


async def _show(request: Request, code: str, refused: Refused | None = None) -> Response:
    mine = await notification_of(engine_of(request), session(request).person.id, code)
    things = [(one, *_STATES[one.state], step_of(one)) for one in mine.things]
    return page(
        request,
        "notification",
        mine.things[0].title if len(mine.things) == 1 else "What waits for you",
        refused.status if refused else 200,
        mine=mine,
        things=things,
        refusal=refused.explanation if refused else None,
    )


async def _show_all(request: Request, refused: Refused | None = None) -> Response:
    engine, person = engine_of(request), session(request).person
    administrates = lacking(request, Ability.ADMINISTRATE) is None
    methods = await methods_of(engine, "" if administrates else person.id)
    others = [one for one in methods if one.person != person.id]
    unset: dict[str, list[TestedMethod]] = {}
    for one in others:
        if one.not_set_up:
            unset.setdefault(one.shown, []).append(one)
    return page(
        request,
        "notifications",
        "Your notifications",
        refused.status if refused else 200,
        mine=[(one, *_LOOKS[one.state]) for one in methods if one.person == person.id],
        others=[(one, *_LOOKS[one.state]) for one in others if not one.not_set_up],
        unset=unset,
        devices=await devices_of(engine, person.id),
        key=await push_key(engine),
        administrates=administrates,
        refusal=refused.explanation if refused else None,
    )
