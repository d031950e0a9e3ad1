"""Broadcasting on direct channels: ranges of batches, each handed out once by the ledger."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from activities import code_sources
from activities.approved import OpenedGates, approved_document
from activities.batch_sending import Sending
from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.heartbeat import beating, begun_before
from activities.log_lines import tell_batches
from activities.recovery import refusing_behind
from activities.signatures.broadcasts import (
    PAUSE_BROADCAST,
    PLAN_BROADCAST,
    SEND_BATCHES,
    STOP_BROADCAST,
    WITHDRAW_BROADCAST,
    BatchesSent,
    BroadcastPlanned,
    PauseBroadcast,
    PlanBroadcast,
    SendBatches,
    StopBroadcast,
)
from activities.signatures.posts import PublicationStatus, PublicationTask
from activities.signatures.settling import SETTLE_UNKNOWN, SettleUnknown, UnknownSettled
from activities.signatures.signature import Nothing
from channels.contract import Channel, DirectChannel
from channels.mail_copy import UNSUBSCRIBE_VALUE
from domain.broadcasting import BroadcastHealth
from domain.errors import DomainError
from domain.explanation import Explanation, explained
from domain.ids import SUBSCRIBERS, publication_key
from domain.ledger import BegunAttempt, LedgerBehind, behind
from domain.message import Document
from domain.plural import plural
from domain.publication import Outcome, PublicationState
from domain.subscribers import SubscriberLinks
from domain.unsubscribe import UnsubscribeLinks
from store.broadcasts import batch_outcomes, broadcasts, progress, silence
from store.broadcasts.progress import read_progress
from store.events.inbox import Inbox
from store.kernel.database import Database
from store.outcomes import outcomes
from store.people.subscribers import choice_of
from store.recovery.generations import generation
from store.recovery.witness import Witness

HAND_BACK_AFTER = 5.0
"""Seconds after which a range is handed back, however much of it is left."""


class BroadcastActivities:
    """The broadcast's steps that touch the ledger or a provider."""

    def __init__(
        self,
        database: Database,
        channels: dict[str, Channel],
        gates: OpenedGates,
        code_secret: bytes | None,
        links: UnsubscribeLinks | None = None,
        inbox: Inbox | None = None,
        witness: Witness | None = None,
        subscriber_links: SubscriberLinks | None = None,
    ) -> None:
        self._inbox = inbox
        self._database = database
        self._witness = witness or Witness()
        self._channels = channels
        self._gates = gates
        self._code_secret = code_secret
        self._links = links
        self._subscriber_links = subscriber_links

    def ledger_only(self) -> list[Bound]:
        """Activities for the main queue."""
        return [
            self.plan_broadcast,
            self.settle_unknown,
            self.pause_broadcast,
            self.stop_broadcast,
            self.withdraw_broadcast,
        ]

    def on_the_wire(self) -> list[Bound]:
        """Activities for a channel's queue."""
        return [self.send_batches]

    @defined(PLAN_BROADCAST)
    async def plan_broadcast(self, order: PlanBroadcast) -> BroadcastPlanned:
        """Fix recipients and batches in one set-based step."""
        now = datetime.now(UTC)
        async with beating():
            with failing_in_words(now):
                return await self._plan(order, now)

    async def _plan(self, order: PlanBroadcast, now: datetime) -> BroadcastPlanned:
        async with refusing_behind(
            self._database, self._gates, order.task, *self._begun(order.task)
        ):
            return await self._plan_known(order, now)

    async def _plan_known(self, order: PlanBroadcast, now: datetime) -> BroadcastPlanned:
        task = order.task
        document = await approved_document(self._database, task)
        cut, before = document.cut_for(task.audience)
        await self._gates.refuse_unopened(task)
        self._refuse_unready_codes(document, task)
        self._refuse_missing_links(document, task)
        # A batch is what the provider takes or refuses as one, whatever the playbook asks for.
        limit = self._direct_channel(task.channel).capabilities.batch_limit
        planned = await broadcasts.plan(
            self._database,
            task.message,
            task.channel,
            cut,
            min(order.batch_size, limit),
            task.digest,
            now,
            None if task.audience == SUBSCRIBERS else document.offer,
            order.message_class,
            before,
            choice_of(document, task.audience),
        )
        return BroadcastPlanned(
            broadcast=planned.id,
            key=planned.key,
            batches=planned.batches,
            recipients=planned.planned,
            suppressed=planned.suppressed,
            elsewhere=planned.elsewhere,
            tried=await broadcasts.take_up_again(self._database, planned.id),
            generation=await generation(self._database),
            batch_size=planned.batch_size,
        )

    @defined(SEND_BATCHES)
    async def send_batches(self, order: SendBatches) -> BatchesSent:
        """Send what has not gone out of a range, and report the state of the range afterwards.

        Hands the rest back when the provider would not take a batch, or after some seconds, so that
        the workflow, which watches the whole broadcast, looks often. Safe to repeat after any
        crash: a batch is sent only by whoever moved it from planned.
        """
        now = datetime.now(UTC)
        with failing_in_words(now):
            begun = [*begun_before(), *self._begun(order.task)]
            async with refusing_behind(self._database, self._gates, order.task, *begun):
                channel = self._direct_channel(order.task.channel)
                document = await approved_document(self._database, order.task)
                await self._gates.refuse_unopened(order.task)
                # Only now: who orders by hand without an opening locks nothing.
                await self._refuse_forgotten(order)
            # The worker that planned it may have been another, with other settings.
            self._refuse_unready_codes(document, order.task)
            self._refuse_missing_links(document, order.task)
        sending = Sending(
            self._database,
            channel,
            document,
            order,
            self._code_secret,
            self._links,
            self._witness,
            self._subscriber_links,
        )
        async with beating(lambda: sending.result.begun):
            until = time.monotonic() + HAND_BACK_AFTER
            reached = await sending.send_range(until)
        last = order.last if reached is None else reached
        with failing_in_words(now):
            found = await progress.range_progress(
                self._database, order.broadcast, order.first, last
            )
        sent = BatchesSent(
            accepted=found.here.went_out,
            refused=found.here.refused,
            unknown_batches=found.here.unknown_batches,
            halted=sending.result.halted,
            paused=sending.result.paused,
            held=sending.result.held,
            reached=reached,
            taken=sending.result.taken,
            aside=sending.result.aside,
            limit=sending.result.limit,
            health=BroadcastHealth(
                went_out=found.everywhere.went_out,
                refused=found.everywhere.refused,
                bounced=found.everywhere.bounced,
            ),
            begun=sending.result.begun,
            explanation=sending.result.explanation,
        )
        tell_batches(order, sent)
        return sent

    @defined(SETTLE_UNKNOWN)
    async def settle_unknown(self, order: SettleUnknown) -> UnknownSettled:
        """Settle batches by their events; release those that are old enough for another attempt."""
        now = datetime.now(UTC)
        with failing_in_words(now):
            if order.task is not None:
                begun = self._begun(order.task)
                async with refusing_behind(self._database, self._gates, order.task, *begun):
                    await self._refuse_forgotten(order)
            if order.release_before is not None and self._inbox is not None:
                # The proof that a batch went out may have come, and not be in the ledger yet.
                await self._inbox.catch_up()
            await batch_outcomes.settle_by_events(self._database, order.broadcast)
            if order.release_before is not None:
                await batch_outcomes.release_unknown(
                    self._database,
                    order.broadcast,
                    order.release_before,
                    order.max_attempts,
                    now,
                    tells_events=await self._tells_events(order.broadcast),
                )
            reached = await read_progress(self._database, order.broadcast)
            released = await batch_outcomes.planned_batches(self._database, order.broadcast)
            kept_back = await batch_outcomes.kept_back(self._database, order.broadcast)
        return UnknownSettled(
            unknown_batches=reached.batches.get(PublicationState.UNKNOWN, 0),
            accepted=reached.went_out,
            refused=reached.refused - reached.refused_unsent,
            not_sent=reached.planned + reached.refused_unsent + reached.withdrawn,
            released=released,
            kept_back=silence.OF_BROADCAST if kept_back else None,
        )

    @defined(PAUSE_BROADCAST)
    async def pause_broadcast(self, order: PauseBroadcast) -> Nothing:
        """Pause the batches that have not begun, or let them go again."""
        with failing_in_words(datetime.now(UTC)):
            await broadcasts.pause(
                self._database, order.broadcast, paused=order.paused, key=order.key
            )
        return Nothing()

    @defined(STOP_BROADCAST)
    async def stop_broadcast(self, order: StopBroadcast) -> Nothing:
        """Call off every batch that has not begun."""
        now = datetime.now(UTC)
        with failing_in_words(now):
            await broadcasts.stop(self._database, order.broadcast, now, order.to, order.key)
        return Nothing()

    @defined(WITHDRAW_BROADCAST)
    async def withdraw_broadcast(self, task: PublicationTask) -> PublicationStatus:
        """Withdraw the batches that wait or were refused; unknown ones stay so until settled."""
        now = datetime.now(UTC)
        with failing_in_words(now):
            found = await broadcasts.find_broadcast(
                self._database, task.message, task.channel, task.audience or ""
            )
            if found is None:
                in_time = Explanation(what="It was stopped in time.")
                return PublicationStatus(state=PublicationState.WITHDRAWN, explanation=in_time)
            await broadcasts.take_up_again(self._database, found.id)
            await broadcasts.stop(self._database, found.id, now)
            reached = await read_progress(self._database, found.id)
        people = plural(reached.recipients - reached.suppressed, "recipient")
        why = explained(
            f"Stopped with {reached.went_out:,} of {people} accepted, "
            f"{reached.withdrawn:,} not sent.",
            "Mail cannot be recalled.",
        )
        outcome = Outcome.at(task.destination, PublicationState.WITHDRAWN, why)
        with failing_in_words(now):
            await outcomes.enter(self._database, task.message, task.destination, outcome)
        return PublicationStatus(state=PublicationState.WITHDRAWN, explanation=why)

    def _begun(self, task: PublicationTask) -> list[BegunAttempt]:
        return self._witness.newest(publication_key(task.message, task.channel, task.audience))

    async def _refuse_forgotten(self, order: SendBatches | SettleUnknown) -> None:
        """Raise ``LedgerBehind`` if the ledger has no such broadcast, or another under its id."""
        task = order.task
        if task is None:
            return
        place = task.destination
        found = await broadcasts.find_broadcast(
            self._database, task.message, task.channel, task.audience or ""
        )
        if found is None or found.id != order.broadcast:
            what = f"The ledger has no plan of message {task.message.number} on {place}."
            raise LedgerBehind.of(behind(task.message.incident, what))

    async def _tells_events(self, broadcast: int) -> bool:
        row = await broadcasts.load(self._database, broadcast)
        channel = self._channels.get(row.channel)
        return channel is None or channel.capabilities.tells_events

    def _refuse_unready_codes(self, document: Document, task: PublicationTask) -> None:
        if "code" not in document.copy_for(task.channel, task.audience).personal_fields():
            return
        if document.offer is None:
            raise DomainError(
                "The copy has a place for a code, but there is no offer.",
                "Take [[code]] out of the copy, or propose it as a goodwill offer.",
            )
        code_sources.refuse_unready(self._code_secret, document.offer)

    def _refuse_missing_links(self, document: Document, task: PublicationTask) -> None:
        links = self._subscriber_links if task.audience == SUBSCRIBERS else self._links
        fields = document.copy_for(task.channel, task.audience).personal_fields()
        if UNSUBSCRIBE_VALUE in fields and not links:
            raise DomainError(
                "The copy has unsubscribe links, and this worker cannot make them.",
                "Set FRONTFOOT_PUBLIC_URL and FRONTFOOT_LINK_SECRET as on the worker that "
                "rendered the message, and restart it.",
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
