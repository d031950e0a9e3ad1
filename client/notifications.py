"""One's own notifications: what a code is about, and acknowledging it."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

from client.engine import Engine
from client.errors import WrongInput
from client.notifying import start_notifying
from domain.explanation import Action, NextStep
from domain.message import MessageKind
from domain.model import Value
from domain.notification_words import title_of
from domain.notifications import (
    NotificationReason,
    NotificationState,
    as_code,
    shown_code,
)
from domain.promise_clock import is_about_first_word
from domain.times import UtcTime
from store.notifications import entering, reading
from store.notifications.rows import Notification
from wiring import TemporalUnreachable


class SeenNotification(Value):
    """One thing that somebody is notified about, as that person sees it.

    ``title`` is what it is about, in a few words. ``ending``, ``ended_by`` and ``ended_at`` are set
    once nobody has to act any more.
    """

    incident: str
    about: str
    reason: NotificationReason
    title: str
    message: int | None
    method: str
    due: UtcTime | None
    state: NotificationState
    acknowledged_at: UtcTime | None
    ending: str
    ended_by: str
    ended_at: UtcTime | None


class MyNotifications(Value):
    """What a code names: one thing, or all that waits for its person in an incident."""

    code: str
    things: tuple[SeenNotification, ...]

    @property
    def open(self) -> bool:
        """Whether there is anything to acknowledge."""
        return any(one.state.open for one in self.things)


class Acknowledged(Value):
    """What was acknowledged; ``before`` if all of it was acknowledged or settled already."""

    code: str
    things: tuple[SeenNotification, ...]
    before: bool = False


class UnknownNotification(WrongInput):
    """There is no notification of that code for that person."""

    def __init__(self) -> None:
        super().__init__(
            "There is no notification of that code for you.",
            "Check the code, and that you are signed in as the person who was notified.",
            means="Nothing was acknowledged. A code works for nobody else.",
        )


async def notification_of(engine: Engine, person: str, code: str) -> MyNotifications:
    """What a code names for a person; ``UnknownNotification`` if it names nothing for them."""
    known = as_code(code)
    found = await reading.of_person(await engine.ledger(), person, known) if known else []
    if not found:
        raise UnknownNotification
    return MyNotifications(code=shown_code(known), things=_seen(found))


async def acknowledge(engine: Engine, person: str, code: str) -> Acknowledged:
    """Have a person be notified no more about what a code names, and nobody else be spared.

    ``UnknownNotification`` if it names nothing for them. Again it says the same.
    """
    known, ledger = as_code(code), await engine.ledger()
    done = await entering.acknowledge(ledger, person, known, datetime.now(UTC)) if known else []
    if not done:
        before = await notification_of(engine, person, code)
        return Acknowledged(code=before.code, things=before.things, before=True)
    # Its incident is told by the workers; without Temporal, as soon as it is back.
    with contextlib.suppress(TemporalUnreachable):
        await start_notifying(await engine.temporal())
    return Acknowledged(code=shown_code(known), things=_seen(done))


_ACTIONS = {
    NotificationReason.DECIDE: Action.SHOW_COPY,
    NotificationReason.PROMISE_NEAR: Action.PROPOSE,
    NotificationReason.PROMISE_DUE: Action.PROPOSE,
    NotificationReason.PROMISE_BROKEN: Action.PROPOSE,
    NotificationReason.FOLLOW_UP: Action.SHOW_FOLLOW_UP,
    NotificationReason.DEADLINE_NEAR: Action.SHOW_DEADLINES,
    NotificationReason.REVIEW: Action.REVIEW,
}


def step_of(one: SeenNotification) -> NextStep | None:
    """Where somebody goes from a notification; None for a contact test."""
    if not one.incident:
        return None
    action, about, message = _ACTIONS.get(one.reason, Action.SHOW_STATUS), "", one.message
    if action is Action.PROPOSE:
        first = is_about_first_word(one.about)
        kind = MessageKind.ANNOUNCEMENT if first else MessageKind.PROGRESS_UPDATE
        about, message = kind.value, None
    elif action in (Action.SHOW_COPY, Action.REVIEW) and message is None:
        action = Action.SHOW_STATUS
    return NextStep(action=action, incident=one.incident, message=message, about=about)


def _seen(found: list[Notification]) -> tuple[SeenNotification, ...]:
    """Each thing once, by its newest step."""
    newest = {one.about + one.method: one for one in found}
    return tuple(
        SeenNotification(
            incident=one.incident,
            about=one.about,
            reason=one.reason,
            title=title_of(one.reason),
            message=one.message,
            method=one.method,
            due=one.due,
            state=one.state,
            acknowledged_at=one.acknowledged_at,
            ending=one.ending.replace("_", " "),
            ended_by=one.ended_by,
            ended_at=one.ended_at,
        )
        for one in newest.values()
    )
