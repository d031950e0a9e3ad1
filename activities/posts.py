"""Publishing on post channels: one attempt, entered in the ledger before and after."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.approved import OpenedGates, approved_document
from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.heartbeat import beating, to_its_end
from activities.log_lines import tell_attempt
from activities.looking import held, later, look, nobody_knows, publication_status
from activities.pauses import Pause
from activities.recovery import refusing_behind
from activities.signatures.posts import (
    LOOK_FOR_POST,
    PLAN_PUBLICATION,
    PUBLISH_POST,
    RETRACT_POST,
    PublicationStatus,
    PublicationTask,
    PublishPost,
)
from activities.signatures.settling import SETTLE_PUBLICATION, SettlePublication
from channels.contract import (
    Channel,
    ChannelError,
    PerhapsPosted,
    PostChannel,
    Publication,
    Refused,
    Retracts,
    Throttled,
    Unreachable,
)
from domain.errors import DomainError
from domain.explanation import Explanation, explained
from domain.ids import publication_key
from domain.ledger import BegunAttempt
from domain.message import Document
from domain.publication import SEEN_BY_A_PERSON, Finding, PublicationState, Sighting
from store.kernel.database import Database
from store.record import publication_rows, publications
from store.record.publication_rows import PublicationRow
from store.recovery.witness import Witness
from store.stops.keeping_back import what_keeps_back

_FAILED = "The adapter failed."
_TOO_OLD = explained(
    "It was too old to be sent, or the time that it promises for the next update had passed.",
    "Propose a new one that says what is true now.",
    means="Nothing went out.",
)


class PostActivities:
    """The publication protocol's steps that touch the ledger or a provider."""

    def __init__(
        self,
        database: Database,
        channels: dict[str, Channel],
        gates: OpenedGates,
        witness: Witness | None = None,
    ) -> None:
        self._database = database
        self._witness = witness or Witness()
        self._channels = channels
        self._gates = gates

    def ledger_only(self) -> list[Bound]:
        """Activities for the main queue."""
        return [self.plan_publication, self.settle_publication]

    def on_the_wire(self) -> list[Bound]:
        """Activities for a channel's queue."""
        return [self.publish_post, self.look_for_post, self.retract_post]

    @defined(PLAN_PUBLICATION)
    async def plan_publication(self, task: PublicationTask) -> PublicationStatus:
        """Enter the intent, and return its state, which is not planned if it was there already."""
        now = datetime.now(UTC)
        with failing_in_words(now):
            async with refusing_behind(self._database, self._gates, task, *self._begun(task)):
                row = await publications.plan(
                    self._database, task.message, task.channel, task.digest, now
                )
            if row.state in (PublicationState.REFUSED, PublicationState.ABANDONED):
                # A person asked for it once more. What is uncertain is looked for first.
                row = await publications.settle_state(
                    self._database, task.message, task.channel, PublicationState.PLANNED, None, now
                )
        return publication_status(row)

    @defined(PUBLISH_POST)
    async def publish_post(self, order: PublishPost) -> PublicationStatus:
        """Make one attempt, if the ledger hands it to us; every way it can end is in the ledger.

        An earlier attempt that is uncertain is looked for immediately before. Raises only what is
        safe to retry: a rule's refusal, or that the ledger cannot be reached.
        """
        task = order.task
        async with beating():
            with failing_in_words(datetime.now(UTC)):
                async with refusing_behind(self._database, self._gates, task, *self._begun(task)):
                    channel = self._post_channel(task.channel)
                    document = await approved_document(self._database, task)
                    # Before anything is missed in the ledger: who orders by hand locks nothing.
                    await self._gates.refuse_unopened(task)
                    row = await self._row_before(order)
                    if row.uncertain:
                        why = await self._kept_back(task)
                        if why is not None and row.state is PublicationState.PLANNED:
                            return held(row, why, order)
                        ended = await self._look_first(channel, document, row, order)
                        if ended is not None:
                            return ended
            return await self._attempt(channel, document, order, looked=row.uncertain)

    async def _row_before(self, order: PublishPost) -> PublicationRow:
        """The publication as it is before this attempt."""
        task, place = order.task, (self._database, order.task.message, order.task.channel)
        row = await publication_rows.find(*place)
        if row is None:
            raise publication_rows.never_planned(task.message, task.channel)
        if row.state is PublicationState.PLANNED and row.attempt < order.attempt - 1:
            # An earlier one ended without a word. Perhaps it never began, perhaps this ledger is a
            # copy from before it.
            since = task.since or datetime.now(UTC)
            row = await publications.suspect(*place, since, datetime.now(UTC))
        return row

    async def _attempt(
        self, channel: PostChannel, document: Document, order: PublishPost, *, looked: bool
    ) -> PublicationStatus:
        task, now = order.task, datetime.now(UTC)
        pause = Pause()
        with failing_in_words(now):
            if order.fresh_until is not None and now > order.fresh_until:
                return publication_status(
                    await publications.withdraw(
                        self._database,
                        task.message,
                        task.channel,
                        now,
                        PublicationState.SUPERSEDED,
                        _TOO_OLD,
                        looked=looked,
                    )
                )
            await self._gates.refuse_unopened(task)
            reservation = await publications.reserve(
                self._database,
                task.message,
                task.channel,
                task.digest,
                now,
                order.attempt,
                looked=looked,
            )
        if not reservation.reserved:
            return await self._not_handed_out(reservation.row, order)
        begun = BegunAttempt(attempt=reservation.row.attempt, at=reservation.row.started_at)
        self._witness.note(reservation.row.key, begun)
        publication = Publication(
            key=f"{reservation.row.key}.{order.attempt}", copy=document.copy_for(task.channel)
        )
        try:
            pause.refuse_late_start()
            receipt = await to_its_end(channel.publish(publication))
        except (Unreachable, Throttled) as error:
            tell_attempt(order, error)
            with failing_in_words(now):
                row = await publications.nothing_went_out(
                    self._database,
                    task.message,
                    task.channel,
                    order.attempt,
                    datetime.now(UTC),
                    error.explanation,
                )
            return later(row, error, order)
        except Exception as error:  # noqa: BLE001 - an adapter's own mistake may come after the wire
            tell_attempt(order, error)
            return await self._enter(error, order)
        with failing_in_words(now):
            row = await publications.accept(
                self._database, task.message, task.channel, receipt, datetime.now(UTC)
            )
        return publication_status(row)

    async def _not_handed_out(self, row: PublicationRow, order: PublishPost) -> PublicationStatus:
        """Why the ledger did not hand it out: it has been taken, or it is kept back."""
        mine = (row.revision, row.digest) == (order.task.message.revision, order.task.digest)
        if not mine or row.state is not PublicationState.PLANNED or row.attempt >= order.attempt:
            return publication_status(row)
        with failing_in_words(datetime.now(UTC)):
            # None if it was resumed at this moment: then it is asked again, and handed out.
            why = await self._kept_back(order.task)
        return held(row, why, order)

    async def _kept_back(self, task: PublicationTask) -> Explanation | None:
        return await what_keeps_back(self._database, task.message.incident, task.channel)

    @defined(LOOK_FOR_POST)
    async def look_for_post(self, task: PublicationTask) -> Sighting:
        """Read the platform back for attempts that may have gone out."""
        with failing_in_words(datetime.now(UTC)):
            channel = self._channel(task.channel)
            document = await approved_document(self._database, task)
            row = await publication_rows.find(self._database, task.message, task.channel)
            return await look(self._database, channel, document, row, task.since)

    async def _look_first(
        self, channel: Channel, document: Document, row: PublicationRow, order: PublishPost
    ) -> PublicationStatus | None:
        """What a look at an uncertain attempt changes; None if the next may be made."""
        task = order.task
        place = (self._database, task.message, task.channel)
        if row.state is not PublicationState.PLANNED:
            return publication_status(row)
        try:
            seen = await look(self._database, channel, document, row, task.since)
        except (Unreachable, Throttled) as error:
            return later(row, error, order)
        if seen.finding is Finding.FOUND and seen.receipt is not None:
            row = await publications.accept(*place, seen.receipt, datetime.now(UTC))
        elif seen.finding is not Finding.ABSENT:
            why = nobody_knows(task, f"An earlier attempt was looked for before this. {seen.why}")
            row = await publications.mark_unknown(*place, why=why, at=datetime.now(UTC))
        else:
            return None
        return publication_status(row)

    @defined(SETTLE_PUBLICATION)
    async def settle_publication(self, order: SettlePublication) -> PublicationStatus:
        """Enter a conclusion and return the ledger's state afterwards, which may differ."""
        task, now = order.task, datetime.now(UTC)
        place = (self._database, task.message, task.channel)
        with failing_in_words(now):
            await self._refuse_forgotten(task)
            match order.to:
                case PublicationState.ACCEPTED if order.receipt is not None:
                    row = await publications.accept(*place, order.receipt, now)
                case PublicationState.PLANNED:
                    row = await publications.not_seen(
                        *place, order.attempt, now, why=order.explanation, since=task.since
                    )
                case PublicationState.WITHDRAWN | PublicationState.SUPERSEDED:
                    row = await publications.withdraw(
                        *place, now, order.to, order.explanation, looked=order.looked
                    )
                case PublicationState.UNKNOWN:
                    row = await publications.mark_unknown(
                        *place,
                        why=order.explanation or nobody_knows(task),
                        at=now,
                        since=task.since,
                    )
                case PublicationState.REFUSED | PublicationState.ABANDONED:
                    row = await publications.settle_state(*place, order.to, order.explanation, now)
                case _:
                    raise DomainError(f"A publication cannot be settled as {order.to}.")
        return publication_status(row)

    def _begun(self, task: PublicationTask) -> list[BegunAttempt]:
        return self._witness.newest(publication_key(task.message, task.channel))

    async def _refuse_forgotten(self, task: PublicationTask) -> None:
        async with refusing_behind(self._database, self._gates, task, *self._begun(task)):
            if await publication_rows.find(self._database, task.message, task.channel) is None:
                raise publication_rows.never_planned(task.message, task.channel)

    @defined(RETRACT_POST)
    async def retract_post(self, task: PublicationTask) -> PublicationStatus:
        """Take a public post back at the platform, then enter that it was."""
        now = datetime.now(UTC)
        with failing_in_words(now):
            channel = self._channel(task.channel)
            row = await publication_rows.find(self._database, task.message, task.channel)
            if row is None or row.receipt is None or not isinstance(channel, Retracts):
                raise DomainError(
                    f"Nothing can be taken back on {task.channel}.", "Take it down by hand."
                )
            if row.receipt.id == SEEN_BY_A_PERSON:
                raise DomainError(
                    f"The post on {task.channel} was settled by a person, so its number is not "
                    "known here and it cannot be taken down from here.",
                    "Take it down by hand, on the platform.",
                )
            await channel.retract(row.receipt)
            row = await publications.settle_state(
                self._database,
                task.message,
                task.channel,
                PublicationState.WITHDRAWN,
                Explanation(what="It was taken down."),
                datetime.now(UTC),
            )
        return publication_status(row)

    async def _enter(self, error: Exception, order: PublishPost) -> PublicationStatus:
        """Enter an attempt that was refused, or whose outcome is unknown."""
        task, now = order.task, datetime.now(UTC)
        place = (self._database, task.message, task.channel)
        refusal: Explanation | None = None
        what = error.explanation.what if isinstance(error, ChannelError) else _FAILED
        with failing_in_words(now):
            if isinstance(error, Refused):
                row = await publications.refuse(
                    *place, why=error.explanation, at=now, attempt=order.attempt
                )
                if row.state is not PublicationState.SENDING:
                    return publication_status(row)
                refusal = error.explanation
                what = f"{what} An earlier attempt got no clear answer."
            elif isinstance(error, PerhapsPosted):
                refusal = error.otherwise
            row = await publications.mark_unknown(
                *place,
                why=nobody_knows(task, what),
                at=now,
                attempt=order.attempt,
                since=task.since,
            )
        return publication_status(row).model_copy(update={"refusal": refusal})

    def _channel(self, name: str) -> Channel:
        channel = self._channels.get(name)
        if channel is None:
            raise DomainError(
                f"This worker has no channel {name}.",
                "Add it to FRONTFOOT_CHANNELS with its credentials, restart the worker, then "
                "retry the channel.",
            )
        return channel

    def _post_channel(self, name: str) -> PostChannel:
        channel = self._channel(name)
        if not isinstance(channel, PostChannel):
            raise DomainError(f"{name} is not a post channel.", "Check the playbook's channels.")
        return channel
