"""Who was notified about what in an incident, by which method, and what came of it.

Names of people and of their methods, and times. No address, no code, and no words of a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from client.engine import Engine
from client.errors import UnknownIncident
from domain.ids import check_slug
from domain.model import Value
from domain.notification_words import subject_of
from domain.notifications import DeliveryEnd, NotificationReason, NotificationState
from domain.times import UtcTime
from store.notifications import reading
from store.notifications.reading import Attempt
from store.notifications.rows import Notification
from store.notifications.sending import LOST_AFTER
from store.record import incidents

MOST = 200
"""Notifications of an incident that are read, the newest."""

_ATTEMPTS = 3
"""Attempts at each that are shown, the newest: what was tried before is like them."""


class SeenAttempt(Value):
    """One attempt to hand it over; ``in_words`` is how it ended."""

    method: str
    at: UtcTime
    ended: DeliveryEnd
    in_words: str


class NotifiedPerson(Value):
    """One person and one thing, over all steps of its escalation.

    ``subject`` is what it is about, in a few words. ``attempts`` are the newest, the oldest of them
    first. ``ending``, ``ended_by`` and ``ended_at`` are set once nobody has to
    act any more.
    """

    person: str
    about: str
    reason: NotificationReason
    subject: str
    message: int | None
    due: UtcTime | None
    state: NotificationState
    since: UtcTime
    attempts: tuple[SeenAttempt, ...]
    handed_at: UtcTime | None
    acknowledged_at: UtcTime | None
    ending: str
    ended_by: str
    ended_at: UtcTime | None


class Notified(Value):
    """Everybody who was notified in an incident, whoever is still asked first, then the newest.

    ``more``: there were others before, of whom nothing is said here.
    """

    incident: str
    at: UtcTime
    people: tuple[NotifiedPerson, ...]
    more: bool = False


async def who_was_notified(engine: Engine, slug: str) -> Notified:
    """Read from the ledger alone; ``UnknownIncident`` if there is none."""
    ledger = await engine.ledger()
    if await incidents.find(ledger, check_slug(slug)) is None:
        raise UnknownIncident(slug)
    found = await reading.newest_of_incident(ledger, slug, MOST)
    attempts = await reading.attempts_at(ledger, [one.id for one in found], newest=_ATTEMPTS)
    groups: dict[tuple[str, str], list[Notification]] = {}
    for one in found:
        groups.setdefault((one.about, one.person), []).append(one)
    now = datetime.now(UTC)
    people = [_person(steps, attempts, now) for steps in groups.values()]
    people.sort(key=lambda one: (one.since, one.person), reverse=True)
    # Whoever is still being asked comes first.
    people.sort(key=lambda one: one.ended_at is not None)
    return Notified(incident=slug, at=now, people=tuple(people), more=len(found) == MOST)


def _person(
    steps: Sequence[Notification], attempts: Iterable[Attempt], now: datetime
) -> NotifiedPerson:
    """``steps`` are the oldest first; the newest of them says how it stands."""
    newest, ids = steps[-1], {one.id for one in steps}
    # One message may have been about several steps at once.
    tried = list(
        dict.fromkeys(
            SeenAttempt(method=one.method, at=one.at, ended=one.ended, in_words=_words(one, now))
            for one in attempts
            if one.notification in ids
        )
    )
    state = newest.state
    if state is NotificationState.WAITING and any(one.handed_at for one in steps):
        state = NotificationState.HANDED_OVER
    return NotifiedPerson(
        person=newest.person,
        about=newest.about,
        reason=newest.reason,
        subject=subject_of(newest.reason, newest.message),
        message=newest.message,
        due=newest.due,
        state=state,
        since=steps[0].entered_at,
        attempts=tuple(tried[-_ATTEMPTS:]),
        handed_at=_last(one.handed_at for one in steps),
        acknowledged_at=_last(one.acknowledged_at for one in steps),
        ending=newest.ending.replace("_", " "),
        ended_by=newest.ended_by,
        ended_at=newest.ended_at,
    )


def _words(attempt: Attempt, now: datetime) -> str:
    if attempt.ended is DeliveryEnd.UNDER_WAY and now - attempt.at < LOST_AFTER:
        return "It is under way."
    return attempt.ended.in_words


def _last(moments: Iterable[datetime | None]) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)
