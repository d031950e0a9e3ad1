"""Notifications: who was notified in an incident, and acknowledging one's own."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import Field

from client.notifications import SeenNotification, acknowledge
from client.notified import Notified, who_was_notified
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Shown, SlugInPath, Time

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


class NotificationAttempt(Shown):
    """One attempt to hand it over. `ended` is `handed_over` or why not; empty while under way.

    `method` is the name of a contact method; there is no address.
    """

    method: str
    at: Time
    ended: str
    in_words: str


class PersonNotified(Shown):
    """One person and one thing. `ended_at` is set once nobody has to act any more."""

    person: str
    about: str
    reason: str
    subject: str
    message: int | None
    due: Time | None
    state: Literal["waiting", "handed_over", "acknowledged", "unreachable", "ended"]
    since: Time
    attempts: list[NotificationAttempt] = Field(description="The newest, the oldest of them first.")
    handed_at: Time | None
    acknowledged_at: Time | None
    ending: str
    ended_by: str
    ended_at: Time | None


class PeopleNotified(Shown):
    """Who was notified in an incident, whoever is still asked first. `more`: older ones exist."""

    incident: str
    as_of: Time
    people: list[PersonNotified]
    more: bool

    @classmethod
    def of(cls, found: Notified) -> PeopleNotified:
        """The same for the wire."""
        people = [PersonNotified(**one.model_dump()) for one in found.people]
        return cls(incident=found.incident, as_of=found.at, people=people, more=found.more)


@router.get("/incidents/{slug}/notifications")
async def read_notified_people(request: Request, slug: SlugInPath) -> PeopleNotified:
    """Who was notified about what, by which methods, and who has acknowledged."""
    return PeopleNotified.of(await who_was_notified(engine_of(request), slug))


@router.post("/notifications/{code}/acknowledge", status_code=201)
async def acknowledge_notification(request: Request, code: str) -> AcknowledgedNotification:
    """Notify the token's person no more about what this code names. It decides nothing."""
    done = await acknowledge(engine_of(request), actor(request).person, code)
    return AcknowledgedNotification(
        code=done.code, before=done.before, things=[NotifiedAbout.of(one) for one in done.things]
    )
