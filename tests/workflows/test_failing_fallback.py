"""What is promised holds while the ledger is away, the platform is slow, or somebody is faster."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.message import MessageKind
from domain.notifications import NotificationNews, NotificationState
from domain.playbook_promises import PromisesPlan
from domain.promise_clock import PromiseState
from domain.severity import Severity
from domain.status import MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, person
from tests.workflows.test_escalation import EVERYBODY, RELEASING
from tests.workflows.test_promise_clock import MINUTE, asked, now, opened, promise, promised
from tests.workflows.world import REFUSES, Fault
from workflows.contract.writing import Release


async def says(response: Response, what: str, count: int = 1) -> list[str]:
    """What the timeline says of one kind, once it says so often enough."""
    return await eventually(
        lambda: response.says(what), lambda found: len(found) >= count, otherwise=f"no {what}"
    )


async def ended(response: Response, about: str) -> tuple[str, str | None]:
    """How asking about a thing ended, and who ended it, once that is entered."""

    async def look() -> list[tuple[str, str | None]]:
        over = [one for one in response.world.ended if one.about == about]
        return [(one.ending, one.by) for one in over]

    (one,) = await eventually(look, bool, otherwise=f"{about} is not over")
    return one


async def opened_impatiently(response: Response) -> None:
    """Open an incident whose statements have two minutes, and go out once in a row."""
    impatient = PromisesPlan(grace=2 * MINUTE, fallbacks=1)
    plan = a_plan(holding=True).model_copy(update={"promises": impatient})
    await response.open(plan, severity=Severity.MAJOR)


async def everybody_knows(response: Response) -> None:
    """Wait until people were told that promise 1 is late."""

    async def steps() -> list[str]:
        return [one.step for one in response.world.asked if one.about == "promise/1"]

    await eventually(steps, lambda found: "late" in found, otherwise="nobody was told")


async def test_a_ledger_that_is_away_costs_no_statement(response: Response) -> None:
    """It lost the statement for good, and the promise with it, within a minute."""
    await opened(response)
    await promised(response, 15 * MINUTE)
    await response.time_passes(16 * MINUTE)
    await asked(response, "promise/1", 1)
    response.world.unrendered = True
    for _ in range(2):
        await response.time_passes(5 * MINUTE)
    (late,) = await says(response, "promise late")
    assert late == (
        "frontfoot: message 1: The statement is not out yet: The ledger cannot be reached."
    )
    late_one = await promise(response, 1, PromiseState.OPEN)
    assert late_one.why.startswith("The statement is not out yet")

    await everybody_knows(response)

    response.world.unrendered = False
    await response.time_passes(2 * MINUTE)

    assert (await promise(response, 1, PromiseState.KEPT_BY_FALLBACK)).ended_by == 2
    assert await response.says("promise late") == [late]

    due = (await promise(response, 2, PromiseState.OPEN)).due
    response.world.away = True
    await response.time_passes(due - now(response) + 11 * MINUTE)
    await says(response, "promise late", 2)
    await response.time_passes(11 * MINUTE)
    broken = await promise(response, 2, PromiseState.BROKEN)
    assert broken.ended_at is not None
    assert timedelta() <= broken.ended_at - due - 20 * MINUTE < 5 * MINUTE

    response.world.away = False
    await response.time_passes(5 * MINUTE)

    (said,) = await says(response, "statement out late")
    assert said.startswith("frontfoot: message 2 by message 3, ")
    assert response.world.public("twitter") == [1, 2, 3]
    assert await ended(response, "promise/2/broken") == ("an update is out", None)
    assert (await response.status()).scorecard.broken == 1


async def test_an_update_overtakes_a_statement_that_is_owed(response: Response) -> None:
    await opened_impatiently(response)
    await promised(response, 15 * MINUTE)
    response.world.away = True
    await response.time_passes(20 * MINUTE)
    await promise(response, 1, PromiseState.BROKEN)

    response.world.away = False
    await promised(response, 60 * MINUTE, MessageKind.PROGRESS_UPDATE)
    await response.time_passes(3 * MINUTE)

    assert response.world.public("twitter") == [1, 2]
    assert await ended(response, "promise/1/broken") == ("an update is out", "maya")


@pytest.mark.parametrize("decided", [False, True])
async def test_a_release_of_a_ladder_is_tried_until_it_is_out_or_somebody_has_decided(
    response: Response, decided: bool
) -> None:
    response.world.people = EVERYBODY
    plan = a_plan(holding=True, escalation=RELEASING)
    await response.open(plan, severity=Severity.CRITICAL)
    await response.publish()
    update = await response.propose(MessageKind.PROGRESS_UPDATE)
    await response.until(lambda one: one.asking and one.asking.rung == "ask", 2)
    await response.time_passes(timedelta(hours=1))
    await response.until(lambda one: one.asking and one.asking.rung == "deputy", 2)
    response.world.away = True
    await response.time_passes(timedelta(hours=1))
    (held,) = await says(response, "not released yet")
    assert held.endswith("message 2, tried again: The ledger cannot be reached.")

    if decided:
        await response.decide(update, "noor")
        await response.settled(2)
    response.world.away = False
    await response.time_passes(5 * MINUTE)

    if decided:
        assert response.world.public("twitter") == [1, 2]
        return
    await says(response, "holding statement released")
    await response.until(lambda one: one.told, 3)
    await response.time_passes(10 * MINUTE)
    assert response.world.public("twitter") == [1, 3]
    assert await response.says("not released yet") == [held]


async def test_what_is_over_is_told_after_whoever_was_asked(response: Response) -> None:
    """The end came first, and a notification more after it."""
    await opened(response)
    await promised(response, 30 * MINUTE)
    notifying = response.world.notifying_waits()
    gone = NotificationNews(about="promise/1", person="maya", state=NotificationState.UNREACHABLE)
    await response.handle.signal("notification_news", gone)

    await promised(response, 60 * MINUTE, MessageKind.PROGRESS_UPDATE)
    await promise(response, 1, PromiseState.KEPT)
    over = [one.about for one in response.world.ended]
    notifying.set()

    assert await ended(response, "promise/1") == ("kept", "maya")
    assert "promise/1" not in over
    assert await asked(response, "promise/1", 1) == [("deputy", ("tomas",))]


async def test_that_it_was_broken_is_told_until_somebody_has_heard(response: Response) -> None:
    response.world.holding = False
    await opened(response)
    await promised(response, 15 * MINUTE)
    await response.time_passes(26 * MINUTE)
    await asked(response, "promise/1/broken", 1)
    about = "promise/1/broken"
    heard = NotificationNews(about=about, person="tomas", state=NotificationState.ACKNOWLEDGED)

    await response.handle.signal("notification_news", heard)

    assert await ended(response, about) == ("acknowledged", "tomas")
    assert await ended(response, "promise/1") == ("broken", None)
    await promised(response, 60 * MINUTE, MessageKind.PROGRESS_UPDATE)
    assert await ended(response, about) == ("acknowledged", "tomas")


async def test_a_slow_statement_is_told_when_it_is_out_and_counts(response: Response) -> None:
    """A broken promise began the count of statements anew, and there was no end of them."""
    await opened_impatiently(response)
    await promised(response, 15 * MINUTE)
    response.world.shut = True
    await response.time_passes(18 * MINUTE)
    await says(response, "released")
    await response.time_passes(2 * MINUTE)
    assert (await promise(response, 1, PromiseState.BROKEN)).why == (
        "Message 2 was not out in time."
    )
    assert len(await says(response, "told of a broken promise")) == 1
    response.world.shut = False
    await response.time_passes(MINUTE)
    assert (await says(response, "statement out late"))[0].startswith("frontfoot: message 1 by")

    due = (await promise(response, 2, PromiseState.OPEN)).due
    await response.time_passes(due - now(response) + 3 * MINUTE)

    assert "No more statements" in (await promise(response, 2, PromiseState.BROKEN)).why
    assert response.world.public("twitter") == [1, 2]


@pytest.mark.parametrize(("then", "becomes"), [((), "kept"), ((REFUSES,), "broken")])
async def test_nothing_says_that_work_goes_on_while_the_resolution_goes_out(
    response: Response, then: tuple[Fault, ...], becomes: str
) -> None:
    await opened(response)
    await promised(response, 15 * MINUTE)
    await response.know("fix", "prevention", "prevention_owner", "prevention_due")
    await response.time_passes(22 * MINUTE)
    for channel in ("twitter", "facebook"):
        response.world.provider(channel, *then)
    response.world.shut = True
    resolution = await response.propose(MessageKind.RESOLUTION_NOTE)
    await response.decide(resolution, "noor")

    await response.time_passes(6 * MINUTE)

    (late,) = await says(response, "promise late")
    assert late == "frontfoot: message 1: Message 2, the resolution, is on its way."
    await everybody_knows(response)
    said = Release(statement="still_working", actor=person("maya"))
    with pytest.raises(Refusal, match="The resolution, message 2, is on its way"):
        await response.tell("release", said, MessageStatus)
    assert (await promise(response, 1, PromiseState.OPEN)).why
    response.world.shut = False
    await response.time_passes(MINUTE)
    ending = await promise(response, 1, PromiseState(becomes))
    assert response.world.public("twitter") == [1, *([2] if not then else [])]
    if then:
        assert ending.why == "Message 2, the resolution, did not get out."
    else:
        assert (ending.ended_by, ending.why, bool(ending.late_by)) == (2, "", True)
