"""Notifications of the token's person: acknowledging one."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request

from client.notifications import SeenNotification, acknowledge
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Shown, Time

router = APIRouter(route_class=Resource, prefix=BASE, tags=["notifications"])


class NotifiedAbout(Shown):
    """One thing that the token's person was notified about.

    `ending`, `ended_by` and `ended_at` are set once nobody has to act any more.
    """

    incident: str
    about: str
    reason: str
    message: int | None
    state: Literal["waiting", "handed_over", "acknowledged", "unreachable", "ended"]
    acknowledged_at: Time | None
    ending: str
    ended_by: str
    ended_at: Time | None

    @classmethod
    def of(cls, one: SeenNotification) -> NotifiedAbout:
        """The same for the wire."""
        names = set(cls.model_fields)
        return cls(**one.model_dump(include=names))


class AcknowledgedNotification(Shown):
    """What was acknowledged; `before` if it was acknowledged or settled already."""

    code: str
    before: bool
    things: list[NotifiedAbout]


@router.post("/notifications/{code}/acknowledge", status_code=201)
async def acknowledge_notification(request: Request, code: str) -> AcknowledgedNotification:
    """Notify the token's person no more about what this code names. It decides nothing."""
    done = await acknowledge(engine_of(request), actor(request).person, code)
    return AcknowledgedNotification(
        code=done.code, before=done.before, things=[NotifiedAbout.of(one) for one in done.things]
    )
