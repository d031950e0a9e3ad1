"""Publishing on post channels: one attempt, entered in the ledger before and after."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.approved import OpenedGates, approved_document
from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.heartbeat import beating
from activities.looking import look, nobody_knows, publication_status
from activities.post_attempts import PostAttempts
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
    PostChannel,
    Retracts,
)
from domain.errors import DomainError
from domain.explanation import Explanation
from domain.ids import publication_key
from domain.ledger import BegunAttempt
from domain.publication import SEEN_BY_A_PERSON, PublicationState, Sighting
from store.kernel.database import Database
from store.record import publication_rows, publications
from store.recovery.witness import Witness


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
        self._attempts = PostAttempts(database, gates, self._witness)

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
                    row = await self._attempts.row_before(order)
                    if row.uncertain:
                        ended = await self._attempts.look_first(channel, document, row, order)
                        if ended is not None:
                            return ended
            return await self._attempts.make(channel, document, order, looked=row.uncertain)

    @defined(LOOK_FOR_POST)
    async def look_for_post(self, task: PublicationTask) -> Sighting:
        """Read the platform back for attempts that may have gone out."""
        with failing_in_words(datetime.now(UTC)):
            channel = self._channel(task.channel)
            document = await approved_document(self._database, task)
            row = await publication_rows.find(self._database, task.message, task.channel)
            return await look(self._database, channel, document, row, task.since)

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
            await publication_rows.planned(self._database, task.message, task.channel)

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
