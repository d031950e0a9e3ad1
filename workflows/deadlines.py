"""Deadlines to authorities: one workflow for each incident that has some, until none is to come.

It outlives the incident: a final report may be due a month after it was closed. What counts is in
the ledger, so it only waits, looks again, and has the owner reminded. To look too often is nothing
worse than that, and so is to remind twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.signatures.deadlines import (
        READ_DEADLINES,
        DeadlinesRead,
        ReadDeadlines,
        WatchDeadlines,
    )
    from activities.signatures.notifications import (
        END_NOTIFICATIONS,
        NOTIFY,
        EndNotifications,
        Notify,
    )
    from activities.signatures.on_call import FIND_PEOPLE, FindPeople, FoundPeople
    from domain.deadlines import NEAR, Reminder
    from domain.notifications import NotificationReason
    from domain.roster import PersonId, Role
    from workflows.calls import call
    from workflows.contract.names import DEADLINES_WORKFLOW
    from workflows.policies import ASKED, LEDGER

_LONGEST_WAIT = timedelta(days=1).total_seconds()
"""After so long it looks again in any case, should nobody have told it of a changed fact."""

_AFTER_A_FAILURE = timedelta(minutes=1).total_seconds()


@workflow.defn(name=DEADLINES_WORKFLOW)
class DeadlinesWorkflow:
    """Looks, reminds, and waits for the next rung, or until somebody says that a fact changed."""

    @workflow.init
    def __init__(self, order: WatchDeadlines) -> None:
        self._order = order
        self._asked = list(order.asked)
        self._heard = 0

    @workflow.run
    async def run(self, order: WatchDeadlines) -> None:
        """Go round until nothing is to come."""
        while True:
            heard = self._heard
            again_in = await self._round()
            if self._heard == heard:
                if again_in is None:
                    return
                await self._wait(heard, min(again_in, _LONGEST_WAIT))
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(order.model_copy(update={"asked": tuple(self._asked)}))

    @workflow.signal(dynamic=True)
    async def listen(self, name: str, said: Sequence[RawValue]) -> None:
        """Whatever was said: something has changed."""
        self._heard += 1

    async def _round(self) -> float | None:
        """Do what is due; in how many seconds something is again, None if nothing is to come."""
        found = await call(READ_DEADLINES, ReadDeadlines(incident=self._order.incident), LEDGER)
        try:
            await self._end(found)
            if found.owner is not None:
                for reminder in found.reached:
                    await self._remind(reminder, found.owner)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # The worker's log has the reason; who was not reminded is reminded then.
            return _AFTER_A_FAILURE
        return found.again_in

    async def _end(self, found: DeadlinesRead) -> None:
        for one in found.ended:
            if one.about not in self._asked:
                over = EndNotifications(
                    incident=self._order.incident,
                    about=one.about,
                    ending="notified",
                    at=one.at,
                    by=one.by,
                )
                await call(END_NOTIFICATIONS, over, ASKED)
                self._asked.append(one.about)

    async def _remind(self, reminder: Reminder, owner: Role) -> None:
        rung = f"{reminder.about} {reminder.step}"
        if rung in self._asked:
            return
        incident = self._order.incident
        people = await call(FIND_PEOPLE, FindPeople(incident=incident, roles=(owner,)), ASKED)
        asked: list[PersonId] = []
        for tier in _tiers(people, reminder.share):
            # Whoever cannot be reached is told of, and the next are asked at once.
            order = Notify(
                incident=incident,
                about=reminder.about,
                step=reminder.step,
                reason=NotificationReason.DEADLINE_NEAR,
                people=tier,
                severity=self._order.severity,
                due=reminder.due,
            )
            told = await call(NOTIFY, order, ASKED)
            asked += [one for one in tier if one not in told.unreachable]
            if asked:
                break
        self._asked.append(rung)

    async def _wait(self, heard: int, seconds: float) -> None:
        if not seconds:
            return
        try:
            await workflow.wait_condition(lambda: self._heard != heard, timeout=seconds)
        except TimeoutError:
            return


def _tiers(people: FoundPeople, share: int) -> list[tuple[PersonId, ...]]:
    """Whom to ask at once, and whom if none of them can be reached.

    First who is on call; near the end their deputies, too; at the end everybody with the role.
    """
    on_call, deputies, others = people.on_call, people.deputies, people.others
    tiers = [on_call, deputies, others]
    if share >= NEAR:
        tiers = [(*on_call, *deputies), others]
    if share >= 100:
        tiers = [(*on_call, *deputies, *others)]
    return [one for one in tiers if one]
