"""Settling what is unknown: by looking, by events, by a person."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.posts import PublicationStatus, PublicationTask
from activities.signatures.signature import Signature
from domain.explanation import Explanation
from domain.model import Value
from domain.publication import PublicationState, Receipt


class SettlePublication(Value):
    """Enter in the ledger what was concluded about a publication.

    ``looked``: what is uncertain was looked for immediately before, so that it may be called off.
    """

    task: PublicationTask
    to: PublicationState
    attempt: int = 0
    looked: bool = False
    explanation: Explanation | None = None
    receipt: Receipt | None = None


class SettleByPerson(Value):
    """Enter what a person saw at the platform about an unknown outcome, on either kind of channel.

    If it did not go out, it is planned again, or with ``otherwise`` ends in that state: nothing is
    sent by this activity. ``batches`` are the numbers of those that it speaks of; none: all.
    """

    task: PublicationTask
    direct: bool
    went_out: bool
    otherwise: PublicationState = PublicationState.PLANNED
    url: str | None = None
    batches: tuple[int, ...] = ()


class SettleUnknown(Value):
    """Settle the batches whose outcome is unknown by the events that name them.

    Batches that began before ``release_before`` and have no event at all may go again. ``task``
    says what the ledger must have.
    """

    broadcast: int
    release_before: datetime | None = None
    max_attempts: int = 5
    task: PublicationTask | None = None


class UnknownSettled(Value):
    """The result, in recipients of the whole broadcast so far.

    ``not_sent`` are those whose batch waits, was called off, or was refused as a whole.
    ``released`` are the numbers of the batches that may go now: those whose window has closed, and
    any that a worker returned unsent after it had been given up. ``kept_back`` says
    why batches whose window has closed were not released.
    """

    unknown_batches: int
    accepted: int
    refused: int = 0
    not_sent: int = 0
    released: tuple[int, ...] = ()
    kept_back: Explanation | None = None


SETTLE_PUBLICATION = Signature("settle_publication", SettlePublication, PublicationStatus)
SETTLE_UNKNOWN = Signature("settle_unknown", SettleUnknown, UnknownSettled)
SETTLE_BY_PERSON = Signature("settle_by_person", SettleByPerson, PublicationStatus)
