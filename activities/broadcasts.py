"""Broadcasting on direct channels: ranges of batches, each handed out once by the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from temporalio import activity

from activities.approved import approved_document
from activities.defined import Bound, defined
from activities.failures import as_failure, failing_in_words
from activities.signatures import (
    PLAN_BROADCAST,
    SEND_BATCHES,
    SETTLE_UNKNOWN,
    STOP_BROADCAST,
    BatchesSent,
    BroadcastPlanned,
    Nothing,
    PlanBroadcast,
    SendBatches,
    SettleUnknown,
    StopBroadcast,
    UnknownSettled,
)
from channels.contract import (
    Addressee,
    BadCredentials,
    BadRecipient,
    Batch,
    Channel,
    ChannelError,
    DirectChannel,
    Refused,
    Throttled,
    Unreachable,
)
from domain.errors import DomainError
from domain.ids import batch_key, delivery_key
from domain.message import Document
from domain.offer import show_code
from domain.publication import PublicationState
from store import broadcasts, codes
from store.broadcasts import BatchRow, BroadcastRow, Sendable
from store.database import Database

LOOK_YOURSELF = "Its events settle it; failing those, look in the provider's activity."


class BroadcastActivities:
    """The broadcast's steps that touch the ledger or a provider."""

    def __init__(
        self, database: Database, channels: dict[str, Channel], code_secret: bytes | None
    ) -> None:
        self._database = database
        self._channels = channels
        self._code_secret = code_secret

    def ledger_only(self) -> list[Bound]:
        """Activities for the main queue."""
        return [self.plan_broadcast, self.settle_unknown, self.stop_broadcast]

    def on_the_wire(self) -> list[Bound]:
        """Activities for a channel's queue."""
        return [self.send_batches]

    @defined(PLAN_BROADCAST)
    async def plan_broadcast(self, order: PlanBroadcast) -> BroadcastPlanned:
        """Fix recipients and batches in one set-based step."""
        task, now = order.task, datetime.now(UTC)
        with failing_in_words(now):
            document = await approved_document(self._database, task)
            if document.audience is None:
                raise DomainError(
                    "This message has no audience.", "Open the incident with one, then propose."
                )
            if "code" in document.copy_for(task.channel).personal_fields():
                self._refuse_without_secret(document)
            planned = await broadcasts.plan(
                self._database,
                task.message,
                task.channel,
                document.audience,
                order.batch_size,
                task.digest,
                now,
                document.offer,
            )
        return BroadcastPlanned(
            broadcast=planned.id,
            key=planned.key,
            batches=planned.batches,
            recipients=planned.planned,
            suppressed=planned.suppressed,
        )

    @defined(SEND_BATCHES)
    async def send_batches(self, order: SendBatches) -> BatchesSent:
        """Send what of the range has not gone out, and report the range as it stands after.

        Safe to repeat after any crash: a batch is sent only by whoever moved it from planned.
        """
        now = datetime.now(UTC)
        with failing_in_words(now):
            channel = self._direct_channel(order.task.channel)
            document = await approved_document(self._database, order.task)
            broadcast = await broadcasts.load(self._database, order.broadcast)
        sending = _Sending(
            self._database, channel, document, broadcast, order, self._code_secret
        )
        for number in range(order.first, order.last + 1):
            activity.heartbeat(number)
            if not await sending.send(number):
                break
        with failing_in_words(now):
            standing = await broadcasts.range_standing(
                self._database, order.broadcast, order.first, order.last
            )
        return BatchesSent(
            accepted=standing.accepted,
            refused=standing.refused,
            unknown_batches=standing.unknown_batches,
            refused_batches=standing.refused_batches,
            withdrawn_batches=standing.withdrawn_batches,
            halted=sending.halted,
            reason=sending.reason,
            next_step=sending.next_step,
        )

    @defined(SETTLE_UNKNOWN)
    async def settle_unknown(self, order: SettleUnknown) -> UnknownSettled:
        """Settle by events what can be; release for another attempt what is old enough."""
        now = datetime.now(UTC)
        with failing_in_words(now):
            settled = await broadcasts.settle_by_events(self._database, order.broadcast)
            released: Sequence[int] = ()
            if order.release_before is not None:
                released = await broadcasts.release_unknown(
                    self._database, order.broadcast, order.release_before, order.max_attempts
                )
            unknown = await broadcasts.unknown_batches(self._database, order.broadcast)
        return UnknownSettled(
            unknown_batches=len(unknown),
            settled_batches=settled.batches,
            accepted=settled.accepted,
            released=tuple(released),
        )

    @defined(STOP_BROADCAST)
    async def stop_broadcast(self, order: StopBroadcast) -> Nothing:
        """Call off every batch that has not begun."""
        now = datetime.now(UTC)
        with failing_in_words(now):
            await broadcasts.stop(self._database, order.broadcast, now, order.to)
        return Nothing()

    def _refuse_without_secret(self, document: Document) -> None:
        if document.offer is None:
            raise DomainError(
                "The copy has a place for a code, but there is no offer.",
                "Take [[code]] out of the copy, or propose it as a goodwill offer.",
            )
        if self._code_secret is None:
            raise DomainError(
                "Codes cannot be made: this worker has no code secret.",
                "Set FRONTFOOT_CODE_SECRET to 32 or more random characters, the same on every "
                "worker, and restart.",
            )

    def _direct_channel(self, name: str) -> DirectChannel:
        channel = self._channels.get(name)
        if not isinstance(channel, DirectChannel):
            raise DomainError(
                f"This worker has no direct channel {name}.",
                "Add it to FRONTFOOT_CHANNELS with its credentials, restart the worker, then "
                "retry the channel.",
            )
        return channel


class _Sending:
    """One pass over a range of batches."""

    def __init__(
        self,
        database: Database,
        channel: DirectChannel,
        document: Document,
        broadcast: BroadcastRow,
        order: SendBatches,
        code_secret: bytes | None,
    ) -> None:
        self._database = database
        self._channel = channel
        self._document = document
        self._broadcast = broadcast
        self._order = order
        self._code_secret = code_secret
        self._copy = document.copy_for(order.task.channel)
        self.halted = False
        self.reason = ""
        self.next_step = ""

    async def send(self, number: int) -> bool:
        """Send one batch if the ledger hands it to us; False if no further one can go either."""
        now = datetime.now(UTC)
        fresh_until = self._order.fresh_until
        if fresh_until is not None and now > fresh_until:
            self._halt("What is left of it was overtaken by time.", "Propose it anew.")
            return False
        with failing_in_words(now):
            reservation = await broadcasts.reserve_batch(
                self._database, self._order.broadcast, number, self._order.task.digest, now
            )
        row = reservation.row
        if not reservation.reserved:
            if row.state is PublicationState.SENDING:
                # Another attempt had it and has not entered how it ended: nobody knows.
                await self._unknown(row, "An earlier attempt did not come back.")
            return True
        try:
            return await self._send_reserved(row)
        except (Unreachable, Throttled) as error:
            with failing_in_words(now):
                await broadcasts.batch_nothing_went_out(
                    self._database, self._order.broadcast, number, row.attempt, datetime.now(UTC)
                )
            raise as_failure(error, datetime.now(UTC)) from error

    async def _send_reserved(self, row: BatchRow) -> bool:
        """Send until it is accepted, without the recipients that the provider names as bad."""
        while True:
            with failing_in_words(datetime.now(UTC)):
                people = await broadcasts.addressees(
                    self._database, self._order.broadcast, row.number
                )
                values = await self._values(people)
            if not people:
                await self._refuse(row, "Nobody in this batch is left to write to.", "")
                return True
            batch = Batch(
                key=batch_key(self._broadcast.key, row.number, row.attempt),
                broadcast=self._broadcast.key,
                copy=self._copy,
                addressees=[
                    Addressee(
                        delivery=delivery_key(self._broadcast.key, one.position),
                        address=one.address,
                        values=values.get(one.recipient_id, {}),
                    )
                    for one in people
                ],
            )
            try:
                receipt = await self._channel.send(batch)
            except BadRecipient as error:
                bad = [people[index].position for index in error.positions]
                if not bad:
                    await self._refuse(row, error.message, error.next_step)
                    return True
                with failing_in_words(datetime.now(UTC)):
                    await broadcasts.refuse_deliveries(
                        self._database, self._order.broadcast, bad, "refused by the provider"
                    )
                continue
            except (Unreachable, Throttled):
                raise
            except BadCredentials as error:
                with failing_in_words(datetime.now(UTC)):
                    await broadcasts.batch_nothing_went_out(
                        self._database,
                        self._order.broadcast,
                        row.number,
                        row.attempt,
                        datetime.now(UTC),
                    )
                self._halt(error.message, error.next_step)
                return False
            except Refused as error:
                await self._refuse(row, error.message, error.next_step)
                return True
            except Exception as error:  # noqa: BLE001 - an adapter's own mistake may come after the wire
                if not isinstance(error, ChannelError):
                    activity.logger.error("adapter failed: %s", type(error).__name__)
                says = error.message if isinstance(error, ChannelError) else "The adapter failed."
                await self._unknown(row, says)
                return True
            with failing_in_words(datetime.now(UTC)):
                await broadcasts.accept_batch(
                    self._database, self._order.broadcast, row.number, receipt, datetime.now(UTC)
                )
            return True

    async def _values(self, people: Sequence[Sendable]) -> dict[int, dict[str, str]]:
        offer = self._document.offer
        if offer is None or self._code_secret is None:
            return {}
        if "code" not in self._copy.personal_fields():
            return {}
        issued = await codes.ensure_codes(
            self._database,
            self._code_secret,
            self._document.incident,
            [one.recipient_id for one in people],
            offer,
        )
        return {recipient: {"code": show_code(code)} for recipient, code in issued.items()}

    async def _unknown(self, row: BatchRow, says: str) -> None:
        with failing_in_words(datetime.now(UTC)):
            await broadcasts.mark_batch_unknown(
                self._database,
                self._order.broadcast,
                row.number,
                row.attempt,
                reason=says,
                next_step=LOOK_YOURSELF,
                at=datetime.now(UTC),
            )

    async def _refuse(self, row: BatchRow, says: str, next_step: str) -> None:
        self.reason, self.next_step = says, next_step
        with failing_in_words(datetime.now(UTC)):
            await broadcasts.refuse_batch(
                self._database,
                self._order.broadcast,
                row.number,
                row.attempt,
                reason=says,
                next_step=next_step,
                at=datetime.now(UTC),
            )

    def _halt(self, says: str, next_step: str) -> None:
        self.halted, self.reason, self.next_step = True, says, next_step
