"""How far the mails of an incident have come, from the ledger, with rate and time left."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta

from domain.ids import MessageRef
from domain.model import Value
from domain.publication import PublicationState
from domain.status import IncidentStatus
from store.broadcasts import broadcasts
from store.broadcasts.progress import BroadcastProgress, read_progress
from store.kernel.database import Database

_STILL_GOING = timedelta(seconds=20)
_WINDOW = timedelta(seconds=15)


class MailProgress(Value):
    """One broadcast: its counts, recipients accepted per second, seconds left (None: unknown)."""

    message: int
    channel: str
    counts: BroadcastProgress
    per_second: float = 0.0
    seconds_left: float | None = None

    @property
    def to_send(self) -> int:
        """Everybody it is meant for, without those who must not be written to."""
        return self.counts.recipients - self.counts.suppressed


class MailWatch:
    """Reads the progress of each broadcast; asked again, it knows the rate of the last seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._samples: dict[tuple[int, str], deque[tuple[datetime, int]]] = {}

    async def look(self, status: IncidentStatus) -> list[MailProgress]:
        """The broadcasts of an incident, in the order of its messages."""
        found: list[MailProgress] = []
        for message in status.messages:
            ref = MessageRef(
                incident=status.incident, number=message.number, revision=message.revision
            )
            for outcome in message.outcomes if message.approved_at else ():
                row = await broadcasts.find_broadcast(self._database, ref, outcome.channel)
                if row is not None:
                    counts = await read_progress(self._database, row.id)
                    found.append(self._measured(message.number, outcome.channel, counts))
        return found

    def _measured(self, message: int, channel: str, counts: BroadcastProgress) -> MailProgress:
        now = datetime.now(UTC)
        rate = self._recent_rate((message, channel), counts, now) or _mean_rate(counts, now)
        waiting = counts.planned + counts.sending
        left = waiting / rate if rate and waiting else None
        return MailProgress(
            message=message, channel=channel, counts=counts, per_second=rate, seconds_left=left
        )

    def _recent_rate(self, key: tuple[int, str], counts: BroadcastProgress, now: datetime) -> float:
        samples = self._samples.setdefault(key, deque())
        samples.append((now, counts.went_out))
        while now - samples[0][0] > _WINDOW:
            samples.popleft()
        seconds = (now - samples[0][0]).total_seconds()
        return (counts.went_out - samples[0][1]) / seconds if seconds > 1 else 0.0


def _mean_rate(counts: BroadcastProgress, now: datetime) -> float:
    """Recipients per second since the first, if anything was accepted just now; else zero."""
    first, last = counts.first_accepted_at, counts.last_accepted_at
    if first is None or last is None or now - last > _STILL_GOING:
        return 0.0
    seconds = (now - first).total_seconds()
    return counts.went_out / seconds if seconds > 0 else 0.0


def under_way(mail: MailProgress) -> bool:
    """Whether more of it will go out by itself."""
    active = (PublicationState.PLANNED, PublicationState.SENDING)
    return any(mail.counts.batches.get(state) for state in active)
