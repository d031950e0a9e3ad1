"""Keeping the ledger's list of incidents and their timelines."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.log_lines import tell_entries
from activities.signatures.record import (
    CLOSE_INCIDENT,
    RECORD_TIMELINE,
    REGISTER_INCIDENT,
    TOO_LARGE,
    CloseIncident,
    Recorded,
    RecordTimeline,
    RegisterIncident,
)
from activities.signatures.signature import Nothing
from store.kernel.database import Database
from store.record import incidents, timeline
from store.recovery import snapshots
from store.recovery.generations import generation
from store.recovery.locks import lock
from store.recovery.standing import what_lacks


class RecordActivities:
    """Idempotent entries in the ledger; none of them publishes anything."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.register_incident, self.close_incident, self.record_timeline]

    @defined(REGISTER_INCIDENT)
    async def register_incident(self, order: RegisterIncident) -> Nothing:
        """Enter the incident in the list of incidents."""
        with failing_in_words(datetime.now(UTC)):
            await incidents.register(
                self._database,
                order.incident,
                order.title,
                order.playbook,
                order.audiences,
                order.opened_at,
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
        return Nothing()

    @defined(RECORD_TIMELINE)
    async def record_timeline(self, order: RecordTimeline) -> Recorded:
        """Append to the timeline; what is there already is left alone.

        A ledger that lacks what it had before is locked for this incident, and still written to.
        """
        incident, known = order.incident, order.known
        with failing_in_words(datetime.now(UTC)):
            why = await what_lacks(self._database, incident, known)
            if why is not None:
                await lock(self._database, incident, why)
            new = await timeline.append(self._database, incident, order.entries)
            if order.snapshot:
                last = max((one.seq for one in order.entries), default=known.entries)
                state = "" if order.snapshot == TOO_LARGE else order.snapshot
                await snapshots.keep_state(self._database, incident, last, state)
            this = await generation(self._database)
        tell_entries(incident, new)
        return Recorded(generation=this, behind=why)
