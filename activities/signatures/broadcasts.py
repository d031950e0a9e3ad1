"""Broadcasting on a direct channel."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.posts import PublicationStatus, PublicationTask
from activities.signatures.signature import Nothing, Signature
from domain.broadcasting import BroadcastHealth
from domain.explanation import Explanation
from domain.ledger import BegunAttempt
from domain.message import MessageClass
from domain.model import Value
from domain.publication import PublicationState


class PlanBroadcast(Value):
    """Fix who of the task's audience gets the message, in which batches; again changes nothing."""

    task: PublicationTask
    batch_size: int
    message_class: MessageClass


class BroadcastPlanned(Value):
    """What was fixed, in recipients; ``elsewhere`` get the message in another audience.

    ``tried`` are the numbers of batches that an earlier run tried in vain, though nothing of them
    went out. ``generation`` names the ledger that has the plan.
    """

    broadcast: int
    key: str
    batches: int
    recipients: int
    suppressed: int
    elsewhere: int = 0
    tried: tuple[int, ...] = ()
    generation: str = ""
    batch_size: int = 0


class SendBatches(Value):
    """Send the batches ``first`` to ``last`` that have not gone out, one request each.

    ``at_once`` requests may be on the wire at the same time.
    None is sent after ``fresh_until``, and after ``begin_by`` only if any was before.
    ``throttles`` is how often in a row the provider's limit has kept us waiting. ``last_try``:
    others were accepted since these were put aside, so that another refusal is about them.
    """

    task: PublicationTask
    broadcast: int
    first: int
    last: int
    fresh_until: datetime | None = None
    begin_by: datetime | None = None
    throttles: int = 0
    last_try: bool = False
    at_once: int = 1


class PutAside(Value):
    """A batch that the provider would not take, though it may be taking others.

    It is planned again. ``until`` is when to try it again, if the provider deferred it; None if it
    refused it in words that could also be about us. ``certain``: they were about its recipients.
    """

    number: int
    until: datetime | None = None
    certain: bool = False


class ProviderLimit(Value):
    """The provider takes nothing from us before ``until``, for the ``times``-th time in a row."""

    until: datetime
    times: int


class BatchesSent(Value):
    """The outcome of a range of batches so far: recipients, and batches of unknown outcome.

    ``halted``: the provider refused the account itself, so that no further batch can go either.
    ``paused``: the ledger handed out nothing more, and the rest of the range is still to be sent;
    ``held`` says why, if somebody has stopped everything of the incident.
    ``reached`` is the last batch that this speaks of, where the rest of the range is handed back;
    None is the end of the range. ``health`` counts the whole broadcast, not only the range.
    ``taken`` is how many requests the provider accepted this time; after them it put one batch
    ``aside``, or named a ``limit``. ``begun`` is the last batch that was begun this time.
    """

    accepted: int = 0
    refused: int = 0
    unknown_batches: int = 0
    halted: bool = False
    paused: bool = False
    held: Explanation | None = None
    reached: int | None = None
    taken: int = 0
    aside: PutAside | None = None
    limit: ProviderLimit | None = None
    health: BroadcastHealth = BroadcastHealth()
    begun: BegunAttempt | None = None
    explanation: Explanation | None = None


class PauseBroadcast(Value):
    """Let no further batch begin, or with ``paused`` false let them begin again.

    Here and below, ``key`` names the broadcast beyond doubt: ids begin again in a restored ledger.
    """

    broadcast: int
    paused: bool
    key: str = ""


class StopBroadcast(Value):
    """Let no further batch go out."""

    broadcast: int
    to: PublicationState
    key: str = ""


WITHDRAW_BROADCAST = Signature("withdraw_broadcast", PublicationTask, PublicationStatus)
"""Call off for good what a broadcast that has ended left unsent, and return what it came to."""

PLAN_BROADCAST = Signature("plan_broadcast", PlanBroadcast, BroadcastPlanned)
SEND_BATCHES = Signature("send_batches", SendBatches, BatchesSent)
PAUSE_BROADCAST = Signature("pause_broadcast", PauseBroadcast, Nothing)
STOP_BROADCAST = Signature("stop_broadcast", StopBroadcast, Nothing)
