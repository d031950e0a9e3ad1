"""Starting who notifies our own people, and telling incidents what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from client.errors import ClientError
from client.patience import soon
from domain.ids import (
    CONTACT_TEST_SCHEDULE,
    CONTACT_TEST_WORKFLOW_ID,
    MAIN_QUEUE,
    NOTIFICATIONS_WORKFLOW_ID,
    incident_workflow_id,
)
from domain.notification_pace import GATHERED_FOR
from domain.notifications import NotificationNews
from workflows.contract.names import CONTACT_TEST_WORKFLOW, NOTIFICATIONS_WORKFLOW
from workflows.contract.standing import SendPeopleNotifications, TestEverybody

WITHIN = timedelta(seconds=5)
NEWS = "notification_news"
"""The signal by which an incident hears of a person's notification."""

_MORE = "more_entered"
_AGAIN_AFTER = timedelta(seconds=10)
_TUESDAY, _TEN = 2, 10
_log = logging.getLogger("frontfoot.notifications")


async def start_notifying(temporal: Client) -> bool:
    """Have everybody be sent what is due; false if Temporal does not answer.

    Then the workers do it, once they find that it is overdue.
    """
    starting = temporal.start_workflow(
        NOTIFICATIONS_WORKFLOW,
        SendPeopleNotifications(),
        id=NOTIFICATIONS_WORKFLOW_ID,
        task_queue=MAIN_QUEUE,
        start_signal=_MORE,
    )
    try:
        await soon(starting, WITHIN)
    except (ClientError, RPCError):
        return False
    return True


class GatheredStarts:
    """Starts once for all who ask within a moment; ``start`` is what each would have done.

    Every signal is a task of the one workflow that notifies: beside ten thousand promises that come
    near, these tasks were a third of the server's work. What is entered is due later than that. If
    this process dies meanwhile, a worker finds it overdue.
    """

    def __init__(self, start: Callable[[], Awaitable[bool]]) -> None:
        self._start = start
        self._soon: asyncio.Task[bool] | None = None

    async def __call__(self) -> bool:
        """Have it be done soon."""
        if self._soon is None:
            self._soon = asyncio.create_task(self._after_a_moment())
        return True

    async def _after_a_moment(self) -> bool:
        await asyncio.sleep(GATHERED_FOR.total_seconds() / 2)
        # Whoever enters something from here on is not certain to be seen.
        self._soon = None
        return await self._start()


async def tell_incident(temporal: Client, incident: str, news: NotificationNews) -> bool:
    """Tell an incident; false if it may hear it later. One that has ended needs no news."""
    handle = temporal.get_workflow_handle(incident_workflow_id(incident))
    try:
        await soon(handle.signal(NEWS, news), WITHIN)
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    except ClientError:
        return False
    return True


async def schedule_tests(temporal: Client, *, wanted: bool) -> bool:
    """Have everybody's contact methods be tested on Tuesdays at 10:00 UTC, or not at all."""
    try:
        await soon(_ensure(temporal) if wanted else _remove(temporal), WITHIN)
    except (ClientError, RPCError):
        return False
    return True


async def keep_testing(temporal: Client, *, wanted: bool) -> None:
    """The same, again and again until Temporal has it."""
    while not await schedule_tests(temporal, wanted=wanted):
        _log.warning("contact methods may not be tested: Temporal does not answer")
        await asyncio.sleep(_AGAIN_AFTER.total_seconds())


async def _ensure(temporal: Client) -> None:
    at_ten = ScheduleCalendarSpec(day_of_week=[ScheduleRange(_TUESDAY)], hour=[ScheduleRange(_TEN)])
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            CONTACT_TEST_WORKFLOW,
            TestEverybody(),
            id=CONTACT_TEST_WORKFLOW_ID,
            task_queue=MAIN_QUEUE,
            execution_timeout=timedelta(hours=1),
        ),
        spec=ScheduleSpec(calendars=[at_ten]),
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)
        ),
    )
    try:
        await temporal.create_schedule(CONTACT_TEST_SCHEDULE, schedule)
    except ScheduleAlreadyRunningError:

        def update(_: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(schedule=schedule)

        await temporal.get_schedule_handle(CONTACT_TEST_SCHEDULE).update(update)


async def _remove(temporal: Client) -> None:
    try:
        await temporal.get_schedule_handle(CONTACT_TEST_SCHEDULE).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
