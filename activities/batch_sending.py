"""Sending the batches of a range, one request each, entered in the ledger before and after."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from activities import code_sources
from activities.failures import as_failure, failing_in_words
from activities.heartbeat import to_its_end
from activities.pauses import Pause
from activities.range_result import RangeResult
from activities.signatures.broadcasts import SendBatches
from channels.batch import Addressees, Batch
from channels.contract import (
    BadCredentials,
    BadRecipient,
    BroadcastRefused,
    ChannelError,
    Deferred,
    DirectChannel,
    Refused,
    Throttled,
    Unreachable,
)
from channels.mail_copy import UNSUBSCRIBE_VALUE
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep, explained
from domain.ids import SUBSCRIBERS, delivery_keys, publication_key
from domain.ledger import BegunAttempt
from domain.message import CLASS_OF, Document, MessageClass
from domain.publication import PublicationState
from domain.subscribers import MANAGE_VALUE, SubscriberLinks
from domain.unsubscribe import UnsubscribeLinks
from store.broadcasts import addressees, batch_outcomes, batches, broadcasts
from store.broadcasts.addressees import Sendables
from store.broadcasts.taking import Answered, BatchReservation
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.recovery.witness import Witness


@dataclass
class Lane:
    """One request after the other; ``answered`` was accepted and is not yet in the ledger."""

    answered: Answered | None = None


class Sending:
    """One pass over a range of batches."""

    def __init__(
        self,
        database: Database,
        channel: DirectChannel,
        document: Document,
        order: SendBatches,
        code_secret: bytes | None,
        links: UnsubscribeLinks | None = None,
        witness: Witness | None = None,
        subscriber_links: SubscriberLinks | None = None,
    ) -> None:
        self._database = database
        self._witness = witness or Witness()
        self._channel = channel
        self._document = document
        self._broadcast = publication_key(
            order.task.message, order.task.channel, order.task.audience
        )
        self._order = order
        self._code_secret = code_secret
        # A safety notice has no link: see docs/decisions/0031.
        self._class = CLASS_OF[document.kind]
        for_customers = order.task.audience != SUBSCRIBERS
        self._links = links if for_customers and self._class is not MessageClass.SAFETY else None
        self._copy = document.copy_for(order.task.channel, order.task.audience)
        self._subscriber_links = subscriber_links if order.task.audience == SUBSCRIBERS else None
        self._offer = document.offer if "code" in self._copy.personal_fields() else None
        self._issuing = code_sources.within(database, code_secret, document.incident, self._offer)
        self._numbers = iter(range(order.first, order.last + 1))
        self._begun_to = order.first - 1
        self.result = RangeResult(database, order)

    async def send_range(self, until: float) -> int | None:
        """Send the batches of the range, as far as the ledger hands them to us.

        As many requests are on the wire at once as the order says, if the channel allows so many.
        Returns the number of the last batch that is done with if the rest is handed back, because
        of an answer, because ``until``, in monotonic seconds, has come, or because the worker
        stops; None if there is no more to send now.
        """
        most = self._channel.capabilities.at_once or self._order.at_once
        lanes = (self._lane(until) for _ in range(max(1, min(most, self._order.at_once))))
        for failure in await asyncio.gather(*lanes, return_exceptions=True):
            if failure is not None:
                raise failure
        return self.result.reached(self._begun_to)

    async def _lane(self, until: float) -> None:
        """Send one batch after the other until none is left, or nothing more may go."""
        lane = Lane()
        try:
            while not self.result.stops and (number := next(self._numbers, None)) is not None:
                self._begun_to = number
                await self._send(number, lane)
                if time.monotonic() > until or activity.is_worker_shutdown():
                    break
        except BaseException:
            # The other lanes end with what they have on the wire.
            self.result.over = True
            raise
        finally:
            await to_its_end(self._enter_answer(lane))

    async def _send(self, number: int, lane: Lane) -> None:
        """Send one batch if the ledger hands it to us."""
        now = datetime.now(UTC)
        if await self._is_too_old(now):
            with failing_in_words(now):
                await broadcasts.stop(
                    self._database, self._order.broadcast, now, PublicationState.SUPERSEDED
                )
            self.result.halt(self._too_old())
            return
        pause = Pause()
        with failing_in_words(now):
            reservation = await self._reserve(number, lane, now)
        row = reservation.row
        if not reservation.reserved:
            if row.state is PublicationState.SENDING:
                # Another attempt took it and has not entered an outcome: it is unknown.
                await self.result.unknown(row, "An earlier attempt never reported back.")
            elif row.state is PublicationState.PLANNED:
                # It is not handed out: the broadcast is paused, or everything is stopped.
                await self.result.pause()
            return
        self.result.begun = BegunAttempt(attempt=row.attempt, number=number, at=row.started_at)
        self._witness.note(self._broadcast, self.result.begun)
        try:
            await self._send_reserved(reservation, lane, pause)
        except Throttled as error:
            await self.result.throttled(row, error)
        except Unreachable as error:
            await self.result.bring_back(row, error.explanation)
            raise as_failure(error, datetime.now(UTC)) from error

    async def _is_too_old(self, now: datetime) -> bool:
        fresh_until, begin_by = self._order.fresh_until, self._order.begin_by
        if fresh_until is not None and now > fresh_until:
            return True
        if begin_by is None or now <= begin_by or self.result.taken:
            return False
        with failing_in_words(now):
            return not await batch_outcomes.has_begun(self._database, self._order.broadcast)

    def _too_old(self) -> Explanation:
        message = self._order.task.message
        again = NextStep(
            action=Action.PROPOSE,
            incident=message.incident,
            about=self._document.kind,
            advice="Propose it again.",
        )
        return explained("The rest of it was too old to send.", again)

    async def _reserve(self, number: int, lane: Lane, now: datetime) -> BatchReservation:
        """Take the next batch, and enter in the same step the outcome of the one before."""
        reservation = await batches.reserve_batch(
            self._database,
            self._order.broadcast,
            number,
            self._order.task.digest,
            now,
            answered=lane.answered,
            issuing=self._issuing,
        )
        lane.answered = None
        return reservation

    async def _enter_answer(self, lane: Lane) -> None:
        """Enter the outcome of a lane's last batch, unless its next one has done so."""
        if lane.answered is None:
            return
        with failing_in_words(datetime.now(UTC)):
            await batches.accept_batch(self._database, self._order.broadcast, *lane.answered)
        lane.answered = None

    async def _send_reserved(self, reservation: BatchReservation, lane: Lane, pause: Pause) -> None:
        """Send until it is accepted, without the recipients that the provider names as bad."""
        row, people, made = reservation.row, reservation.people, reservation.codes
        while True:
            try:
                values = {**await self._codes(people, made), **self._unsubscribe_links(people)}
            except (DomainError, Refused) as error:
                # No code, no mail: the cap, the pool, the secret or the shop refused.
                await self.result.bring_back(row, error.explanation)
                self.result.halt(error.explanation)
                return
            except StoreUnavailable as error:
                # Nothing has gone out; left as it is, the batch would look unknown.
                await self.result.bring_back(row, error.explanation)
                with failing_in_words(datetime.now(UTC)):
                    raise
            if not people.ids:
                with failing_in_words(datetime.now(UTC)):
                    await batches.close_empty_batch(
                        self._database, self._order.broadcast, row.number
                    )
                return
            batch = Batch(
                key=row.key,
                broadcast=self._broadcast,
                copy=self._copy,
                addressees=Addressees(
                    deliveries=delivery_keys(self._broadcast, people.ids),
                    addresses=people.addresses,
                    values=values,
                ),
            )
            try:
                pause.refuse_late_start()
                receipt = await self._channel.send(batch)
            except BadRecipient as error:
                bad = [people.ids[index] for index in error.positions]
                if not bad:
                    await self.result.put_aside(row, people, error.explanation)
                    return
                with failing_in_words(datetime.now(UTC)):
                    await batches.refuse_deliveries(
                        self._database, self._order.broadcast, bad, "refused by the provider"
                    )
                    people = await addressees.addressees(
                        self._database, self._order.broadcast, row.number
                    )
                made = None
                continue
            except Deferred as error:
                await self.result.put_aside(
                    row, people, error.explanation, until=error.until, certain=error.certain
                )
                return
            except (Unreachable, Throttled):
                raise
            except (BadCredentials, BroadcastRefused) as error:
                await self.result.bring_back(row, error.explanation)
                self.result.halt(error.explanation)
                return
            except Refused as error:
                await self.result.put_aside(row, people, error.explanation)
                return
            except Exception as error:  # noqa: BLE001 - an adapter's own mistake may come after the wire
                if isinstance(error, ChannelError):
                    await self.result.unknown(row, error.explanation.what)
                else:
                    activity.logger.error("adapter failed: %s", type(error).__name__)
                    await self.result.unknown(row, "The adapter failed.")
                return
            lane.answered = Answered(row.number, receipt, datetime.now(UTC))
            self.result.taken += 1
            return

    async def _codes(self, people: Sendables, made: list[str] | None) -> dict[str, list[str]]:
        """Everybody's code, as the column of that name, where the copy has a place for it."""
        if not self._offer:
            return {}
        if made is None:
            issued = await code_sources.issue(
                self._database,
                self._code_secret,
                self._document.incident,
                people.ids,
                self._offer,
            )
            made = [issued[one] for one in people.ids]
        return {"code": made}

    def _unsubscribe_links(self, people: Sendables) -> dict[str, list[str]]:
        """Everybody's own links, as columns of their names, where the mail has them."""
        if self._subscriber_links is not None:
            links = self._subscriber_links.to_each(people.ids)
            return {UNSUBSCRIBE_VALUE: links.unsubscribe, MANAGE_VALUE: links.manage}
        if self._links is None:
            return {}
        return {UNSUBSCRIBE_VALUE: self._links.to_each(people.ids, self._class)}
