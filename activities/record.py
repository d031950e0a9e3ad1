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
    CloseIncident,
    RecordTimeline,
    RegisterIncident,
)
from activities.signatures.signature import Nothing
from store.kernel.database import Database
from store.record import incidents, timeline


class RecordActivities:
    """Idempotent entries in the ledger; none of them publishes anything."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.register_incident, self.close_incident, self.record_timeline]

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
        return Nothing()

    @defined(CLOSE_INCIDENT)
    async def close_incident(self, order: CloseIncident) -> Nothing:
        """Mark the incident closed."""
        with failing_in_words(datetime.now(UTC)):
            await incidents.mark_closed(self._database, order.incident, order.at)
        return Nothing()

    @defined(RECORD_TIMELINE)
    async def record_timeline(self, order: RecordTimeline) -> Nothing:
        """Append to the timeline; what is there already is left alone."""
        with failing_in_words(datetime.now(UTC)):
            new = await timeline.append(self._database, order.incident, order.entries)
        tell_entries(order.incident, new)
        return Nothing()
