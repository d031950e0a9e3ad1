"""Deadlines to authorities: having them watched, and what has to be said of them now.

No fact is in an argument or a result; of a deadline that has come near there is its time.
"""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Nothing, Signature
from domain.deadlines import Reminder
from domain.ids import Slug
from domain.model import Value
from domain.roster import PersonId, Role
from domain.severity import Severity


class WatchDeadlines(Value):
    """Watch an incident's deadlines, or look again; ``asked`` is what was asked for so far."""

    incident: Slug
    severity: Severity
    asked: tuple[str, ...] = ()


class ReadDeadlines(Value):
    """Read how the deadlines of an incident stand."""

    incident: Slug


class EndedDeadline(Value):
    """A deadline of which its authority was notified ``at`` that time, as ``by`` says."""

    about: str
    at: datetime
    by: PersonId


class DeadlinesRead(Value):
    """Which rungs are reached, what has ended, and in how many seconds to look again.

    ``owner`` is the role to remind. Without it nobody is; without ``again_in`` nothing is to come.
    """

    owner: Role | None = None
    reached: tuple[Reminder, ...] = ()
    ended: tuple[EndedDeadline, ...] = ()
    again_in: float | None = None


START_WATCHING = Signature("start_watching_deadlines", WatchDeadlines, Nothing)
READ_DEADLINES = Signature("read_deadlines", ReadDeadlines, DeadlinesRead)
