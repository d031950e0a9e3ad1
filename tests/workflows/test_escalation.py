"""A gate is never stuck: who is asked when nobody decides, rung by rung, whoever is asleep."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.signatures.on_call import FoundPeople
from domain.actor import AuthenticatedBy
from domain.escalation import Ladder
from domain.gate import GatePolicy, GateState, Requirement
from domain.message_state import MessagePhase
from domain.notifications import NotificationNews, NotificationState
from domain.severity import Severity
from domain.stage import Stage
from domain.status import Asking, Decided, IncidentStatus, MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import TWO_WITH_SECURITY, a_plan
from tests.workflows.response import Refusal, Response, person
from workflows.contract.signing import BreakGlass, Delegate, ReviewGate
from workflows.contract.writing import Revise

HOUR = timedelta(hours=1)
LADDERS = {
    Severity.CRITICAL: Ladder(remind=HOUR, deputy=2 * HOUR, next_role=3 * HOUR, hold=5 * HOUR)
}
RELEASING = {Severity.CRITICAL: Ladder(deputy=HOUR, release_preapproved=2 * HOUR)}
EVERYBODY = FoundPeople(on_call=("ines",), deputies=("noor",), others=("tomas",))


def about_gates(about: str) -> bool:
    """Whether somebody is asked to sign: promises have people of their own asked."""
    return about.startswith("gate/")


def steps(response: Response) -> list[tuple[str, tuple[str, ...]]]:
    """The steps on which people were notified, and whom."""
    return [(one.step, one.people) for one in response.world.notified if about_gates(one.about)]


async def asked(response: Response, number: int) -> list[tuple[str, tuple[str, ...]]]:
    """The same, once there are so many."""

    async def look() -> list[tuple[str, tuple[str, ...]]]:
        return steps(response)

    return await eventually(look, lambda found: len(found) >= number, otherwise="not asked")


async def stands(response: Response, rung: str) -> Asking:
    """How the asking stands, once that rung is done."""
    message = await response.until(lambda one: one.asking and one.asking.rung == rung)
    assert message.asking is not None
    return message.asking


async def ended(response: Response, number: int = 1) -> list[tuple[str, str, str | None]]:
    """What was over, how, and by whom, once there is so much."""

    async def look() -> list[tuple[str, str, str | None]]:
        over = [one for one in response.world.ended if about_gates(one.about) and not one.only]
        return [(one.about, one.ending, one.by) for one in over]

    return await eventually(look, lambda found: len(found) == number, otherwise="not ended")


async def news(response: Response, who: str, state: NotificationState, about: str) -> None:
    said = NotificationNews(about=about, person=who, state=state)
    await response.handle.signal("notification_news", said)


async def opened(
    response: Response,
    gate: GatePolicy = TWO_WITH_SECURITY,
    ladders: dict[Severity, Ladder] | None = None,
    people: FoundPeople = EVERYBODY,
) -> MessageStatus:
    """An incident of the worst kind, with a message that waits."""
    response.world.people = people
    plan = a_plan(gate=gate, escalation=LADDERS if ladders is None else ladders)
    await response.open(plan, severity=Severity.CRITICAL)
    return await response.propose()


async def test_every_rung_is_climbed_until_somebody_signs(response: Response) -> None:
    message = await opened(response, GatePolicy(roles=("founder", "legal", "security")))
    assert (await stands(response, "ask")).next_rung == "remind"
    for rung in ("remind", "deputy", "next_role"):
        await response.time_passes(HOUR)
        assert (await stands(response, rung)).failed is False
    assert steps(response) == [
        ("1-ask", ("ines",)),
        ("1-remind", ("ines",)),
        ("1-deputy", ("noor",)),
        ("1-next_role", ("tomas",)),
    ]
    await response.time_passes(2 * HOUR)
    held = await stands(response, "hold")
    assert (held.next_rung, held.nobody) == (None, False)
    assert (await response.message()).phase is MessagePhase.WAITING
    # Nothing went out by itself, and everybody is asked again after a while.
    await response.time_passes(2 * HOUR)
    assert (await asked(response, 6))[4:] == [
        ("1-hold", ("ines", "noor", "tomas")),
        ("1-remind-1", ("ines", "noor", "tomas")),
    ]
    assert await response.says("asked") == [
        "frontfoot: ines about message 1, first in line",
        "frontfoot: noor about message 1, as deputy; no decision by ines",
        "frontfoot: tomas about message 1, next in line; no decision by ines, noor",
    ]
    assert response.world.attempts == []

    await response.decide(message, "noor")

    assert await ended(response) == [("gate/1/1", "approved", "noor")]
    assert (await response.settled()).told
    with pytest.raises(Refusal, match=r"already approved by noor at .*\d\d:\d\d UTC"):
        await response.decide(message, "tomas")


async def test_whoever_cannot_be_reached_is_passed_over_at_once(response: Response) -> None:
    response.world.unreachable = {"ines"}
    await opened(response, GatePolicy(roles=("founder", "security")))

    # No time passes: both rungs are there at once.
    assert await asked(response, 2) == [("1-ask", ("ines",)), ("1-deputy", ("noor",))]
    assert await response.says("not reached") == ["frontfoot: ines, about message 1"]
    response.world.unreachable.add("noor")
    await news(response, "noor", NotificationState.UNREACHABLE, "gate/1/1")
    held = await stands(response, "hold")

    assert held.nobody
    (said,) = await response.says("nobody reached")
    assert said == "frontfoot: message 1: nobody could be reached: ines, noor"
    assert response.world.attempts == []


async def test_an_acknowledgement_stops_asking_that_person_alone(response: Response) -> None:
    await opened(response, people=FoundPeople(on_call=("ines", "noor"), others=("tomas",)))
    assert await asked(response, 1) == [("1-ask", ("ines", "noor"))]

    await news(response, "ines", NotificationState.ACKNOWLEDGED, "gate/1/1")
    await news(response, "ines", NotificationState.UNREACHABLE, "gate/1/1")
    await news(response, "mallory", NotificationState.ACKNOWLEDGED, "gate/1/1")
    await response.handle.signal("notification_news", {"about": 7})
    await response.time_passes(HOUR)

    assert (await asked(response, 2))[1] == ("1-remind", ("noor",))
    assert await response.says("acknowledged") == ["ines: message 1"]


async def test_a_decision_ends_the_asking_of_whoever_made_it(response: Response) -> None:
    message = await opened(response, people=FoundPeople(on_call=("ines", "noor")))
    await asked(response, 1)
    await response.decide(message, "noor")

    # Only security is left to be found: another round begins, without whoever has signed.
    assert (await asked(response, 2))[1] == ("2-ask", ("ines",))
    assert [one.only for one in response.world.ended] == [("noor",)]
    await response.decide(message, "ines")
    assert await ended(response) == [("gate/1/1", "approved", "ines")]


async def test_tiers_are_asked_and_sign_in_their_order(response: Response) -> None:
    gate = GatePolicy.model_validate({"tiers": [["comms_lead", "security"], ["founder"]]})
    people = FoundPeople(on_call=("ines", "noor"))
    message = await opened(response, gate, people=people)
    assert message.missing == "1 of comms_lead or security, then 1 of founder"
    assert await asked(response, 1) == [("1-ask", ("ines",))]
    with pytest.raises(Refusal, match="not the turn of founder yet: comms_lead or security"):
        await response.decide(message, "noor")

    await response.decide(message, "ines")

    assert (await asked(response, 2))[1] == ("2-ask", ("noor",))
    assert (await response.decide(message, "noor")).gate is GateState.OPEN


async def test_a_revision_is_asked_about_anew(response: Response) -> None:
    await opened(response)
    await asked(response, 1)
    said = Revise(message=1, actor=person("maya"))
    await response.tell("revise", said, MessageStatus)

    assert await ended(response) == [("gate/1/1", "revised", "maya")]
    assert (await asked(response, 2))[1] == ("1-ask", ("ines",))
    assert [one.about for one in response.world.notified if about_gates(one.about)][1] == "gate/1/2"
    await response.ask_to_withdraw(await response.message())
    assert (await ended(response, 2))[1] == ("gate/1/2", "withdrawn", None)
    await response.close()
    await response.result()


async def test_an_expired_gate_never_opens_and_is_revised(response: Response) -> None:
    gate = GatePolicy(roles=("founder", "security"), expires_after=2 * HOUR)
    message = await opened(response, gate)
    await stands(response, "ask")
    await response.time_passes(HOUR)
    await stands(response, "remind")
    await response.time_passes(HOUR)

    expired = await response.until(lambda one: one.phase is MessagePhase.EXPIRED)
    assert (expired.gate, expired.may_sign) == (GateState.EXPIRED, ())
    with pytest.raises(Refusal, match="expired undecided at"):
        await response.decide(message, "noor")
    assert (await ended(response))[0][1] == "expired"
    assert response.world.attempts == []
    said = Revise(message=1, actor=person("maya"))
    revised = await response.tell("revise", said, MessageStatus)
    await response.decide(revised, "noor")
    assert (await response.settled()).told


async def test_somebody_removed_while_being_asked_does_not_hold_it_up(response: Response) -> None:
    await opened(response, GatePolicy(roles=("founder", "legal", "security")))
    await stands(response, "ask")
    response.world.people = FoundPeople(on_call=(), deputies=("noor",))
    await response.time_passes(HOUR)

    # Nobody is left to be reminded, so the deputy is asked at once.
    assert (await asked(response, 2))[1] == ("1-deputy", ("noor",))


async def test_what_has_nothing_prepared_is_held(response: Response) -> None:
    response.world.unreachable = {"ines", "noor"}
    gate = GatePolicy(roles=("founder", "security"))
    await opened(response, gate, ladders=RELEASING)

    assert (await stands(response, "release_preapproved")).nobody
    (held,) = await response.says("held")
    assert "Playbook stories has no holding statements." in held
    assert response.world.attempts == []


async def test_whoever_has_signed_is_asked_no_more_while_others_still_are(
    response: Response,
) -> None:
    both = FoundPeople(on_call=("ines", "noor"), others=("tomas",))
    message = await opened(response, people=both)
    await stands(response, "ask")
    await response.decide(message, "ines")

    async def spared() -> list[tuple[str, tuple[str, ...]]]:
        return [(one.about, one.only) for one in response.world.ended if one.only]

    assert await eventually(spared, bool) == [("gate/1/1", ("ines",))]
    await response.time_passes(HOUR)
    assert "ines" not in (await asked(response, 2))[1][1]
    await response.decide(message, "noor")
    assert await ended(response) == [("gate/1/1", "approved", "noor")]


async def test_whoever_was_asked_is_told_in_the_end_though_the_ledger_was_away(
    response: Response,
) -> None:
    """It was tried for five minutes: people were asked for ever about what was decided."""
    both = FoundPeople(on_call=("ines", "noor"), others=("tomas",))
    message = await opened(response, people=both)
    await stands(response, "ask")

    async def over() -> list[tuple[str, tuple[str, ...]]]:
        return [(one.ending, one.only) for one in response.world.ended if about_gates(one.about)]

    async def refused() -> int:
        return response.world.refused

    response.world.away = True
    await response.decide(message, "ines")
    await eventually(refused, bool, otherwise="nobody was to be spared")
    response.world.away = False
    await response.time_passes(timedelta(minutes=2))
    assert await eventually(over, bool) == [("decided", ("ines",))]

    response.world.away = True
    await response.decide(message, "noor")
    (said,) = await eventually(lambda: response.says("not told"), bool)
    assert said.endswith("that it is over, tried again: The ledger cannot be reached.")
    await response.time_passes(timedelta(minutes=30))
    response.world.away = False
    await response.time_passes(timedelta(minutes=6))

    assert await ended(response) == [("gate/1/1", "approved", "noor")]
    assert await response.says("not told") == [said]


async def test_closing_over_a_message_that_waits_asks_nobody_any_more(response: Response) -> None:
    await opened(response)
    await stands(response, "ask")

    closed = await response.close("a false alarm")

    assert closed.stage is Stage.CLOSED
    assert await ended(response) == [("gate/1/1", "closed", None)]


# --- out of policy, and for somebody else -------------------------------------------------------


def broken(message: MessageStatus, by: str, reason: str = "Nobody answers.") -> BreakGlass:
    return BreakGlass(
        message=message.number, actor=person(by), digest=message.digest[:8], reason=reason
    )


async def test_two_people_open_a_gate_out_of_policy_and_a_third_reviews_it(
    response: Response,
) -> None:
    await response.open(a_plan(gate=GatePolicy(roles=("legal", "security"), quorum=2)))
    message = await response.propose()

    author = await response.tell("break_glass", broken(message, "maya"), Decided)
    silent = await response.tell("break_glass", broken(message, "sam", " "), Decided)
    first = await response.tell("break_glass", broken(message, "sam"), Decided)
    again = await response.tell("break_glass", broken(message, "sam"), Decided)
    assert [one.counted for one in (author, silent, first, again)] == [False, False, True, False]
    assert response.world.attempts == []
    second = await response.tell("break_glass", broken(message, "lee"), Decided)

    assert second.gate is GateState.OPEN
    out = await response.settled()
    assert (out.told, out.broken, out.to_review) == (True, True, True)
    (opening,) = response.world.opened
    assert [one.actor.person for one in opening.decisions] == ["sam", "lee"]
    with pytest.raises(Refusal, match="nobody has reviewed that"):
        await response.close()
    with pytest.raises(Refusal, match="lee has opened this gate out of policy"):
        await response.tell(
            "review_gate", ReviewGate(message=1, actor=person("lee"), note="Fine."), MessageStatus
        )
    reviewed = ReviewGate(message=1, actor=person("noor"), note="It could not wait.")
    await response.tell("review_gate", reviewed, MessageStatus)
    await response.close()


async def test_whoever_opens_it_out_of_policy_proves_who_they_are(response: Response) -> None:
    for name in ("sam", "lee"):
        response.world.has_proof(name, name, AuthenticatedBy.KEY)
    gate = GatePolicy(roles=("legal", "security"), quorum=2, requires=Requirement.KEY)
    await response.open(a_plan(gate=gate))
    message = await response.propose()

    bare = await response.tell("break_glass", broken(message, "sam"), Decided)
    other = broken(message, "sam").model_copy(update={"proof": "lee"})
    stolen = await response.tell("break_glass", other, Decided)
    assert (bare.counted, stolen.counted) == (False, False)
    for name in ("sam", "lee"):
        proven = broken(message, name).model_copy(update={"proof": name})
        assert (await response.tell("break_glass", proven, Decided)).counted

    # As no role at all: what was signed for one thing proves nothing else.
    assert [one.roles for one in response.world.verifications[-2:]] == [(), ()]
    assert (await response.settled()).broken


async def test_a_delegate_signs_as_such_until_it_ends_by_itself(response: Response) -> None:
    now = (await response.open(a_plan(gate=GatePolicy(roles=("security",))))).opened_at
    said = Delegate(holder="ines", to="sam", until=now + HOUR, actor=person("ines"))
    status = await response.tell("delegate", said, IncidentStatus)
    assert [(one.holder, one.to) for one in status.delegations] == [("ines", "sam")]
    mine = await response.propose(by="sam")
    with pytest.raises(Refusal, match="sam wrote this message"):
        await response.decide(mine, "sam")
    hers = await response.propose(by="ines")
    with pytest.raises(Refusal, match="sam stands in for ines, who wrote this message"):
        await response.decide(hers, "sam")
    message = await response.propose()
    assert message.may_sign == ("ines", "sam")
    assert message.signs_for == {"sam": "ines"}

    await response.decide(message, "sam")

    (said_so,) = await response.says("approved")
    assert said_so == f"sam: message 3 {message.digest[:8]} as security for ines"
    later = await response.propose()
    await response.settled(3)
    await response.time_passes(HOUR)
    await eventually(
        lambda: response.says("delegation ended"), lambda found: found, otherwise="it goes on"
    )
    with pytest.raises(Refusal, match="sam has none of the roles"):
        await response.decide(later, "sam")
