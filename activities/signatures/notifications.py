"""Notifications: asking our own people to act, until they acknowledge or it is over.

To notify twice is a nuisance, not to notify is a failure: both activities may be repeated.
"""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Signature
from domain.ids import Slug
from domain.model import Value
from domain.notifications import NotificationReason
from domain.roster import PersonId
from domain.severity import Severity


class Notify(Value):
    """Notify people about one thing of an incident.

    ``about`` names the thing, such as ``gate/3/2`` (message 3, revision 2) or ``promise/3``;
    ``step`` is one rung of its escalation. The same ``(incident, about, step, person)`` enters one
    notification, however often it is asked for. ``due`` is when it will be too late.
    """

    incident: Slug
    about: str
    step: str
    reason: NotificationReason
    people: tuple[PersonId, ...]
    severity: Severity
    message: int | None = None
    due: datetime | None = None


class Notified(Value):
    """``unreachable`` are those of the people for whom there is no contact method to be tried."""

    unreachable: tuple[PersonId, ...] = ()


class EndNotifications(Value):
    """Nobody has to be asked about ``about`` any more.

    ``ending`` is why, such as ``approved``; ``by`` who ended it, None if nobody did. Whoever was
    notified is told that, with the time. With ``only`` it is over for these people alone, who have
    done their part: they are told nothing, and the others are asked on.
    """

    incident: Slug
    about: str
    ending: str
    at: datetime
    by: PersonId | None = None
    only: tuple[PersonId, ...] = ()


class Ended(Value):
    """How many people are told that it is over."""

    people: int = 0


class SendNotifications(Value):
    """Send everybody what is due."""


class NotificationsSent(Value):
    """In how many seconds the next is due; None if nothing waits."""

    again_in: float | None = None


class TestContacts(Value):
    """Send everybody a contact test by each of their methods; the same ``test`` is entered once."""

    test: str


class ContactsTested(Value):
    """By how many methods somebody is tested."""

    methods: int = 0


NOTIFY = Signature("notify", Notify, Notified)
END_NOTIFICATIONS = Signature("end_notifications", EndNotifications, Ended)
SEND_NOTIFICATIONS = Signature("send_notifications", SendNotifications, NotificationsSent)
TEST_CONTACTS = Signature("test_contacts", TestContacts, ContactsTested)
