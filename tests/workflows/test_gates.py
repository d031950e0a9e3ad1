"""Nothing goes out that the right people have not signed, whoever says what in which order."""

from __future__ import annotations

import asyncio
import random

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from domain.gate import GateState, Verdict
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from domain.stage import Stage
from domain.status import Decided, MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import TWO_WITH_SECURITY, a_plan
from tests.workflows.response import Refusal, Response, person
from workflows.contract.signing import Decide
from workflows.contract.writing import Revise


async def revise(response: Response, message: MessageStatus, by: str = "maya") -> MessageStatus:
    return await response.tell(
        "revise", Revise(message=message.number, actor=person(by)), MessageStatus
    )


async def test_the_first_announcement_goes_out_while_the_cause_is_unknown(
    response: Response,
) -> None:
    await response.open()
    assert await response.stage() is Stage.IDENTIFY

    message = await response.publish(MessageKind.ANNOUNCEMENT)

    assert message.told
    assert response.world.public() == [1, 1]
    assert (await response.status()).facts_filled == ()


async def test_nothing_is_public_before_it_is_signed(response: Response) -> None:
    await response.open()

    message = await response.propose()

    assert message.gate is GateState.WAITING
    assert message.missing == "1 more of founder or legal or security"
    assert response.world.attempts == []


async def test_an_approval_by_signal_opens_the_gate(response: Response) -> None:
    await response.open()
    message = await response.propose()

    await response.approve(message, "noor")

    assert (await response.settled()).phase is MessagePhase.SETTLED
    assert sorted(post.channel for post in response.world.posts) == ["facebook", "twitter"]
    assert await response.says("approved") == [f"noor: message 1 {message.digest[:8]} as founder"]
    (approved,) = await response.entries("approved")
    assert (approved.surface, approved.authenticated_by) == ("signal", "none")


async def test_whoever_signs_on_a_page_learns_what_is_still_missing(response: Response) -> None:
    await response.open(a_plan(gate=TWO_WITH_SECURITY))
    message = await response.propose()

    first = await response.decide(message, "noor")

    assert first.gate is GateState.WAITING
    assert first.missing == ("1 more of founder or legal or security; security must be among them")
    assert response.world.attempts == []
    assert (await response.decide(message, "ines")).gate is GateState.OPEN


async def test_two_signatures_without_the_one_that_must_be_among_them_open_nothing(
    response: Response,
) -> None:
    await response.open(a_plan(gate=TWO_WITH_SECURITY))
    message = await response.propose()

    await response.decide(message, "noor")
    second = await response.decide(message, "tomas")

    assert second.gate is GateState.WAITING
    assert response.world.attempts == []


async def test_a_rejection_says_why_in_the_timeline_and_stops_the_message(
    response: Response,
) -> None:
    await response.open()
    message = await response.propose()
    said = {"by": "tomas", "digest": message.digest, "reason": "names a customer"}

    await response.handle.signal("reject", said)

    assert (await response.message()).phase is MessagePhase.REJECTED
    (entry,) = await response.says("rejected")
    assert entry.endswith("names a customer")
    with pytest.raises(Refusal, match="already rejected by tomas at"):
        await response.decide(message, "noor")


DO_NOT_COUNT = [
    ({"digest": "00000000"}, "noor: Digest 00000000 is not what would be published now"),
    ({"digest": "abc"}, "noor: A decision must name the digest"),
    ({"by": "maya"}, "maya: maya wrote this message"),
    ({"by": "sam"}, "sam: sam has none of the roles"),
    ({"by": "mallory"}, "somebody: 'mallory' is not in this incident's roster"),
    ({"message": 7}, "noor: There is no message 7"),
    ({"by": "a\u0000\u001b[2J"}, "somebody: 'a\\x00\\x1b[2J' is not in this incident's roster"),
]


async def test_an_approval_that_does_not_count_is_refused_in_the_timeline(
    response: Response,
) -> None:
    await response.open()
    message = await response.propose(by="maya")

    for said, _ in DO_NOT_COUNT:
        await response.approve(message, **{"by": "noor", **said})  # type: ignore[arg-type]

    refusals = await response.refusals(len(DO_NOT_COUNT))
    for refusal, (_, why) in zip(refusals, DO_NOT_COUNT, strict=True):
        assert refusal.startswith(why)
    assert (await response.message()).gate is GateState.WAITING
    assert response.world.attempts == []


async def test_an_approval_that_does_not_count_is_refused_alike_on_every_surface(
    response: Response,
) -> None:
    """Both ways are in the timeline, and the one that is answered says so."""
    await response.open()
    message = await response.propose(by="maya")
    said = {"digest": message.digest, "message": message.number}

    answers = [
        await response.tell(
            "decide", Decide.model_validate({**said, "actor": person(by), **more}), Decided
        )
        for by, more in (
            ("maya", {}),
            ("mallory", {}),
            ("noor", {"message": 7}),
            ("noor", {"digest": "00000000", "message": None}),
        )
    ]

    assert [(one.counted, one.message, one.gate) for one in answers] == [
        (False, 1, GateState.WAITING),
        (False, 1, GateState.WAITING),
        (False, 7, None),
        (False, None, None),
    ]
    explained = [one.explanation.what for one in answers if one.explanation]
    refusals = await response.refusals(len(answers))
    for refusal, who, what in zip(
        refusals, ("maya", "somebody", "noor", "noor"), explained, strict=True
    ):
        assert refusal.startswith(f"{who}: {what}")
    assert response.world.attempts == []


async def test_the_author_is_told_who_may_sign_before_anybody_does(response: Response) -> None:
    await response.open(a_plan(gate=TWO_WITH_SECURITY))
    message = await response.propose(by="noor")
    assert (message.author, message.may_sign) == ("noor", ("tomas", "ines"))

    await response.decide(message, "ines")

    assert (await response.message()).may_sign == ("tomas",)


async def test_an_approval_of_what_is_open_already_changes_nothing(response: Response) -> None:
    await response.open()
    message = await response.publish()

    await response.approve(message, "tomas")

    (refusal,) = await response.refusals(1)
    assert "already approved by noor at" in refusal
    assert response.world.public() == [1, 1]


def payload(data: bytes, encoding: bytes = b"json/plain") -> RawValue:
    return RawValue(Payload(metadata={"encoding": encoding}, data=data))


MALFORMED = {
    "nothing at all": [],
    "two values": [payload(b"{}"), payload(b"{}")],
    "null": [payload(b"", b"binary/null")],
    "a word": [payload(b'"approve"')],
    "a list": [payload(b"[1]")],
    "no digest": [payload(b'{"by": "noor"}')],
    "no person": [payload(b'{"digest": "0123456789"}')],
    "a digest that is a number": [payload(b'{"by": "noor", "digest": 12345678}')],
    "broken JSON": [payload(b'{"by": ')],
    "bytes": [payload(b"\xff\xfe", b"binary/plain")],
    "an encoding that nobody knows": [payload(b"{}", b"x/secret")],
    "JSON without a bottom": [payload(b"[" * 100_000)],
    "half a letter": [payload(b'{"by": "\\ud800", "digest": "0123456789"}')],
}


async def test_an_approval_that_cannot_be_read_is_refused_and_stalls_nothing(
    response: Response,
) -> None:
    await response.open()
    message = await response.propose()

    for said in MALFORMED.values():
        await response.handle.signal("approve", args=said)

    refusals = await response.refusals(len(MALFORMED))
    for name, refusal in zip(MALFORMED, refusals, strict=True):
        assert refusal.startswith("somebody: The approve signal "), name
    assert response.world.attempts == []
    await response.approve(message, "noor")
    await response.settled()


async def test_an_approval_with_fields_of_a_newer_page_counts(response: Response) -> None:
    await response.open()
    message = await response.propose()

    await response.approve(message, "noor", device="phone", confidence=0.9)

    assert (await response.settled()).told


async def test_an_approver_may_leave_out_the_number_and_most_of_the_digest(
    response: Response,
) -> None:
    await response.open()
    message = await response.propose()

    await response.handle.signal("approve", {"by": "noor", "digest": message.digest[:8].upper()})

    assert (await response.settled()).told


async def test_a_signal_with_another_name_is_noted_and_stalls_nothing(response: Response) -> None:
    await response.open()

    await response.handle.signal("aprove", {"by": "noor"})

    said = await eventually(lambda: response.says("signal not understood"))
    assert said == ["somebody: aprove"]


async def test_an_edit_voids_the_decisions_about_the_text_before(response: Response) -> None:
    await response.open(a_plan(gate=TWO_WITH_SECURITY))
    first = await response.propose()
    await response.decide(first, "ines")

    second = await revise(response, first)

    assert second.decisions == ()
    assert second.digest != first.digest
    with pytest.raises(Refusal, match="was edited since"):
        await response.decide(first, "noor")
    await response.decide(second, "noor")
    assert response.world.attempts == []


async def test_a_rejected_message_can_be_revised_signed_and_published(response: Response) -> None:
    await response.open()
    first = await response.propose()
    await response.decide(first, "tomas", verdict=Verdict.REJECT)

    second = await revise(response, first)
    await response.decide(second, "tomas")

    await response.settled()
    assert {post.digest for post in response.world.posts} == {second.digest}


async def test_what_was_approved_while_it_was_being_edited_goes_out_as_it_was_approved(
    response: Response,
) -> None:
    await response.open()
    first = await response.propose()
    rendering = response.world.rendering_waits()
    editing = asyncio.create_task(revise(response, first))
    await eventually(lambda: _done(response.world.renders_begun == 2))

    await response.decide(first, "noor")
    rendering.set()

    with pytest.raises(Refusal, match="can no longer be edited"):
        await editing
    assert (await response.settled()).digest == first.digest
    assert {post.digest for post in response.world.posts} == {first.digest}


async def test_whoever_edits_a_message_cannot_approve_it(response: Response) -> None:
    await response.open()
    first = await response.propose(by="maya")

    second = await revise(response, first, by="noor")

    with pytest.raises(Refusal, match="noor wrote this message"):
        await response.decide(second, "noor")


@pytest.mark.parametrize("seed", range(4))
async def test_in_whatever_order_people_speak_only_what_was_signed_is_published(
    response: Response, seed: int
) -> None:
    await response.open(a_plan(gate=TWO_WITH_SECURITY))
    chance = random.Random(seed)
    seen = [await response.propose()]

    async def somebody_speaks() -> None:
        about, by = chance.choice(seen[-3:]), chance.choice(("noor", "ines", "ines", "tomas"))
        match chance.choice((*["approve"] * 6, "revise", "propose", "withdraw")):
            case "approve":
                await response.approve(about, by)
            case "revise":
                seen.append(await revise(response, about, by))
            case "propose":
                seen.append(await response.propose(by=by))
            case "withdraw":
                await response.withdraw(about)

    for _ in range(8):
        await asyncio.gather(*(somebody_speaks() for _ in range(5)), return_exceptions=True)
    last = await response.propose()
    await response.approve(last, "ines")
    await response.approve(last, "noor")
    await response.settled(last.number)
    await eventually(lambda: _done(all(row.state.settled for row in response.world.rows.values())))

    approvals = await response.says("approved")
    for number, digest in {(key[0], row.digest) for key, row in response.world.rows.items()}:
        signed = [one for one in approvals if f"message {number} {digest[:8]} as" in one]
        assert any("security" in one for one in signed)
        assert len({one.split(":")[0] for one in signed}) >= 2


async def test_an_answer_that_was_asked_for_twice_is_given_once(response: Response) -> None:
    await response.open(a_plan(gate=TWO_WITH_SECURITY))
    message = await response.propose()
    said = {"actor": person("noor"), "digest": message.digest, "message": 1}

    for _ in range(2):
        await response.handle.execute_update("decide", said, id="one tap, sent twice")

    assert len((await response.message()).decisions) == 1


async def test_copy_that_changed_in_the_ledger_after_it_was_signed_is_not_published(
    response: Response,
) -> None:
    await response.open()
    message = await response.propose()
    response.world.approved[1, 1] = "0" * 64

    await response.decide(message, "noor")

    settled = await response.settled()
    assert {one.state for one in settled.outcomes} == {PublicationState.REFUSED}
    assert "is not what was approved" in settled.outcomes[0].explanation.what
    assert response.world.posts == []


async def _done(value: object) -> object:
    return value
