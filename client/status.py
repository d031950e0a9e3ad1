"""The status of an incident, once or repeatedly, with its mail and what waits to be signed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import Field
from temporalio.service import RPCError

from client.asking import incident_status, live_status
from client.ended import outcomes_without_it, without_forecast
from client.engine import Engine
from client.errors import ClientError, EndedUnclosed, UnknownIncident, explanation_of
from client.mail_progress import MailProgress, MailWatch
from client.messages import load_document
from client.publications import PublicationRow, list_publications
from client.recovery.locks import why_locked
from client.replies import unknown_notices
from client.same_ledger import refuse_other_ledger
from client.saved_replies import held_notices
from domain.coverage import CoverageReport
from domain.errors import DomainError
from domain.explanation import Explanation, explained
from domain.message import Document
from domain.message_state import MessagePhase
from domain.model import Value
from domain.publication import Outcome, PublicationState
from domain.status import IncidentStatus
from domain.stopping import Stop
from store.desk.coverage import read_coverage
from store.kernel.errors import StoreUnavailable
from store.stops import stops
from wiring import TemporalUnreachable

_REST = 10
"""How many times as long as counting takes a watch waits before it counts the mentions again."""


class Look(Value):
    """The result of one look at an incident.

    ``waiting`` has the copy of each message at its gate, by its number. ``coverage`` is of the
    mentions that belong to it; None while it cannot be read. ``notices`` say what could not be
    read. ``over``: it was closed, or nothing more can be done in it. ``stale``: this is the
    previous look, because this one failed.
    """

    status: IncidentStatus
    mails: tuple[MailProgress, ...] = ()
    waiting: Mapping[int, Document] = Field(default_factory=dict)
    coverage: CoverageReport | None = None
    notices: tuple[Explanation, ...] = ()
    over: bool = False
    stale: bool = False


class Watcher:
    """Looks at one incident repeatedly, and so knows the rate of the last seconds."""

    def __init__(self, engine: Engine, slug: str) -> None:
        self._engine = engine
        self._slug = slug
        self._mails = MailWatch(engine)
        self._documents: dict[str, Document] = {}
        self._same_ledger = False
        self._coverage: CoverageReport | None = None
        self._count_again_at = 0.0
        self._reading: set[asyncio.Task[tuple[Stop | None, list[PublicationRow]]]] = set()

    async def rest(self) -> None:
        """Wait for what nobody waited for, before the engine is closed."""
        await asyncio.gather(*self._reading, return_exceptions=True)

    async def look(self) -> Look:
        """The status now; while the ledger is down, no copy and no mail, but a notice.

        Raises ``NoLedger`` and ``OtherLedger`` where the settings name a ledger that is not the
        incident's.
        """
        notices: list[Explanation] = []
        ended = False
        # Together: behind a mailing each of them waits for its turn.
        entered = self._begin_reading()
        try:
            status = await live_status(self._engine, self._slug)
        except EndedUnclosed as error:
            status = await incident_status(self._engine, self._slug)
            notices.append(error.explanation)
            ended = True
        mails: tuple[MailProgress, ...] = ()
        waiting: Mapping[int, Document] = {}
        coverage: CoverageReport | None = None
        try:
            if not self._same_ledger:
                await refuse_other_ledger(self._engine, self._slug)
                self._same_ledger = True
            stop, rows = await entered
            locked = await why_locked(self._engine, status)
            status = status.model_copy(update={"locked": locked, "stopped": stop})
            status = _as_entered(status, rows)
            if ended:
                status = await outcomes_without_it(self._engine, status)
            mails = tuple(await self._mails.look(status))
            if ended:
                mails = tuple(without_forecast(mail, status) for mail in mails)
            waiting = await self._waiting(status)
            coverage = await self._covered()
            if any(one.phase is MessagePhase.IN_FORCE for one in status.messages):
                notices += await held_notices(self._engine, self._slug)
                notices += await unknown_notices(self._engine, self._slug)
        except (StoreUnavailable, DomainError) as error:
            mails = ()
            said = explanation_of(error)
            notices += [said] if said else []
        return Look(
            status=status,
            mails=mails,
            waiting=waiting,
            coverage=coverage,
            notices=tuple(notices),
            over=ended or status.closed_at is not None,
        )

    async def _covered(self) -> CoverageReport:
        """How much has an end; with many mentions, as it was some seconds ago.

        Counting reads every mention of the incident, and a watch looks every second.
        """
        begun = time.monotonic()
        if self._coverage is not None and begun < self._count_again_at:
            return self._coverage
        ledger = await self._engine.ledger()
        self._coverage = await read_coverage(ledger, self._slug, datetime.now(UTC))
        self._count_again_at = begun + _REST * (time.monotonic() - begun)
        return self._coverage

    def _begin_reading(self) -> asyncio.Task[tuple[Stop | None, list[PublicationRow]]]:
        """Begin to read what the ledger says; whoever does not wait for it leaves it to end.

        Not cancelled: a connection that is just being opened would be lost.
        """
        reading = asyncio.create_task(self._entered())
        self._reading.add(reading)
        reading.add_done_callback(self._has_read)
        return reading

    def _has_read(self, reading: asyncio.Task[tuple[Stop | None, list[PublicationRow]]]) -> None:
        self._reading.discard(reading)
        if not reading.cancelled():
            # Whatever it is, who waits for it is told.
            reading.exception()

    async def _entered(self) -> tuple[Stop | None, list[PublicationRow]]:
        """What the ledger says whatever the incident does."""
        stop = await stops.in_force(await self._engine.ledger(), self._slug)
        return stop, await list_publications(self._engine, self._slug)

    async def look_again(self, last: Look) -> Look:
        """``look``, or during an outage what was seen ``last``: it may end by itself.

        Raises ``UnknownIncident``.
        """
        try:
            return await self.look()
        except UnknownIncident:
            raise
        except (ClientError, RPCError, TemporalUnreachable) as error:
            said = explanation_of(error) or explained(str(error))
            return Look(
                status=last.status,
                mails=last.mails,
                coverage=last.coverage,
                notices=(said,),
                stale=True,
            )

    async def _waiting(self, status: IncidentStatus) -> dict[int, Document]:
        """The copy of what waits to be signed; ``DomainError`` if it is not what is at the gate."""
        found: dict[int, Document] = {}
        for message in status.messages:
            if message.phase is not MessagePhase.WAITING:
                continue
            if message.digest not in self._documents:
                self._documents[message.digest] = await load_document(
                    self._engine, self._slug, message
                )
            found[message.number] = self._documents[message.digest]
        return found


def _as_entered(status: IncidentStatus, rows: Sequence[PublicationRow]) -> IncidentStatus:
    """The status with the posts that the ledger has on the wire.

    An incident hears of an attempt when it has ended; one whose worker was killed ends late. Until
    then it must not look as if nothing had been sent.
    """
    on_the_wire = {
        (row.number, row.channel): row
        for row in rows
        if row.state in (PublicationState.SENDING, PublicationState.UNKNOWN)
    }

    def entered(number: int, outcome: Outcome) -> Outcome:
        row = on_the_wire.get((number, outcome.channel))
        if row is None or outcome.audience or outcome.state is not PublicationState.PLANNED:
            return outcome
        changes = {"state": PublicationState.SENDING, "uncertain": row.uncertain}
        return outcome.model_copy(update=changes)

    messages = tuple(
        one.model_copy(
            update={"outcomes": tuple(entered(one.number, outcome) for outcome in one.outcomes)}
        )
        for one in status.messages
    )
    return status.model_copy(update={"messages": messages})
