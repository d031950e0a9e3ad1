"""Hearing what people keep back, and let go on: for the timeline, and to go on at once.

The ledger decides what goes out. Its statements heed a stop and a quarantine from the moment in
which it is entered, so nothing here may be needed for that.
"""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.record import READ_STOPS, ReadStops
    from domain.incident import IncidentState
    from domain.quarantine import Quarantine
    from domain.stopping import Stop
    from domain.times import show_second
    from workflows.calls import call
    from workflows.policies import LEDGER, URGENT
    from workflows.publishing import Publishing
    from workflows.timeline import Timeline


class Stops:
    """Reads stops and quarantines when it hears of one: anybody could send the signal."""

    def __init__(self, state: IncidentState, timeline: Timeline, publishing: Publishing) -> None:
        self._state = state
        self._timeline = timeline
        self._publishing = publishing
        self._heard = False
        self._reading = False

    def hear(self) -> None:
        """Something has changed: read it."""
        self._heard = True

    def quiet(self) -> bool:
        """Whether everything that it has heard of is entered."""
        return not self._heard and not self._reading

    async def keep(self) -> None:
        """Read whenever there is something to read, for as long as the incident lives."""
        while True:
            await workflow.wait_condition(lambda: self._heard)
            self._heard, self._reading = False, True
            state, known = self._state, self._state.stop
            order = ReadStops(
                incident=state.incident,
                since=known.at if known else None,
                quarantines_since=state.opened_at if state.severity is not None else None,
            )
            try:
                found = await call(READ_STOPS, order, LEDGER, priority=URGENT)
                for stop in found.stops:
                    self._enter(stop)
                self._enter_quarantines(found.quarantines)
            except ActivityError as error:
                # Nothing is lost: the ledger has the stop, and heeds it.
                cause = type(error.cause).__name__
                workflow.logger.error("the stops were not read: %s", cause)
            self._reading = False

    def _enter(self, stop: Stop) -> None:
        known = self._state.stop
        same = known is not None and known.id == stop.id
        if not same:
            why = f": {stop.reason}" if stop.reason else ""
            self._timeline.add("stopped everything", stop.by, f"at {show_second(stop.at)}{why}")
        told = same and known is not None and known.ended_at is not None
        if stop.ended_at is not None and stop.ended_by is not None and not told:
            about = f"at {show_second(stop.ended_at)}"
            self._timeline.add("resumed everything", stop.ended_by, about)
        self._state.stop = stop
        if not stop.in_force:
            self._publishing.go_on()

    def _enter_quarantines(self, found: Sequence[Quarantine]) -> None:
        """Enter what has changed about the channels of this incident's plan."""
        known = {one.id: one for one in self._state.quarantines}
        ours = [one for one in found if one.channel in self._state.plan.channels]
        for one in ours:
            if one.in_force and one.id not in known:
                why = f": {one.reason}" if one.reason else ""
                about = f"{one.channel}, at {show_second(one.at)}{why}"
                self._timeline.add("quarantined", one.by, about)
            if one.id in known and one.ended_at is not None and one.ended_by is not None:
                about = f"{one.channel}, at {show_second(one.ended_at)}"
                if one.lift_asked_by is not None:
                    about += f"; {one.lift_asked_by.person} had asked for it"
                self._timeline.add("quarantine lifted", one.ended_by, about)
        self._state.quarantines = tuple(one for one in ours if one.in_force)
        if known.keys() - {one.id for one in self._state.quarantines}:
            self._publishing.go_on()
