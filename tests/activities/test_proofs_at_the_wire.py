"""Whoever speaks for an incident in Temporal can open its gate, and cannot sign for a person."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import update
from temporalio.testing import ActivityEnvironment

from activities.approved import OpenedGates
from activities.proofs import ProofActivities
from activities.signatures.posts import PublicationTask
from activities.signatures.proofs import VerifyProof
from domain.actor import Actor
from domain.errors import DomainError
from domain.gate import Decision, Requirement, Verdict
from domain.ids import MessageRef
from domain.message import Document
from domain.opening import SealedOpening
from domain.proof import Statement
from sandbox.authenticator import Authenticator
from store.kernel.database import Database
from store.people import credentials
from store.record import messages, openings, proofs
from store.tables import proofs as proof_rows
from tests.activities.conftest import NOON, notice
from tests.proving import EXPIRES, key_of, passkey_of, signed_by_key, signed_by_passkey, statement
from tests.sealing import KEY, opening_of, with_key

PASSKEY = Authenticator.es256()
FOUNDER = ("founder",)


@pytest.fixture
async def waiting(ledger: Database) -> Document:
    document = notice()
    await messages.save_revision(await with_key(ledger), document, "maya")
    for one in (key_of(), passkey_of(PASSKEY)):
        await credentials.enrol(ledger, one, "maya", NOON)
    return document


def said_of(document: Document, **changes: object) -> Statement:
    about = {
        "incident": document.incident,
        "message": document.number,
        "revision": document.revision,
        "digest": document.digest(),
    }
    return statement().model_copy(update={**about, **changes})


async def proven(
    ledger: Database, document: Document, proof: str = "p1", *, by_key: bool = False
) -> str:
    """Noor approves and proves it, and a worker verifies that."""
    said = said_of(document, nonce=proof * 16)
    await proofs.issue_nonce(ledger, said.nonce, "noor", document.incident, EXPIRES, NOON)
    evidence = signed_by_key(said) if by_key else signed_by_passkey(said, PASSKEY)
    await proofs.keep(ledger, proof, evidence, said, NOON)
    order = VerifyProof(
        proof=proof,
        message=ref_of(document),
        digest=document.digest(),
        verdict=Verdict.APPROVE,
        person="noor",
        roles=FOUNDER,
        at=NOON,
    )
    await ActivityEnvironment().run(ProofActivities(ledger, KEY).verify_proof, order)
    return proof


def ref_of(document: Document) -> MessageRef:
    return MessageRef(incident=document.incident, number=document.number, revision=1)


async def opened(ledger: Database, document: Document, *decisions: Decision) -> None:
    """The gate as the incident's workflow, or whoever speaks for it, has it sealed."""
    content: list[Mapping[str, object]] = [one.model_dump(mode="json") for one in decisions]
    opening: SealedOpening = opening_of(document).model_copy(update={"decisions": content})
    await openings.enter(ledger, KEY, opening)


def decision(document: Document, proof: object, **changes: object) -> Decision:
    values: dict[str, object] = {
        "actor": Actor.at_terminal("noor"),
        "verdict": Verdict.APPROVE,
        "digest": document.digest(),
        "roles": FOUNDER,
        "at": NOON,
        "proof": proof,
    }
    return Decision.model_validate({**values, **changes})


async def at_the_wire(
    ledger: Database, document: Document, requires: Requirement = Requirement.NONE
) -> str:
    """Why it may not go out on the square; "" if it may."""
    task = PublicationTask(message=ref_of(document), channel="square", digest=document.digest())
    try:
        await OpenedGates(ledger, KEY.public, requires).refuse_unopened(task)
    except DomainError as refusal:
        return refusal.what
    return ""


@pytest.mark.parametrize("requires", list(Requirement))
async def test_a_proven_decision_lets_it_out(
    ledger: Database, waiting: Document, requires: Requirement
) -> None:
    await opened(ledger, waiting, decision(waiting, await proven(ledger, waiting)))
    assert await at_the_wire(ledger, waiting, requires) == ""


async def test_where_decisions_are_proven_an_opening_without_a_proof_lets_nothing_out(
    ledger: Database, waiting: Document
) -> None:
    await opened(ledger, waiting, decision(waiting, ""))
    assert await at_the_wire(ledger, waiting) == ""
    for requires in (Requirement.KEY, Requirement.PASSKEY):
        said = await at_the_wire(ledger, waiting, requires)
        assert f"rests on the approval of message 1 by noor, and here each needs a {requires}" in (
            said
        )


async def test_a_key_is_less_than_a_passkey(ledger: Database, waiting: Document) -> None:
    await opened(ledger, waiting, decision(waiting, await proven(ledger, waiting, by_key=True)))
    assert await at_the_wire(ledger, waiting, Requirement.KEY) == ""
    assert "needs a passkey" in await at_the_wire(ledger, waiting, Requirement.PASSKEY)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"actor": Actor.at_terminal("ines")}, "the approval of message 1 by ines, which"),
        ({"roles": ("legal",)}, "does not verify"),
        ({"digest": "f" * 64}, "approves nothing of this"),
        ({"proof": "p9"}, "has no proof of its own"),
    ],
    ids=["person", "roles", "digest", "proof"],
)
async def test_a_proof_of_another_decision_lets_nothing_out(
    ledger: Database, waiting: Document, changes: dict[str, object], words: str
) -> None:
    proof = await proven(ledger, waiting)
    await opened(ledger, waiting, decision(waiting, **{"proof": proof, **changes}))
    assert words in await at_the_wire(ledger, waiting)


async def test_a_rejection_opens_nothing(ledger: Database, waiting: Document) -> None:
    await opened(ledger, waiting, decision(waiting, "", verdict=Verdict.REJECT))
    assert "the rejection of message 1 by noor, which approves nothing of this" in (
        await at_the_wire(ledger, waiting)
    )


async def test_one_proof_is_not_two_people(ledger: Database, waiting: Document) -> None:
    proof = await proven(ledger, waiting)
    await opened(ledger, waiting, decision(waiting, proof), decision(waiting, proof))
    assert "has no proof of its own" in await at_the_wire(ledger, waiting)


async def test_an_opening_that_names_nobody_lets_nothing_out(
    ledger: Database, waiting: Document
) -> None:
    await opened(ledger, waiting)
    assert "nobody's decision" in await at_the_wire(ledger, waiting, Requirement.KEY)
    assert await at_the_wire(ledger, waiting) == ""


async def test_a_decision_that_cannot_be_read_lets_nothing_out(
    ledger: Database, waiting: Document
) -> None:
    await openings.enter(ledger, KEY, opening_of(waiting))
    assert "cannot be read" in await at_the_wire(ledger, waiting, Requirement.KEY)


async def test_a_proof_that_was_changed_lets_nothing_out(
    ledger: Database, waiting: Document
) -> None:
    await opened(ledger, waiting, decision(waiting, await proven(ledger, waiting)))
    async with ledger.write() as connection:
        await connection.execute(update(proof_rows).values(signature=b"forged"))
    assert "changed after it was verified" in await at_the_wire(ledger, waiting)


async def test_whose_passkey_was_removed_later_has_decided_all_the_same(
    ledger: Database, waiting: Document
) -> None:
    await opened(ledger, waiting, decision(waiting, await proven(ledger, waiting)))
    await credentials.remove(ledger, passkey_of(PASSKEY).id, "maya", NOON)
    assert await at_the_wire(ledger, waiting, Requirement.PASSKEY) == ""
