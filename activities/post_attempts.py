"""One attempt at a post: what is looked at before it, the wire, and what is entered after it."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.approved import OpenedGates
from activities.failures import failing_in_words
from activities.heartbeat import to_its_end
from activities.log_lines import tell_attempt
from activities.looking import held, later, look, nobody_knows, publication_status
from activities.pauses import Pause
from activities.signatures.posts import (
    PublicationStatus,
    PublicationTask,
    PublishPost,
)
from channels.contract import (
    Channel,
    ChannelError,
    PerhapsPosted,
    PostChannel,
    Publication,
    Refused,
    Throttled,
    Unreachable,
)
from domain.explanation import Explanation, explained
from domain.ledger import BegunAttempt
from domain.message import Document
from domain.publication import Finding, PublicationState
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


class PostAttempts:
    """Attempts at posts, each entered in the ledger before and after."""

    def __init__(self, database: Database, gates: OpenedGates, witness: Witness) -> None:
        self._database = database
        self._gates = gates
        self._witness = witness

    async def row_before(self, order: PublishPost) -> PublicationRow:
        """The publication as it is before this attempt."""
        task, place = order.task, (self._database, order.task.message, order.task.channel)
        row = await publication_rows.planned(*place)
        if row.state is PublicationState.PLANNED and row.attempt < order.attempt - 1:
            # An earlier one ended without a word. Perhaps it never began, perhaps this ledger is a
            # copy from before it.
            since = task.since or datetime.now(UTC)
            row = await publications.suspect(*place, since, datetime.now(UTC))
        return row

    async def look_first(
        self, channel: Channel, document: Document, row: PublicationRow, order: PublishPost
    ) -> PublicationStatus | None:
        """What a look at an uncertain attempt changes; None if the next may be made.

        Nothing is looked for while the next is kept back.
        """
        task = order.task
        place = (self._database, task.message, task.channel)
        if row.state is not PublicationState.PLANNED:
            return publication_status(row)
        why = await self._kept_back(task)
        if why is not None:
            return held(row, why, order)
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

    async def make(
        self, channel: PostChannel, document: Document, order: PublishPost, *, looked: bool
    ) -> PublicationStatus:
        """Reserve the row, send, and enter how it ended; ``looked``: an earlier one was sought."""
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
            return await self._enter_failure(error, order)
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

    async def _enter_failure(self, error: Exception, order: PublishPost) -> PublicationStatus:
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
