"""One notification as the ledger has it, and the words that its queries share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Update, update

from domain.model import Value
from domain.notification_words import Thing
from domain.notifications import NotificationReason, NotificationState
from domain.severity import Severity
from store.tables import notifications


class Notification(Value):
    """One person's notification about one thing, at one step of its escalation.

    ``method`` is the only one that it goes by, empty for whichever is next: ``place`` is its place
    among the person's, and ``failures`` how many in a row have failed.
    """

    id: int
    incident: str
    about: str
    step: str
    person: str
    reason: NotificationReason
    severity: Severity
    message: int | None
    due: datetime | None
    method: str
    code: str
    bundle: str
    state: NotificationState
    entered_at: datetime
    place: int
    failures: int
    messages: int
    attempts: int
    handed_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    ending: str
    ended_by: str
    told: bool

    @property
    def thing(self) -> Thing:
        """What it is about, in the form that its wording needs."""
        return Thing(
            incident=self.incident,
            about=self.about,
            reason=self.reason,
            severity=self.severity,
            message=self.message,
            due=self.due,
            ending=self.ending,
            by=self.ended_by,
            ended_at=self.ended_at,
        )


_OPEN = tuple(one.value for one in NotificationState if one.open)


def is_open() -> ColumnElement[bool]:
    """Those whose person is still to be asked."""
    return notifications.c.state.in_(_OPEN)


def is_over() -> ColumnElement[bool]:
    """Those whose person need not act any more."""
    return notifications.c.state == NotificationState.ENDED


def these(ids: Sequence[int]) -> Update:
    """A change of exactly these."""
    return update(notifications).where(notifications.c.id.in_(ids))


def read(row: Row[Any]) -> Notification:
    """The notification in a row with all columns."""
    return Notification.model_validate(dict(row._mapping))
