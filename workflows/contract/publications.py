"""Publications and broadcasts: their orders, how far they are, what they report."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from activities.signatures.posts import PublicationTask
from domain.explanation import Explanation
from domain.ids import MessageRef
from domain.ledger import BegunAttempt, KnownLedger
from domain.message import MessageClass
from domain.model import Value
from domain.playbook import BroadcastPlan, Looking
from domain.publication import Destination, Outcome, PublicationState


class PostRun(Value):
    """How far the publication of a post has come: its attempts, for a continued run.

    ``since`` is when its first run started; ``wait_until`` is when the next attempt is due.
    """

    since: datetime
    attempts: int = 0
    lost: int = 0
    in_a_row: int = 0
    wait_until: datetime | None = None


class AsideBatch(Value):
    """A batch that the provider would not take in ``tries`` attempts, though it may take others.

    ``until`` is when to try it again; None: once others have been tried. ``certain``: the answer
    was about its recipients. ``others_taken``: the provider accepted others since the last try.
    """

    number: int
    tries: int
    until: datetime | None = None
    certain: bool = False
    others_taken: bool = False


class BroadcastRun(Value):
    """How far a broadcast's workflow has come: recipients, and batches where it says so.

    ``not_sent`` is known once it has ended. ``paused`` is why it is paused, if it is;
    ``waits_until`` is when the provider's limit, met ``throttles`` times in a row, lets it go on,
    and ``limit`` what was told of it. ``threshold_overridden``: somebody resumed it after it
    had paused, so it does not pause by itself again. ``queue`` has the batches still to hand out,
    as spans, for a continued run; ``halted``, ``refusal`` (why nothing more can go out) and
    ``unknown_until`` (how long events are waited for) are for one, too. ``generation`` names the
    ledger that has its plan, ``held`` is why everything of the incident is stopped, asked for
    ``holds`` times and again at ``held_until``, and ``newest`` is the batch that it entered last
    as begun. No batch after ``handed_out`` was ever handed out.
    """

    broadcast: int = 0
    batches: int = 0
    recipients: int = 0
    suppressed: int = 0
    elsewhere: int = 0
    accepted: int = 0
    refused: int = 0
    not_sent: int = 0
    unknown_batches: int = 0
    started_at: datetime | None = None
    now: datetime | None = None
    told: bool = False
    paused: str = ""
    threshold_overridden: bool = False
    throttles: int = 0
    waits_until: datetime | None = None
    limit: Explanation | None = None
    queue: tuple[tuple[int, int], ...] = ()
    aside: tuple[AsideBatch, ...] = ()
    explanation: Explanation | None = None
    halted: PublicationState | None = None
    refusal: Explanation | None = None
    unknown_until: datetime | None = None
    generation: str = ""
    newest: BegunAttempt | None = None
    handed_out: int = 0
    batch_size: int = 0
    held: Explanation | None = None
    held_until: datetime | None = None
    holds: int = 0

    def per_second(self) -> float:
        """Recipients accepted per second since the start; zero before anything was."""
        if self.started_at is None or self.now is None:
            return 0.0
        seconds = (self.now - self.started_at).total_seconds()
        return self.accepted / seconds if seconds > 0 else 0.0


class PublishMessage(Value):
    """Publish one approved message at one destination.

    What has not gone out by ``fresh_until`` is too old. A broadcast of which nothing has gone out
    by ``begin_by`` is not begun any more.
    ``called_off``: send nothing. What may have gone out is looked for, and the rest ends so.
    ``start`` is repeated in all news. ``post`` and ``progress`` are the workflow's own state, when
    it continues as new. ``known``: what the ledger has of the incident, unless it is an earlier
    copy.
    """

    message: MessageRef
    destination: Destination
    digest: str
    message_class: MessageClass
    looking: Looking
    broadcast: BroadcastPlan
    attempts: int
    fresh_until: datetime | None = None
    begin_by: datetime | None = None
    urgent: bool = False
    called_off: PublicationState | None = None
    start: int = 0
    post: PostRun | None = None
    progress: BroadcastRun | None = None
    known: KnownLedger = KnownLedger()

    def task(self) -> PublicationTask:
        """The part of it that activities get."""
        return PublicationTask(
            message=self.message,
            channel=self.destination.channel,
            audience=self.destination.audience,
            digest=self.digest,
            known=self.known,
        )


class Halt(Value):
    """Tell a publication or a broadcast to stop: withdrawn, or overtaken by a newer message."""

    to: Literal[PublicationState.WITHDRAWN, PublicationState.SUPERSEDED] = (
        PublicationState.WITHDRAWN
    )


class PauseSending(Value):
    """Tell a broadcast to hand out no more batches until it is told to resume."""

    reason: str = "Paused."


class ChannelNews(Value):
    """A publication or a broadcast reports its state to its incident, and at last that it ended.

    It is a hint, which anybody who reaches Temporal could send: what has ended, and who was told,
    is read from the ledger. ``start`` is that of its order. ``told``: the first batch was accepted.
    The outcome has an explanation while a broadcast is paused, or ``waits`` for the provider's
    limit, while a post waits for the provider, and while a lost answer is looked for.
    """

    message: int
    outcome: Outcome
    start: int = 0
    told: bool = False
    waits: bool = False
