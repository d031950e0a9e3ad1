"""Notifications: what our own people are asked to do, and what became of asking them."""

from __future__ import annotations

from enum import StrEnum

from domain.model import Value
from domain.roster import PersonId


class NotificationReason(StrEnum):
    """Why somebody is notified."""

    DECIDE = "decide"
    PROMISE_NEAR = "promise_near"
    PROMISE_DUE = "promise_due"
    PROMISE_BROKEN = "promise_broken"
    FOLLOW_UP = "follow_up"
    DEADLINE_NEAR = "deadline_near"
    UNREACHABLE = "unreachable"
    REVIEW = "review"
    CONTACT_TEST = "contact_test"


class NotificationState(StrEnum):
    """The state of one person's notification about one thing."""

    WAITING = "waiting"
    HANDED_OVER = "handed_over"
    ACKNOWLEDGED = "acknowledged"
    UNREACHABLE = "unreachable"
    ENDED = "ended"


class NotificationNews(Value):
    """The one value of the signal ``notification_news`` to an incident.

    ``state`` is ``acknowledged`` or ``unreachable``: the first stops asking that person and nobody
    else, the second lets the next be asked at once.
    """

    about: str
    person: PersonId
    state: NotificationState
