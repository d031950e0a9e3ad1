"""A promise of the next update: who is asked as it comes near, and what becomes of it."""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.signatures.on_call import FoundPeople
from domain.message import MessageKind
from domain.promise_clock import PromiseState
from domain.scorecard import PromiseStatus
from domain.severity import Severity
from domain.status import IncidentStatus, MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, person
from workflows.contract.lifecycle import SetSeverity
from workflows.contract.writing import Release

MINUTE = timedelta(minutes=1)
ENDS = ("promise kept", "promise kept by fallback", "promise moved", "promise broken")
STEPS = [
    ("remind", ("maya",)),
    ("deputy", ("tomas",)),
    ("everybody", ("maya", "tomas", "noor")),
]


def now(response: Response) -> datetime:
    """The time in the story."""
    return datetime.now(UTC) + response.world.ahead


async def promised(
    response: Response, ahead: timedelta, kind: MessageKind = MessageKind.ANNOUNCEMENT
) -> MessageStatus:
    """Publish a message that promises the next one in ``ahead``."""
    message = await response.propose(kind, next_update_by=now(response) + ahead)
    await response.decide(message, "noor")
    return await response.until(lambda one: one.told, message.number)


async def opened(response: Response, *, holding: bool = True) -> None:
    """Open an incident of severity 2 in which dana is maya's deputy."""
    response.world.people_as["comms_lead"] = FoundPeople(deputies=("tomas",), others=("noor",))
    await response.open(a_plan(holding=holding), severity=Severity.MAJOR)


async def promise(response: Response, number: int, state: PromiseState) -> PromiseStatus:
    """What became of a promise, once it has."""

    async def look() -> PromiseStatus | None:
        status = await response.status()
        return next((one for one in status.promises if one.number == number), None)

    found = await eventually(
        look, lambda one: one and one.state is state, otherwise=f"promise {number} is not {state}"
    )
    assert found is not None
    return found


async def asked(response: Response, about: str, count: int) -> list[tuple[str, tuple[str, ...]]]:
    """The steps at which people were asked about ``about``, once there are so many."""

    async def look() -> list[tuple[str, tuple[str, ...]]]:
        return [(one.step, one.people) for one in response.world.asked if one.about == about]

    return await eventually(
        look, lambda found: len(found) >= count, otherwise=f"nobody was asked {count} times"
    )


async def test_a_promise_that_comes_near_is_everybodys_and_then_keeps_itself(
    response: Response,
) -> None:
    """Reminded, deputy, everybody; then the statement goes out, twice, and then it is red."""
    await opened(response)
    first = await promised(response, 30 * MINUTE)

    for minutes, count in ((21, 1), (5, 2), (5, 3)):
        await response.time_passes(minutes * MINUTE)
        assert await asked(response, "promise/1", count) == STEPS[:count]
    assert (await response.status()).scorecard.open == 1
    await response.time_passes(10 * MINUTE)

    kept = await promise(response, first.number, PromiseState.KEPT_BY_FALLBACK)
    second = await response.until(lambda one: one.told, 2)
    assert (second.released, second.author, second.decisions) == ("still_working", "frontfoot", ())
    assert (kept.ended_by, kept.answered) == (2, ())
    assert second.next_update_by is not None
    assert [one.owner for one in (await response.status()).promises] == ["maya", "maya"]

    for number in (2, 3):
        due = (await promise(response, number, PromiseState.OPEN)).due
        await response.time_passes(due - now(response) + 11 * MINUTE)
    broken = await promise(response, 3, PromiseState.BROKEN)
    assert "No more statements" in broken.why
    score = (await response.status()).scorecard
    assert (score.kept_by_fallback, score.broken, score.promises) == (2, 1, 3)
    assert response.world.public("twitter") == [1, 2, 3]
    assert (await asked(response, "promise/3/broken", 1))[0][0] == "broken"


async def test_an_update_keeps_it_and_whoever_was_asked_is_told(response: Response) -> None:
    await opened(response)
    await promised(response, 30 * MINUTE)
    await response.time_passes(25 * MINUTE)
    await asked(response, "promise/1", 1)

    await promised(response, 60 * MINUTE, MessageKind.PROGRESS_UPDATE)

    kept = await promise(response, 1, PromiseState.KEPT)
    assert (kept.late_by, kept.ended_by, kept.answered) == (timedelta(), 2, ("maya",))
    ended = await eventually(
        lambda: _ended(response), lambda found: "promise/1" in found, otherwise="still asked"
    )
    assert ended["promise/1"] == ("kept", "maya")
    await response.time_passes(40 * MINUTE)
    assert response.world.public("twitter") == [1, 2]


async def test_within_the_grace_it_is_kept_late_and_says_so(response: Response) -> None:
    await opened(response)
    await promised(response, 15 * MINUTE)
    await response.time_passes(19 * MINUTE)

    await promised(response, 60 * MINUTE, MessageKind.PROGRESS_UPDATE)

    kept = await promise(response, 1, PromiseState.KEPT)
    assert 3 * MINUTE < kept.late_by < 6 * MINUTE
    assert (await response.status()).scorecard.late == 1


async def test_a_correction_that_names_a_time_moves_it_and_a_waiting_one_does_not(
    response: Response,
) -> None:
    await opened(response)
    await promised(response, 30 * MINUTE)
    later = await response.propose(
        MessageKind.CORRECTION, next_update_by=now(response) + 90 * MINUTE
    )
    await response.time_passes(21 * MINUTE)
    await asked(response, "promise/1", 1)
    assert (await promise(response, 1, PromiseState.OPEN)).ended_at is None

    await response.decide(later, "noor")

    await promise(response, 1, PromiseState.MOVED)
    moved = await promise(response, 2, PromiseState.OPEN)
    assert moved.due == later.next_update_by
    score = (await response.status()).scorecard
    assert (score.moved, score.open, score.kept) == (1, 1, 0)


async def test_a_promise_for_soon_skips_what_has_passed(response: Response) -> None:
    await opened(response)
    await promised(response, 4 * MINUTE)
    await response.time_passes(5 * MINUTE)

    assert [step for step, _ in await asked(response, "promise/1", 1)] == ["everybody"]


async def test_nobody_to_reach_asks_the_next_at_once(response: Response) -> None:
    response.world.unreachable = {"maya", "tomas"}
    await opened(response)
    await promised(response, 30 * MINUTE)
    await response.time_passes(21 * MINUTE)

    assert await asked(response, "promise/1", 3) == STEPS


async def test_without_an_approved_statement_it_is_broken_and_says_why(response: Response) -> None:
    response.world.holding = False
    await opened(response)
    await promised(response, 15 * MINUTE)
    await response.time_passes(26 * MINUTE)

    broken = await promise(response, 1, PromiseState.BROKEN)
    assert "No holding statements were approved" in broken.why
    assert response.world.public("twitter") == [1]
    assert [step for step, _ in await asked(response, "promise/1/broken", 1)] == ["broken"]


async def test_a_statement_that_does_not_get_out_keeps_nothing(response: Response) -> None:
    from tests.workflows.world import REFUSES

    await opened(response)
    await promised(response, 15 * MINUTE)
    response.world.provider("twitter", REFUSES)
    await response.time_passes(26 * MINUTE)

    assert "did not get out" in (await promise(response, 1, PromiseState.BROKEN)).why


async def test_an_update_that_is_on_its_way_is_waited_for(response: Response) -> None:
    await opened(response)
    await promised(response, 15 * MINUTE)
    wires = [response.world.holds(name) for name in ("twitter", "facebook")]
    await response.time_passes(16 * MINUTE)
    update = await response.propose(MessageKind.PROGRESS_UPDATE)
    await response.decide(update, "noor")
    await wires[0].taken()

    # No time passes on the server while an activity is being worked on.
    for wire in wires:
        wire.ends()

    assert (await promise(response, 1, PromiseState.KEPT)).ended_by == update.number


async def test_the_first_word_is_promised_to_ourselves(response: Response) -> None:
    await opened(response)
    status = await response.status()
    assert status.next_word_by == status.opened_at + 30 * MINUTE
    await response.time_passes(21 * MINUTE)
    assert await asked(response, "promise/first_word", 1) == STEPS[:1]

    severe = SetSeverity(severity=Severity.CRITICAL, actor=person("noor"), reason="Money is gone.")
    status = await response.tell("set_severity", severe, IncidentStatus)

    late = await eventually(
        lambda: response.says("first word late"), bool, otherwise="nobody says that it is late"
    )
    assert late == ["frontfoot: the first word, 11 min late: It is not out."]
    assert (await response.status()).scorecard.promises == 0


async def test_the_first_word_is_released_by_one_person_and_only_once(response: Response) -> None:
    await opened(response)
    said = Release(
        statement="first_word",
        actor=person("maya"),
        blanks={"what": "odd posts"},
        next_update_by=now(response) + 30 * MINUTE,
    )
    with pytest.raises(Refusal, match="none of the roles"):
        await response.tell(
            "release", said.model_copy(update={"actor": person("lee")}), MessageStatus
        )

    out = await response.tell("release", said, MessageStatus)

    await response.until(lambda one: one.told)
    assert response.world.opened[0].kind == "released"
    with pytest.raises(Refusal, match="out already"):
        await response.tell("release", said, MessageStatus)
    status = await response.status()
    assert (out.released, status.stage) == ("first_word", "acknowledge")
    assert status.scorecard.first_word_at is not None
    assert (await promise(response, 1, PromiseState.OPEN)).owner == "maya"


async def test_an_open_promise_is_not_closed_over(response: Response) -> None:
    await opened(response)
    await promised(response, 30 * MINUTE)
    await response.settled()

    with pytest.raises(Refusal, match="were promised an update"):
        await response.close()
    await response.close("It was a false alarm.")

    assert (await response.result()).scorecard.broken == 1
    told = [(one.what, one.who, one.about) for one in list(response.world.timeline.values())[-2:]]
    assert told == [
        ("promise broken", "maya", "message 1: The incident was closed with a waiver."),
        ("closed", "maya", "waived: It was a false alarm."),
    ]


async def test_an_incident_of_before_severities_is_not_watched(response: Response) -> None:
    await response.open(a_plan(holding=True))
    await promised(response, 15 * MINUTE)
    await response.time_passes(60 * MINUTE)

    status = await response.status()
    assert (status.promises, status.next_word_by, response.world.asked) == ((), None, [])


@pytest.mark.parametrize("seed", [4, 11])
async def test_no_order_of_what_people_do_lets_a_promise_pass_unremarked(
    response: Response, seed: int
) -> None:
    """Proposals, edits, decisions, withdrawals and time, in any order: each promise has an end."""
    chance = random.Random(seed)
    response.world.holding = bool(seed % 2)
    await opened(response)
    await promised(response, 20 * MINUTE)
    for _ in range(8):
        with contextlib.suppress(Refusal):
            await _something(response, chance)

    for _ in range(4):
        await response.time_passes(2 * 60 * MINUTE)
    over = await eventually(
        response.status, lambda one: not one.scorecard.open, otherwise="a promise has no end"
    )
    timeline = [about for what in ENDS for about in await response.says(what)]
    for one in over.promises:
        assert any(f"message {one.number}" in about for about in timeline), one
        assert one.ended_at is not None
    posts = [(one.channel, one.number) for one in response.world.posts]
    assert len(set(posts)) == len(posts)


async def _something(response: Response, chance: random.Random) -> None:
    messages = (await response.status()).messages
    kind = chance.choice([MessageKind.PROGRESS_UPDATE, MessageKind.CORRECTION])
    ahead = chance.choice([None, 4 * MINUTE, 40 * MINUTE])
    match chance.choice(["propose", "decide", "withdraw", "time", "time"]):
        case "propose":
            await response.propose(kind, next_update_by=ahead and now(response) + ahead)
        case "decide":
            await response.decide(chance.choice(messages), chance.choice(["noor", "tomas"]))
        case "withdraw":
            await response.ask_to_withdraw(chance.choice(messages))
        case _:
            await response.time_passes(chance.choice([3, 9, 17]) * MINUTE)


async def _ended(response: Response) -> dict[str, tuple[str, str | None]]:
    over = [one for one in response.world.ended if not one.about.startswith("gate/")]
    return {one.about: (one.ending, one.by) for one in over}


async def test_the_prevention_is_asked_for_on_its_day_however_the_incident_ended(
    response: Response, environment: WorkflowEnvironment
) -> None:
    await opened(response)
    day = now(response).date() + timedelta(days=30)
    response.world.prevention_due = day
    await promised(response, 30 * MINUTE)
    await response.know("fix", "prevention", "prevention_owner", "prevention_due")
    await response.publish(MessageKind.RESOLUTION_NOTE)
    assert (await promise(response, 1, PromiseState.KEPT)).ended_by == 2
    status = await response.close()
    assert (status.next_word_by, status.scorecard.open) == (None, 0)
    await response.result()

    follow_up = response.client.get_workflow_handle(f"follow-up/{response.slug}")
    response.world.prevention_due = day + timedelta(days=7)
    await environment.fast_forward(follow_up, timedelta(days=32))
    assert response.world.asked == []
    await environment.fast_forward(follow_up, timedelta(days=8))
    assert await follow_up.result() is True

    (asked_once,) = response.world.asked
    assert (asked_once.reason, asked_once.people, asked_once.message) == ("follow_up", ("ines",), 2)
