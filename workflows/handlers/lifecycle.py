"""The handlers for how an incident goes on: joining, severity, audiences, stages, closing."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.lifecycle import refuse_advance, refuse_audiences, refuse_close
    from domain.limits import REASON_LIMIT, refuse_many
    from domain.public_text import check_title, refuse_unfit
    from domain.status import IncidentStatus
    from workflows.contract.lifecycle import Advance, Close, Join, SetAudiences, SetSeverity
    from workflows.handlers.base import IncidentHandlers
    from workflows.lifecycle import Lifecycle
    from workflows.refusing import refusing
    from workflows.severity import SettingSeverity
    from workflows.stops import Stops


class LifecycleHandlers(IncidentHandlers):
    """The incident as a whole."""

    _lifecycle: Lifecycle
    _severity: SettingSeverity
    _stops: Stops

    @workflow.update(name="join")
    async def join(self, join: Join) -> IncidentStatus:
        """Open the incident, or join the one that is open already."""
        self._ceilings.updates += 1
        self._lifecycle.join(join)
        return self.status()

    @join.validator
    def _check_join(self, join: Join) -> None:
        with refusing():
            check_title(self._state.title)
            self._state.refuse_request(join.actor)

    @workflow.update(name="set_audiences")
    async def set_audiences(self, chosen: SetAudiences) -> IncidentStatus:
        """Choose who gets the mail, while nothing has begun to go out."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            await self._lifecycle.set_audiences(chosen)
        return self.status()

    @set_audiences.validator
    def _check_audiences(self, chosen: SetAudiences) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            refuse_audiences(self._state, chosen.actor)
            refuse_many("audiences", chosen.audiences)

    @workflow.update(name="set_severity")
    async def set_severity(self, chosen: SetSeverity) -> IncidentStatus:
        """Say how bad it is, and with that how fast people are asked."""
        self._ceilings.updates += 1
        self._severity.set(chosen)
        # With its first severity it hears of quarantines, too.
        self._stops.hear()
        return self.status()

    @set_severity.validator
    def _check_severity(self, chosen: SetSeverity) -> None:
        with refusing():
            self._severity.refuse(chosen)

    @workflow.update(name="advance")
    async def advance(self, advance: Advance) -> IncidentStatus:
        """Move to another stage, if the table and the messages so far allow it."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            await self._lifecycle.advance(advance)
        return self.status()

    @advance.validator
    def _check_advance(self, advance: Advance) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            refuse_advance(self._state, advance.to, advance.actor)

    @workflow.update(name="close")
    async def close(self, close: Close) -> IncidentStatus:
        """Close the incident, unless something is open that was not waived in writing."""
        self._ceilings.updates += 1
        with self._waiting_room.waiting():
            await self._lifecycle.close(close)
        return self.status()

    @close.validator
    def _check_close(self, close: Close) -> None:
        with refusing():
            self._waiting_room.refuse_full()
            self._state.refuse_stranger(close.actor)
            refuse_unfit(close.waive, "The waiver", REASON_LIMIT)
            refuse_close(self._state, close.waive)
