"""Where a gate asks for a proof, nothing goes out on anybody's word."""

from __future__ import annotations

import asyncio

import pytest

from domain.actor import Actor, AuthenticatedBy, Surface
from domain.gate import GatePolicy, GateState, Requirement, Verdict
from domain.message_state import MessagePhase
from domain.timeline import TimelineEntry
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response
from tests.workflows.test_gates import revise

SIGNERS = ("founder", "legal", "security")
KEY, PASSKEY = AuthenticatedBy.KEY, AuthenticatedBy.PASSKEY


def requiring(requires: Requirement, quorum: int = 1) -> GatePolicy:
    return GatePolicy(roles=SIGNERS, quorum=quorum, requires=requires)


async def opened(
    response: Response, requires: Requirement = Requirement.KEY, quorum: int = 1
) -> None:
    await response.open(a_plan(gate=requiring(requires, quorum)))


async def refusals(response: Response, many: int = 1) -> list[TimelineEntry]:
    """The decisions that the timeline says were refused, once there are so many."""
    await response.refusals(many)
    return await response.entries("decision refused")


async def being_verified(response: Response, many: int = 1) -> None:
    """Wait until so many proofs have been asked for."""

    async def asked_for() -> int:
        return len(response.world.verifications)

    await eventually(asked_for, lambda seen: seen == many)


async def test_two_proven_decisions_open_a_gate_and_the_record_says_how_each_was_known(
    response: Response,
) -> None:
    await opened(response, quorum=2)
    response.world.has_proof("aaaa1111bbbb", "noor", KEY)
    response.world.has_proof("cccc2222dddd", "ines", PASSKEY)
    message = await response.propose()

    await response.decide(message, "noor", proof="aaaa1111bbbb")
    await response.approve(message, "ines", proof="cccc2222dddd")

    settled = await response.settled()
    assert [(one.actor.authenticated_by, one.proof) for one in settled.decisions] == [
        (KEY, "aaaa1111bbbb"),
        (PASSKEY, "cccc2222dddd"),
    ]
    approved = await response.entries("approved")
    assert [(one.who, one.authenticated_by) for one in approved] == [
        ("noor", KEY),
        ("ines", PASSKEY),
    ]
    assert "proof aaaa1111" in approved[0].about
    assert response.world.opened[0].decisions[0].proof == "aaaa1111bbbb"


async def test_a_decision_without_a_proof_is_refused_in_words_and_recorded(
    response: Response,
) -> None:
    await opened(response)
    message = await response.propose()

    with pytest.raises(Refusal, match="requires a decision to be signed with a key or a passkey"):
        await response.decide(message, "noor")

    [refused] = await refusals(response)
    assert refused.who == "noor"
    assert response.world.verifications == []
    assert (await response.message()).gate is GateState.WAITING


async def test_a_bare_signal_opens_no_gate_that_asks_for_a_proof(response: Response) -> None:
    await opened(response)
    message = await response.propose()

    await response.approve(message, "noor")

    [refused] = await refusals(response)
    assert "has no proof of who made it" in refused.about
    assert response.world.posts == []


async def test_what_somebody_claims_of_a_passkey_is_not_a_proof(response: Response) -> None:
    await opened(response, Requirement.PASSKEY)
    message = await response.propose()
    claimed = Actor(person="noor", surface=Surface.CONSOLE, authenticated_by=PASSKEY)

    with pytest.raises(Refusal, match="has no proof"):
        await response.decide(message, "noor", actor=claimed)

    [refused] = await refusals(response)
    assert refused.authenticated_by is AuthenticatedBy.NONE


async def test_a_key_is_not_enough_for_a_gate_that_wants_a_passkey(response: Response) -> None:
    await opened(response, Requirement.PASSKEY)
    response.world.has_proof("p1", "noor", KEY)
    message = await response.propose()

    with pytest.raises(Refusal, match="was signed with a key"):
        await response.decide(message, "noor", proof="p1")


async def test_a_forged_proof_is_refused_also_where_none_is_required(response: Response) -> None:
    await response.open()
    message = await response.propose()

    await response.approve(message, "noor", proof="forged")

    [refused] = await refusals(response)
    assert "not one of the enrolled key" in refused.about
    assert (await response.message()).gate is GateState.WAITING


async def test_a_proof_of_somebody_else_is_refused(response: Response) -> None:
    await opened(response)
    response.world.has_proof("p1", "noor", KEY)
    message = await response.propose()

    with pytest.raises(Refusal):
        await response.decide(message, "ines", proof="p1")

    assert (await response.message()).decisions == ()


async def test_where_no_proof_is_asked_for_nothing_is_verified(response: Response) -> None:
    await response.open()

    await response.publish()

    assert response.world.verifications == []


async def test_what_cannot_count_anyway_is_refused_before_it_is_verified(
    response: Response,
) -> None:
    await opened(response)
    response.world.has_proof("p1", "maya", KEY)
    message = await response.propose()

    with pytest.raises(Refusal, match="wrote this message"):
        await response.decide(message, "maya", proof="p1")

    assert response.world.verifications == []


async def test_a_rejection_is_proven_too(response: Response) -> None:
    await opened(response)
    response.world.has_proof("p1", "noor", KEY)
    message = await response.propose()

    with pytest.raises(Refusal, match="This gate requires"):
        await response.decide(message, "noor", verdict=Verdict.REJECT)
    decided = await response.decide(message, "noor", verdict=Verdict.REJECT, proof="p1")

    assert decided.gate is GateState.REJECTED


async def test_one_that_is_revised_while_a_proof_is_verified_does_not_go_out(
    response: Response,
) -> None:
    await opened(response)
    response.world.has_proof("p1", "noor", KEY)
    message = await response.propose()
    verify = response.world.verifying_waits()
    deciding = asyncio.create_task(response.decide(message, "noor", proof="p1"))
    await being_verified(response)

    await revise(response, message)
    verify.set()

    with pytest.raises(Refusal, match="edited since"):
        await deciding
    assert (await response.message()).decisions == ()


async def test_one_proof_that_comes_twice_at_once_counts_once(response: Response) -> None:
    await opened(response, quorum=2)
    response.world.has_proof("p1", "noor", KEY)
    message = await response.propose()
    verify = response.world.verifying_waits()
    for _ in range(2):
        await response.approve(message, "noor", proof="p1")
    await being_verified(response, 2)

    verify.set()

    [refused] = await refusals(response)
    assert "decided here already" in refused.about
    waiting = await response.message()
    assert (len(waiting.decisions), waiting.phase) == (1, MessagePhase.WAITING)


async def test_a_flood_of_proofs_is_verified_a_few_at_a_time(response: Response) -> None:
    await opened(response)
    response.world.has_proof("good", "noor", KEY)
    message = await response.propose()
    verify = response.world.verifying_waits()
    for number in range(40):
        await response.approve(message, "noor", proof=f"forged-{number}")
    await being_verified(response, 20)
    verify.set()
    await refusals(response, many=20)

    await response.decide(message, "noor", proof="good")

    assert len(response.world.verifications) == 21
    assert (await response.settled()).told
