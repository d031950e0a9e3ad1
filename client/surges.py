"""Surges: watching for them, seeing those that go on, and dismissing one.

A surge proposes that somebody opens an incident. Opening one is a person's to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.signatures.surges import WatchSurges
from client.engine import Engine
from client.errors import ClientError
from client.patience import soon
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.ids import MAIN_QUEUE, SURGE_SCHEDULE, SURGE_WORKFLOW_ID
from domain.model import Value
from domain.times import UtcTime, show_moment
from store.desk import surges
from store.desk.surges import Surge
from workflows.contract.names import SURGE_WORKFLOW

EVERY = timedelta(minutes=1)
_AGAIN_AFTER = timedelta(seconds=10)
_WITHIN = timedelta(seconds=10)
_log = logging.getLogger("frontfoot.listening")


class SeenSurge(Value):
    """A surge that goes on, as people see it: its number, and what it is in words."""

    number: int
    channel: str
    most: int
    normal: float
    begun_at: UtcTime
    told: Explanation


async def current_surges(engine: Engine) -> list[SeenSurge]:
    """The surges that go on and that nobody has dismissed, by channel."""
    found = await surges.current(await engine.ledger())
    return [
        SeenSurge(
            number=one.number,
            channel=one.channel,
            most=one.most,
            normal=one.normal,
            begun_at=one.begun_at,
            told=_told(one),
        )
        for one in found
        if not one.dismissed_by
    ]


async def dismiss_surge(engine: Engine, number: int, *, actor: Actor) -> None:
    """Say that a surge needs no incident: nobody is told of it any more.

    A later one is told again. ``DomainError`` if it is over, or was dismissed before.
    """
    if not await surges.dismiss(await engine.ledger(), number, actor.person, datetime.now(UTC)):
        raise DomainError(
            f"Surge {number} is over, or somebody has dismissed it.",
            NextStep(action=Action.LIST_MENTIONS, advice="See what people say."),
            means="Nobody is told of it any more.",
        )


async def watch_surges(temporal: Client, channels: Collection[str]) -> bool:
    """Have these channels be watched each minute, or nothing without any; whether it worked."""
    try:
        if channels:
            await soon(_ensure(temporal, _schedule(channels)), _WITHIN)
        else:
            await soon(_remove(temporal), _WITHIN)
    except (ClientError, RPCError):
        return False
    return True


async def keep_watching(temporal: Client, channels: Collection[str]) -> None:
    """See to it that these channels are watched; returns once Temporal has it."""
    while not await watch_surges(temporal, channels):
        _log.warning("nobody may notice a surge: Temporal does not answer")
        await asyncio.sleep(_AGAIN_AFTER.total_seconds())


def _schedule(channels: Collection[str]) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            SURGE_WORKFLOW,
            WatchSurges(channels=tuple(sorted(channels))),
            id=SURGE_WORKFLOW_ID,
            task_queue=MAIN_QUEUE,
            execution_timeout=timedelta(minutes=5),
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
        # What was missed while nobody worked says nothing about now.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
    )


async def _ensure(temporal: Client, wanted: Schedule) -> None:
    try:
        await temporal.create_schedule(SURGE_SCHEDULE, wanted, trigger_immediately=True)
    except ScheduleAlreadyRunningError:

        def update(_: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(schedule=wanted)

        await temporal.get_schedule_handle(SURGE_SCHEDULE).update(update)


async def _remove(temporal: Client) -> None:
    try:
        await temporal.get_schedule_handle(SURGE_SCHEDULE).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


def _told(surge: Surge) -> Explanation:
    normal = (
        f"on average {surge.normal:.1f} at this hour on the {surge.days} days before"
        if surge.days
        else "nothing is known of the days before"
    )
    return Explanation(
        what=f"Far more than usual is said on {surge.channel}: {surge.most:,} mentions in ten "
        f"minutes, {normal}.",
        means=f"It began at {show_moment(surge.begun_at)}. Nothing was opened or published because "
        "of it.",
        next_step=NextStep(
            action=Action.OPEN,
            advice="Read what people say. Open an incident if there is one, or dismiss this.",
        ),
    )
