"""Sending samples, one at a time, beside Temporal's own work, as confirmation mails are sent.

A sample goes to one person and is no publication: it has no gate, no broadcast and no mark.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from activities.outbox_attempt import Attempt, attempt
from activities.outbox_loop import keep_sending
from channels.batch import Addressee, Addressees, Batch
from channels.contract import DirectChannel
from domain.errors import DomainError
from domain.ids import MessageRef, batch_key, delivery_key
from domain.message import Copy
from domain.publication import PublicationState
from domain.sample import SAMPLES_KEY, as_sample, sample_values
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.outbox import samples
from store.outbox.samples import Sample
from store.record import messages

LOOK_EVERY = 2.0
_SWEEP_EVERY = timedelta(minutes=10)
_S = PublicationState

_log = logging.getLogger("frontfoot.samples")


class Sampling:
    """Sends what is in the outbox on ``channels``, for as long as ``run`` runs."""

    def __init__(self, database: Database, channels: Mapping[str, DirectChannel]) -> None:
        self._database = database
        self._channels = channels
        self._swept_at: datetime | None = None
        # Until when a provider takes nothing from us, by channel.
        self._waits: dict[str, datetime] = {}

    async def run(self) -> None:
        """Send whenever there is something to send; until cancelled."""
        await keep_sending(self.send_next, LOOK_EVERY, _log, "samples")

    async def send_next(self) -> bool:
        """Send the sample that has waited longest; False if none can go now."""
        now = datetime.now(UTC)
        if self._swept_at is None or now - self._swept_at >= _SWEEP_EVERY:
            await samples.sweep(self._database, now)
            self._swept_at = now
        free = [name for name in self._channels if self._waits.get(name, now) <= now]
        sample = await samples.take(self._database, free, now)
        if sample is None:
            return False
        ended = await self._sent(sample)
        if ended.until is not None:
            self._waits[sample.channel] = ended.until
        if ended.why:
            _log.warning("a sample is %s: %s", ended.state, ended.why)
        await samples.end(self._database, sample, ended.state, ended.why)
        # What goes back waits like an empty outbox.
        return ended.state is not _S.PLANNED

    async def _sent(self, sample: Sample) -> Attempt:
        try:
            copy = await self._copy(sample)
        except StoreUnavailable:
            return Attempt(_S.PLANNED, "The ledger was away.")
        except (DomainError, KeyError):
            why = "The message has no such copy, or it was changed in the ledger."
            return Attempt(_S.REFUSED, why)
        return await attempt(self._channels[sample.channel], lambda: _batch(sample, copy))

    async def _copy(self, sample: Sample) -> Copy:
        ref = MessageRef(incident=sample.incident, number=sample.number, revision=sample.revision)
        document = await messages.find_revision(self._database, ref)
        if document is None:
            raise KeyError(sample.number)
        return as_sample(document.copy_for(sample.channel, sample.audience))


def _batch(sample: Sample, copy: Copy) -> Batch:
    person = Addressee(delivery_key(SAMPLES_KEY, sample.id), sample.address, sample_values(copy))
    return Batch(
        key=batch_key(SAMPLES_KEY, sample.id, 1),
        broadcast=SAMPLES_KEY,
        copy=copy,
        addressees=Addressees.of([person]),
    )
