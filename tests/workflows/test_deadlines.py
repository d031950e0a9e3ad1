"""Deadlines to authorities: somebody watches them, and the owner is reminded rung by rung."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.signatures.deadlines import DeadlinesRead, EndedDeadline, WatchDeadlines
from activities.signatures.notifications import Notify
from activities.signatures.on_call import FoundPeople
from client.deadlines import start_watching
from domain.deadlines import Reminder
from domain.ids import deadlines_workflow_id
from domain.message import MessageKind
from domain.playbook import Playbook
from domain.regulations.applying import RegulationsPlan
from domain.severity import Severity
from domain.status import IncidentStatus
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, person
from workflows.contract.writing import NoteNotified
from workflows.deadlines import DeadlinesWorkflow

DUE = datetime(2026, 12, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1).total_seconds()
TEAM = FoundPeople(on_call=("lena",), deputies=("omar",), others=("ruth",))


def gdpr() -> Playbook:
    plan = RegulationsPlan(apply=("gdpr33",), owner="legal")
    return a_plan().model_copy(update={"regulations": plan})


def rung(share: int) -> DeadlinesRead:
    """This share of the period is over, and in an hour the next will be."""
    step = f"{share}/20261201T090000Z"
    reminder = Reminder(about="deadline/gdpr33", step=step, share=share, due=DUE)
    return DeadlinesRead(owner="legal", reached=(reminder,), again_in=HOUR)


class Watching:
    """The workflow that watches the deadlines of one incident."""

    def __init__(self, environment: WorkflowEnvironment, response: Response) -> None:
        self.environment = environment
        self.world = response.world
        self.order = WatchDeadlines(incident=response.slug, severity=Severity.MAJOR)
        self.handle = environment.client.get_workflow_handle_for(
            DeadlinesWorkflow.run, deadlines_workflow_id(response.slug)
        )

    async def nudge(self) -> None:
        """Something has changed."""
        assert await start_watching(self.environment.client, self.order)

    async def reminded(self, many: int) -> list[Notify]:
        """Wait for so many notifications."""

        async def found() -> list[Notify]:
            return self.world.notified

        return await eventually(found, lambda now: len(now) == many)

    async def waits(self, times: int) -> None:
        """Wait until it has begun to wait for the ``times``-th time."""

        async def timers() -> int:
            history = await self.handle.fetch_history()
            return sum(one.HasField("timer_started_event_attributes") for one in history.events)

        await eventually(timers, lambda now: now == times)

    async def end(self) -> None:
        """Wait until it has ended."""
        async with asyncio.timeout(120):
            await self.handle.result()


@pytest.fixture
def watching(environment: WorkflowEnvironment, response: Response) -> Watching:
    return Watching(environment, response)


async def test_the_owner_is_reminded_at_each_rung_and_more_people_near_the_end(
    watching: Watching,
) -> None:
    world = watching.world
    world.people = TEAM
    done = EndedDeadline(about="deadline/gdpr33", at=DUE, by="lena")
    world.deadlines = [rung(50), rung(80), rung(80), rung(100), DeadlinesRead(ended=(done,))]
    await watching.nudge()
    for times in (1, 2, 3, 4):
        await watching.waits(times)
        await watching.environment.fast_forward(watching.handle, timedelta(minutes=61))
    await watching.end()

    # The rung that was reached before is not repeated.
    assert [one.people for one in world.notified] == [
        ("lena",),
        ("lena", "omar"),
        ("lena", "omar", "ruth"),
    ]
    assert {(one.about, one.reason, one.due) for one in world.notified} == {
        ("deadline/gdpr33", "deadline_near", DUE)
    }
    assert [(one.about, one.ending, one.by) for one in world.ended] == [
        ("deadline/gdpr33", "notified", "lena")
    ]


async def test_whoever_cannot_be_reached_is_passed_over_at_once(watching: Watching) -> None:
    watching.world.people = TEAM.model_copy(update={"unreachable": ("lena",)})
    watching.world.deadlines = [rung(50), DeadlinesRead()]
    await watching.nudge()
    told = await watching.reminded(2)
    assert [one.people for one in told] == [("lena",), ("omar",)]
    await watching.nudge()
    await watching.end()


async def test_a_changed_fact_is_looked_at_at_once(watching: Watching) -> None:
    watching.world.people = TEAM
    watching.world.deadlines = [DeadlinesRead(owner="legal", again_in=HOUR), rung(50)]
    await watching.nudge()
    await watching.waits(1)
    await watching.nudge()
    assert len(await watching.reminded(1)) == 1
    watching.world.deadlines = [DeadlinesRead()]
    await watching.nudge()
    await watching.end()


async def test_an_incident_has_its_deadlines_watched_once_a_fact_of_theirs_is_known(
    response: Response,
) -> None:
    response.severity = Severity.CRITICAL
    await response.open(gdpr())
    await response.know("cause")
    await response.know("aware_at")

    async def watched() -> list[WatchDeadlines]:
        return response.world.watched

    orders = await eventually(watched, lambda now: len(now) == 1)
    assert orders == [WatchDeadlines(incident=response.slug, severity=Severity.CRITICAL)]
    assert await response.entries("deadlines counted again") == []
    await response.know("aware_at")
    [moved] = await response.entries("deadlines counted again")
    assert moved.about == "aware_at was corrected: GDPR, Article 33: Notification of the authority"


async def test_an_incident_of_before_has_nobody_reminded(response: Response) -> None:
    await response.open(gdpr())
    await response.know("aware_at")
    await response.close(waive="It was nothing.")
    await response.result()
    assert response.world.watched == []


async def test_the_timeline_says_which_authority_was_notified_and_refuses_what_is_none(
    response: Response,
) -> None:
    await response.open(gdpr())
    note = NoteNotified(actor=person("tomas"), step="gdpr33", late=True)
    await response.tell("authority_notified", note, IncidentStatus)
    [entry] = await response.entries("authority notified")
    assert (entry.who, entry.about) == ("tomas", "Notification of the authority (gdpr33), late")
    for wrong in ({"step": "gdpr3"}, {"actor": person("stranger")}):
        with pytest.raises(Refusal):
            await response.tell("authority_notified", note.model_copy(update=wrong), IncidentStatus)


async def test_people_concerned_are_not_told_before_everything_they_must_know_is_known(
    response: Response,
) -> None:
    plan = gdpr()
    kind = MessageKind.ANNOUNCEMENT
    message = plan.messages[kind].model_copy(update={"people_concerned": True})
    plan = plan.model_copy(update={"messages": {**plan.messages, kind: message}})
    await response.open(plan)
    await response.know("what_happened", "doing")
    with pytest.raises(Refusal, match=r"contact .*consequences") as refused:
        await response.propose(kind)
    assert "people_concerned" in refused.value.explanation.means
    await response.know("what_happened", "doing", "contact_point", "consequences")
    assert (await response.propose(kind)).number == 1
