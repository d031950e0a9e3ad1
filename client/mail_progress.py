"""The progress of an incident's mail, from the ledger, with rate and time left."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

from client.engine import Engine
from domain.ids import MessageRef
from domain.message import MessageKind
from domain.model import Value
from domain.publication import PublicationState
from domain.status import IncidentStatus, MessageStatus
from store.broadcasts import broadcasts
from store.broadcasts.progress import BroadcastProgress, read_progress
from store.record import messages

_STILL_GOING = timedelta(seconds=20)
_WINDOW = timedelta(seconds=15)


class MailProgress(Value):
    """One broadcast: its counts, recipients accepted per second, seconds left (None: unknown)."""

    message: int
    channel: str
    audience: str
    counts: BroadcastProgress
    per_second: float = 0.0
    seconds_left: float | None = None

    @property
    def to_send(self) -> int:
        """Everybody it is meant for, without those who must not be written to."""
        return self.counts.recipients - self.counts.suppressed


class PlannedMail(Value):
    """A broadcast as the ledger knows it: kind, audience, size, and how many have it."""

    message: int
    kind: MessageKind
    audience: str
    planned: int
    went_out: int


class MailWatch:
    """Reads the progress of each broadcast; asked again, it knows the rate of the last seconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._samples: dict[tuple[int, str, str], deque[tuple[datetime, int]]] = {}

    async def look(self, status: IncidentStatus) -> list[MailProgress]:
        """The broadcasts of an incident, in the order of its messages."""
        found: list[MailProgress] = []
        for message in status.messages:
            if message.approved_at:
                mails = await mails_of(self._engine, status.incident, message)
                found += [self._measured(mail) for mail in mails]
        return found

    def _measured(self, mail: MailProgress) -> MailProgress:
        now = datetime.now(UTC)
        recent = self._recent_rate((mail.message, mail.channel, mail.audience), mail.counts, now)
        rate = recent or _mean_rate(mail.counts, now)
        waiting = mail.counts.planned + mail.counts.sending
        left = waiting / rate if rate and waiting else None
        return mail.model_copy(update={"per_second": rate, "seconds_left": left})

    def _recent_rate(
        self, key: tuple[int, str, str], counts: BroadcastProgress, now: datetime
    ) -> float:
        samples = self._samples.setdefault(key, deque())
        samples.append((now, counts.went_out))
        while now - samples[0][0] > _WINDOW:
            samples.popleft()
        seconds = (now - samples[0][0]).total_seconds()
        return (counts.went_out - samples[0][1]) / seconds if seconds > 1 else 0.0


async def mails_of(engine: Engine, slug: str, message: MessageStatus) -> list[MailProgress]:
    """The broadcasts of a message, without rates, in the order in which they were planned."""
    ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
    return await mails_at(engine, ref)


async def mails_at(engine: Engine, ref: MessageRef) -> list[MailProgress]:
    """The same for one revision, whatever Temporal knows of it."""
    ledger = await engine.ledger()
    return [
        MailProgress(
            message=ref.number,
            channel=one.channel,
            audience=one.audience,
            counts=await read_progress(ledger, one.id),
        )
        for one in await broadcasts.broadcasts_of(ledger, ref)
    ]


async def planned_mails(engine: Engine, slug: str) -> list[PlannedMail]:
    """The planned broadcasts of an incident; asks the ledger and nobody else."""
    ledger = await engine.ledger()
    return [
        PlannedMail(
            message=row.number,
            kind=row.kind,
            audience=one.audience,
            planned=one.planned,
            went_out=(await read_progress(ledger, one.id)).went_out,
        )
        for row in await messages.list_messages(ledger, slug)
        for one in await broadcasts.broadcasts_of(ledger, row.ref())
        if one.planned
    ]


def under_way(mail: MailProgress) -> bool:
    """Whether more of it will go out by itself."""
    active = (PublicationState.PLANNED, PublicationState.SENDING)
    return any(mail.counts.batches.get(state) for state in active)


def _mean_rate(counts: BroadcastProgress, now: datetime) -> float:
    """Recipients per second since the first, if anything was accepted just now; else zero."""
    first, last = counts.first_accepted_at, counts.last_accepted_at
    if first is None or last is None or now - last > _STILL_GOING:
        return 0.0
    seconds = (now - first).total_seconds()
    return counts.went_out / seconds if seconds > 0 else 0.0
