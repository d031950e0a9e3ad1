"""Notifications: what our own people are asked to do, and what became of asking them."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from domain.contact import ContactKind
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

    @property
    def open(self) -> bool:
        """Whether the person is still to be asked."""
        return self in (self.WAITING, self.HANDED_OVER, self.UNREACHABLE)


class DeliveryEnd(StrEnum):
    """How one attempt to hand a notification over ended, as it is stored.

    ``handed_over`` says that a service took it, and nothing about whether anybody saw it.
    """

    UNDER_WAY = ""
    HANDED_OVER = "handed_over"
    NO_SECRET = "no_secret"
    UNUSABLE = "unusable"
    NO_DEVICE = "no_device"
    NO_SERVER = "no_server"
    PRIVATE = "private"
    NO_ANSWER = "no_answer"
    NOT_TAKEN = "not_taken"
    NOT_SENT = "not_sent"

    @property
    def in_words(self) -> str:
        """As one sentence, without an address."""
        return _ENDS[self]


_ENDS = {
    DeliveryEnd.UNDER_WAY: "The worker never reported back.",
    DeliveryEnd.HANDED_OVER: "It was handed over.",
    DeliveryEnd.NO_SECRET: "The workers do not have the secret that it names.",
    DeliveryEnd.UNUSABLE: "What its secret holds cannot be used for this kind of method.",
    DeliveryEnd.NO_DEVICE: "No browser of this person receives notifications.",
    DeliveryEnd.NO_SERVER: "The workers have no mail server to send it with.",
    DeliveryEnd.PRIVATE: "The browser's push service is in a private network, where nothing is "
    "sent.",
    DeliveryEnd.NO_ANSWER: "The service did not answer in time.",
    DeliveryEnd.NOT_TAKEN: "The service did not take it.",
    DeliveryEnd.NOT_SENT: "The worker made a mistake.",
}


class ContactProblem(Value):
    """Why a contact method of somebody cannot be used now, as a worker found it.

    ``method`` is empty for somebody without any method.
    """

    person: PersonId
    method: str = ""
    kind: ContactKind | None = None
    why: DeliveryEnd


class NotificationNews(Value):
    """The one value of the signal ``notification_news`` to an incident.

    ``state`` is ``acknowledged`` or ``unreachable``: the first stops asking that person and nobody
    else, the second lets the next be asked at once.
    """

    about: str
    person: PersonId
    state: NotificationState


_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that are mistaken for one another when somebody reads a code aloud."""

_CODE_LENGTH = 8


def short_code(*identity: str) -> str:
    """``K7QXM2PD``: what people type to acknowledge a notification, the same for the same identity.

    It is no secret, and works for nobody but the person who was notified.
    """
    number = int.from_bytes(hashlib.sha256("\n".join(identity).encode()).digest()[:8])
    signs = []
    for _ in range(_CODE_LENGTH):
        number, place = divmod(number, len(_SIGNS))
        signs.append(_SIGNS[place])
    return "".join(signs)


def as_code(text: str) -> str:
    """A code as it was typed, perhaps with a hyphen or in lower case; "" if it can be none."""
    typed = text.strip().upper().replace("-", "")
    return typed if len(typed) == _CODE_LENGTH and set(typed) <= set(_SIGNS) else ""


def shown_code(code: str) -> str:
    """``K7QX-M2PD``."""
    return f"{code[:4]}-{code[4:]}"
