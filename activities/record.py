"""Keeping the ledger's list of incidents, their timelines, and the openings of their gates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.log_lines import tell_entries
from activities.outbox_entering import OutboxEntering
from activities.signatures.openings import OPEN_GATE, REVOKE_OPENING, OpenGate, RevokeOpening
from activities.signatures.record import (
    CHECK_COVERAGE,
    CLOSE_INCIDENT,
    READ_STOPS,
    RECORD_TIMELINE,
    REGISTER_INCIDENT,
    TOO_LARGE,
    CheckCoverage,
    CloseIncident,
    ReadStops,
    RecordTimeline,
    RegisterIncident,
    StopsRead,
    TimelineRecorded,
)
from activities.signatures.signature import Nothing
from domain.coverage import Coverage
from domain.errors import DomainError
from domain.gate import Decision
from domain.ids import incident_workflow_id
from domain.opening import SealedOpening
from domain.sealing import RecordKey
from domain.timeline import TimelineEntry
from domain.times import in_utc
from store.desk.workload import open_by_channel
from store.kernel.database import Database
from store.notifications import entering as notifying
from store.record import incidents, openings, timeline
from store.recovery import snapshots
from store.recovery.generations import generation
from store.recovery.locks import lock
from store.recovery.standing import what_lacks
from store.stops import quarantines, stops


class RecordActivities:
    """Idempotent entries in the ledger, sealed with ``key``; none of them publishes anything.

    ``outbox`` has other systems hear of what is recorded.
    """

    def __init__(
        self, database: Database, key: RecordKey, outbox: OutboxEntering | None = None
    ) -> None:
        self._database = database
        self._key = key
        self._outbox = outbox

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [
            self.register_incident,
            self.close_incident,
            self.check_coverage,
            self.record_timeline,
            self.open_gate,
            self.revoke_opening,
            self.read_stops,
        ]

    @defined(REGISTER_INCIDENT)
    async def register_incident(self, order: RegisterIncident) -> Nothing:
        """Enter the incident in the list of incidents; refused if its name is used up."""
        with failing_in_words(datetime.now(UTC)):
            await incidents.register(
                self._database,
                order.incident,
                order.title,
                order.playbook,
                order.audiences,
                order.opened_at,
                order.run,
                recovered=order.recovered,
            )
            if order.plan is not None:
                await snapshots.keep_plan(
                    self._database, order.incident, order.plan.model_dump_json()
                )
        return Nothing()

    @defined(CLOSE_INCIDENT)
    async def close_incident(self, order: CloseIncident) -> Nothing:
        """Mark the incident closed."""
        with failing_in_words(datetime.now(UTC)):
            await incidents.mark_closed(self._database, order.incident, order.at)
            await notifying.close(self._database, order.incident, order.at)
        return Nothing()

    @defined(CHECK_COVERAGE)
    async def check_coverage(self, order: CheckCoverage) -> Nothing:
        """Refuse while a mention of the incident is open."""
        with failing_in_words(datetime.now(UTC)):
            waiting = await open_by_channel(self._database, order.incident)
            Coverage(open=sum(waiting.values())).refuse_close(order.incident, "")
        return Nothing()

    @defined(RECORD_TIMELINE)
    async def record_timeline(self, order: RecordTimeline) -> TimelineRecorded:
        """Append to the timeline; what is there already is left alone.

        A ledger that lacks what it had before is locked for this incident, and still written to.
        """
        incident = order.incident
        hear: set[str] = set()

        async def enter(connection: AsyncConnection, new: Sequence[TimelineEntry]) -> None:
            if self._outbox is not None:
                hear.update(await self._outbox.enter(order, connection, new))

        with failing_in_words(datetime.now(UTC)):
            _refuse_others(incident)
            locked = await what_lacks(self._database, incident, order.known)
            if locked is not None:
                await lock(self._database, incident, locked)
            done = await timeline.append(
                self._database, self._key, incident, order.entries, order.known.record, enter
            )
            taken = not done.behind and done.diverges_at is None
            if order.snapshot and taken:
                state = "" if order.snapshot == TOO_LARGE else order.snapshot
                await snapshots.keep_state(self._database, incident, done.head.entries, state)
            this = await generation(self._database)
        tell_entries(incident, done.new)
        if self._outbox is not None:
            await self._outbox.start(hear)
        return TimelineRecorded(
            head=done.head,
            behind=done.behind,
            diverges_at=done.diverges_at,
            next_branch=done.next_branch,
            generation=this,
            locked=locked,
            entries=order.entries if taken else (),
        )

    @defined(OPEN_GATE)
    async def open_gate(self, order: OpenGate) -> Nothing:
        """Enter the opening of a message's gate, sealed; without it the wire sends nothing."""
        opening = SealedOpening(
            kind=order.kind,
            incident=order.message.incident,
            number=order.message.number,
            revision=order.message.revision,
            digest=order.digest,
            destinations=tuple(one.model_dump(mode="json") for one in order.destinations),
            decisions=tuple(_sealed_form(one) for one in order.decisions),
            opened_at=in_utc(order.at).isoformat(timespec="microseconds"),
        )
        with failing_in_words(datetime.now(UTC)):
            _refuse_others(order.message.incident)
            await openings.enter(self._database, self._key, opening)
        return Nothing()

    @defined(REVOKE_OPENING)
    async def revoke_opening(self, order: RevokeOpening) -> Nothing:
        """Let nothing more out by an opening."""
        with failing_in_words(datetime.now(UTC)):
            _refuse_others(order.message.incident)
            await openings.revoke(self._database, order.message, order.at)
        return Nothing()

    @defined(READ_STOPS)
    async def read_stops(self, order: ReadStops) -> StopsRead:
        """Tell an incident when everything of it was stopped and resumed."""
        with failing_in_words(datetime.now(UTC)):
            _refuse_others(order.incident)
            since = order.quarantines_since
            held = await quarantines.since(self._database, since) if since else []
            found = await stops.tell(self._database, order.incident, order.since)
        return StopsRead(stops=tuple(found), quarantines=tuple(held))


def _sealed_form(decision: Decision) -> dict[str, object]:
    # An opening from before there were proofs is entered again to the same letter.
    return decision.model_dump(mode="json", exclude=None if decision.proof else {"proof"})


def _refuse_others(incident: str) -> None:
    """Seal nothing for a workflow that is not the incident's own.

    Temporal runs one workflow of an id at a time, so while an incident is open nobody else has its
    id. That stops mistakes; whoever controls Temporal can still speak for an incident.
    """
    if activity.info().workflow_id != incident_workflow_id(incident):
        raise DomainError(
            f"Only the workflow of {incident} itself writes its record and opens its gates.",
            "Find out who may write to Temporal.",
            means="Nothing was entered.",
        )
