"""An incident is opened once, moves through its stages in order, and closes with nothing open."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from domain.severity import Severity
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, person, state
from tests.workflows.world import LOST_AFTER_PUBLISHING
from workflows.contract.lifecycle import Advance, Close, SetAudiences
from workflows.contract.writing import Propose, RecordFacts, Revise
from workflows.incident import IncidentWorkflow

K = MessageKind


async def advance(response: Response, to: Stage) -> Stage:
    return (
        await response.tell("advance", Advance(to=to, actor=person("maya")), IncidentStatus)
    ).stage


# --- opening ----------------------------------------------------------------------------------


async def test_two_people_who_open_the_same_incident_join_one(response: Response) -> None:
    first, second = await asyncio.gather(response.open(by="maya"), response.open(by="noor"))

    assert first.opened_by == second.opened_by
    await eventually(lambda: _is(response.world.registered))
    assert len(response.world.registered) == 1
    assert len(await response.says("opened")) == 1
    assert len(await response.says("joined")) == 1


async def test_an_incident_that_was_opened_is_entered_in_the_ledger(response: Response) -> None:
    await response.open()

    await eventually(lambda: _is(response.world.registered))
    (entered,) = response.world.registered
    assert (entered.incident, entered.playbook) == (response.slug, "stories")


@pytest.mark.parametrize("title", ["", "\u200b", "Down\x1b[2J"], ids=["empty", "unseen", "escape"])
async def test_an_incident_without_a_title_does_not_begin(response: Response, title: str) -> None:
    """Whoever starts the workflow by hand is refused as everybody else is."""
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await response.open(title=title)

    assert str(refused.value.cause).startswith("DomainError: The title")
    with pytest.raises(WorkflowFailureError):
        await response.handle.result()
    assert response.world.registered == []


async def choose(response: Response, *audiences: str, by: str = "maya") -> IncidentStatus:
    said = SetAudiences(audiences=audiences, actor=person(by))
    return await response.tell("set_audiences", said, IncidentStatus)


async def test_an_audience_can_be_chosen_until_something_goes_out(response: Response) -> None:
    response.audiences = ()
    await response.open(a_plan(channels=("email", "twitter")))

    status = await choose(response, "customers", "partners", "customers")

    assert status.audiences == ("customers", "partners")
    assert response.world.registered[-1].audiences == ("customers", "partners")
    assert await response.says("audiences set") == ["maya: customers, partners"]
    message = await response.propose()
    assert {one.audience for one in message.outcomes if one.channel == "email"} == {
        "customers",
        "partners",
    }

    response.audiences = ("customers", "partners")
    await response.decide(message, "noor")
    with pytest.raises(Refusal, match="Message 1 has begun to go out"):
        await choose(response, "customers")
    await response.settled()


async def test_a_message_that_waits_keeps_the_audience_that_its_approvers_read(
    response: Response,
) -> None:
    await response.open(a_plan(channels=("email", "twitter")))
    first = await response.propose()

    await choose(response, "partners")

    waiting = await response.message()
    assert (waiting.digest, waiting.outcomes) == (first.digest, first.outcomes)
    revise = Revise(message=1, actor=person("maya"))
    revised = await response.tell("revise", revise, MessageStatus)
    assert [one.audience for one in revised.outcomes if one.channel == "email"] == ["partners"]


async def test_only_the_roster_chooses_an_audience_and_only_while_it_is_open(
    response: Response,
) -> None:
    await response.open()
    with pytest.raises(Refusal, match="not in this incident's roster"):
        await choose(response, "partners", by="mallory")


async def test_the_name_of_a_closed_incident_cannot_be_used_again(response: Response) -> None:
    await response.open()
    await response.close()
    await response.handle.result()

    with pytest.raises((WorkflowAlreadyStartedError, RPCError)):
        await response.open()


async def test_whatever_happens_is_copied_to_the_ledger_in_order(response: Response) -> None:
    await response.open()
    await response.publish()

    told = await response.handle.query(IncidentWorkflow.timeline)
    kept = await eventually(
        lambda: _is(list(response.world.timeline.values())), lambda kept: len(kept) == len(told)
    )
    assert kept == told
    assert [one.seq for one in kept] == list(range(1, len(kept) + 1))


# --- stages -----------------------------------------------------------------------------------


async def test_nobody_assures_before_anybody_was_told(response: Response) -> None:
    await response.open()
    await response.propose()

    with pytest.raises(Refusal, match="nobody has been told yet") as refusal:
        await advance(response, Stage.ASSURE)

    assert refusal.value.next_step.startswith("Publish an announcement first")


async def test_an_incident_cannot_jump_a_stage(response: Response) -> None:
    await response.open()

    with pytest.raises(Refusal, match="An incident in stage identify cannot move to resolve"):
        await advance(response, Stage.RESOLVE)

    assert await response.stage() is Stage.IDENTIFY


@pytest.mark.parametrize("kind", [K.PROGRESS_UPDATE, K.RESOLUTION_NOTE, K.GOODWILL_OFFER])
async def test_a_message_of_a_later_stage_has_to_wait_for_it(
    response: Response, kind: MessageKind
) -> None:
    await response.open()

    with pytest.raises(Refusal, match="belongs to stage"):
        await response.propose(kind)

    assert response.world.renders_begun == 0


async def test_a_message_takes_the_incident_to_its_stage(response: Response) -> None:
    await response.open()
    await response.publish()

    await response.propose(K.PROGRESS_UPDATE)

    assert await response.stage() is Stage.ASSURE
    assert "maya: assure, from acknowledge" in await response.says("stage entered")


async def test_there_is_nothing_to_correct_before_anything_was_published(
    response: Response,
) -> None:
    await response.open()

    with pytest.raises(Refusal, match="nothing has been published yet"):
        await response.propose(K.CORRECTION)


async def test_a_resolution_needs_the_fix_and_a_prevention_that_somebody_owns(
    response: Response,
) -> None:
    await response.open()
    await response.publish()
    await response.know("fix", "prevention")

    with pytest.raises(Refusal, match="not filled yet: prevention_owner, prevention_due"):
        await response.propose(K.RESOLUTION_NOTE)


async def test_a_resolution_whose_facts_were_taken_back_cannot_be_revised(
    response: Response,
) -> None:
    await response.open()
    await response.publish()
    await response.know("fix", "prevention", "prevention_owner", "prevention_due")
    await response.propose(K.RESOLUTION_NOTE)
    await response.know("fix")

    with pytest.raises(Refusal, match="not filled yet: prevention"):
        await response.tell("revise", Revise(message=2, actor=person("maya")), IncidentStatus)


async def test_the_offer_waits_until_people_were_told_of_the_fix(response: Response) -> None:
    await response.open()
    await response.publish()
    await response.know("fix", "prevention", "prevention_owner", "prevention_due")
    await response.propose(K.RESOLUTION_NOTE)

    with pytest.raises(Refusal, match="people have not been told of the fix"):
        await response.propose(K.GOODWILL_OFFER)


async def test_a_whole_response_goes_from_identify_to_closed(response: Response) -> None:
    await response.open()
    await response.publish()
    await response.publish(K.PROGRESS_UPDATE)
    await response.know("fix", "prevention", "prevention_owner", "prevention_due")
    await response.publish(K.RESOLUTION_NOTE)
    await response.publish(K.GOODWILL_OFFER)

    await response.close()

    ended = await response.handle.result()
    assert ended.stage is Stage.CLOSED
    assert [one.phase for one in ended.messages] == [MessagePhase.SETTLED] * 4
    assert sorted(response.world.public("twitter")) == [1, 2, 3, 4]
    assert response.world.closed == 1


async def test_the_stage_does_not_move_under_a_proposal_that_is_being_rendered(
    response: Response,
) -> None:
    await response.open()
    await response.publish()
    rendering = response.world.rendering_waits()
    proposing = asyncio.create_task(response.propose(K.PROGRESS_UPDATE))
    await eventually(lambda: _is(response.world.renders_begun == 2))
    advancing = asyncio.create_task(advance(response, Stage.RESOLVE))

    rendering.set()

    assert (await proposing).number == 2
    assert await advancing is Stage.RESOLVE


async def test_two_proposals_at_once_get_two_numbers(response: Response) -> None:
    await response.open()

    both = await asyncio.gather(response.propose(), response.propose())

    assert sorted(one.number for one in both) == [1, 2]


STRANGERS_WORDS = {
    "propose": Propose(kind=K.ANNOUNCEMENT, actor=person("mallory")),
    "facts": RecordFacts(actor=person("mallory"), facts="d", filled=(), changed=(), based_on=None),
    "advance": Advance(to=Stage.ACKNOWLEDGE, actor=person("mallory")),
    "close": Close(actor=person("mallory")),
}


async def test_a_stranger_steers_nothing(response: Response) -> None:
    await response.open()

    for update, said in STRANGERS_WORDS.items():
        with pytest.raises(Refusal, match="'mallory' is not in this incident's roster"):
            await response.tell(update, said, IncidentStatus)


UPDATES = (
    "join", "propose", "revise", "facts", "advance", "decide", "withdraw", "retry_channel",
    "settle", "close",
)  # fmt: skip


async def test_a_request_that_cannot_be_read_is_refused_and_stalls_nothing(
    response: Response,
) -> None:
    await response.open()

    for update in UPDATES:
        for said in ([], [{}, {}], ["word"]):
            with pytest.raises(WorkflowUpdateFailedError):
                async with asyncio.timeout(10):
                    await response.handle.execute_update(update, args=said)

    assert await response.stage() is Stage.IDENTIFY


# --- closing ----------------------------------------------------------------------------------


async def test_an_incident_does_not_close_over_a_message_that_waits_at_its_gate(
    response: Response,
) -> None:
    await response.open()
    await response.propose()

    with pytest.raises(Refusal, match="Message 1 is waiting at its gate"):
        await response.close()


@pytest.mark.parametrize("waive", ["", "we are in a hurry"])
async def test_an_incident_does_not_close_over_a_publication_that_is_under_way(
    response: Response, waive: str
) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=("twitter",)))
    await response.decide(await response.propose(), "noor")
    await wire.taken()

    with pytest.raises(Refusal, match="Message 1 is still being published"):
        await response.close(waive)

    wire.ends()


async def test_an_incident_does_not_close_while_a_withdrawal_is_under_way(
    response: Response,
) -> None:
    wire = response.world.holds("twitter")
    await response.open(a_plan(channels=("twitter",)))
    message = await response.propose()
    await response.decide(message, "noor")
    await wire.taken()
    withdrawing = asyncio.create_task(response.withdraw(message))
    await response.until(lambda one: one.phase is MessagePhase.WITHDRAWN)

    with pytest.raises(Refusal, match="Message 1 is still being published"):
        await response.close()

    wire.ends()
    assert state(await withdrawing, "twitter") is PublicationState.WITHDRAWN


async def test_an_incident_does_not_close_over_an_unknown_outcome(response: Response) -> None:
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    response.world.cannot_be_read("twitter")
    await response.open()
    await response.publish()

    for waive in ("", "   "):
        with pytest.raises(Refusal, match="message 1 on twitter"):
            await response.close(waive)


async def test_what_is_open_can_be_waived_in_writing(response: Response) -> None:
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    response.world.cannot_be_read("twitter")
    await response.open()
    await response.publish()
    await response.propose(K.PROGRESS_UPDATE)

    await response.close(waive="the account was deleted")

    assert (await response.handle.result()).stage is Stage.CLOSED
    assert await response.says("closed") == ["maya: waived: the account was deleted"]


async def test_of_a_waiver_and_an_approval_at_once_only_one_counts(response: Response) -> None:
    await response.open()
    message = await response.propose()

    await asyncio.gather(
        response.close(waive="it was a false alarm"),
        response.approve(message),
        return_exceptions=True,
    )

    if await response.stage() is Stage.CLOSED:
        assert (await response.handle.result()).messages[0].approved_at is None
        assert response.world.public() == []
    else:
        assert (await response.settled()).told
        assert response.world.public() == [1, 1]


async def test_whoever_asks_temporal_alone_closes_over_no_open_mention(response: Response) -> None:
    await response.open(severity=Severity.MAJOR)
    response.world.open_mentions = 2

    with pytest.raises(Refusal, match="2 mentions of this incident are open"):
        await response.close()

    assert (await response.status()).stage is not Stage.CLOSED
    closed = await response.close("nobody is at the desk until Monday")
    assert closed.stage is Stage.CLOSED


async def test_the_record_of_a_closed_incident_is_complete_in_the_ledger(
    response: Response,
) -> None:
    await response.open()
    await response.publish()

    await response.close()

    await response.handle.result()
    assert [one.what for one in response.world.timeline.values()][-1] == "closed"


async def test_an_incident_waits_for_months_without_forgetting(response: Response) -> None:
    await response.open()
    message = await response.propose()

    await response.time_passes(timedelta(days=90))

    await response.decide(message, "noor")
    assert (await response.settled()).told


async def _is(value: object) -> object:
    return value


async def test_facts_that_somebody_has_not_read_are_not_overwritten(response: Response) -> None:
    """Two people who recorded facts at once lost the words of one of them."""
    await response.open()
    first = RecordFacts(
        actor=person("maya"), facts="a", filled=("fix",), changed=("fix",), based_on=None
    )
    second = RecordFacts(
        actor=person("noor"), facts="b", filled=("cause",), changed=("cause",), based_on=None
    )
    await response.tell("facts", first, IncidentStatus)

    with pytest.raises(Refusal, match="maya changed fix"):
        await response.tell("facts", second, IncidentStatus)

    read = second.model_copy(update={"based_on": "a", "filled": ("cause", "fix")})
    assert (await response.tell("facts", read, IncidentStatus)).facts_filled == ("cause", "fix")
