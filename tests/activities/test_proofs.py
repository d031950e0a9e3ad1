"""Every proof is verified by one activity, which says who it was and nothing more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.proofs import ProofActivities
from activities.signatures.proofs import ProofVerified, VerifyProof
from domain.actor import AuthenticatedBy
from domain.gate import Verdict
from domain.ids import MessageRef
from domain.proof import Evidence, Statement
from sandbox.authenticator import Authenticator
from store.kernel.database import Database
from store.people import credentials
from store.record import proofs
from tests.proving import (
    EXPIRES,
    NOOR_KEY,
    key_of,
    passkey_of,
    signed_by_key,
    signed_by_passkey,
    statement,
)
from tests.sealing import KEY

IN_TIME = EXPIRES - timedelta(minutes=5)
PASSKEY = Authenticator.es256()


@pytest.fixture
async def enrolled(ledger: Database) -> Database:
    """A ledger that knows Noor's key and passkey, and the nonce of her decision."""
    for one in (key_of(), passkey_of(PASSKEY)):
        await credentials.enrol(ledger, one, "maya", IN_TIME)
    await proofs.issue_nonce(ledger, "n" * 32, "noor", "site-down", EXPIRES, IN_TIME)
    return ledger


def order(**changes: object) -> VerifyProof:
    """Noor approves message 1 of site-down, as an incident asks about it."""
    values: dict[str, object] = {
        "proof": "p1",
        "message": MessageRef(incident="site-down", number=1, revision=1),
        "digest": "ab12" * 16,
        "verdict": Verdict.APPROVE,
        "person": "noor",
        "roles": ("founder",),
        "at": IN_TIME,
    }
    return VerifyProof.model_validate({**values, **changes})


async def handed_in(ledger: Database, evidence: Evidence, said: Statement | None = None) -> None:
    await proofs.keep(ledger, "p1", evidence, said or statement(), IN_TIME)


async def verified(ledger: Database, asked: VerifyProof | None = None) -> ProofVerified:
    activities = ProofActivities(ledger, KEY)
    return await ActivityEnvironment().run(activities.verify_proof, asked or order())


async def refused(ledger: Database, asked: VerifyProof | None = None) -> str:
    with pytest.raises(ApplicationError) as failure:
        await verified(ledger, asked)
    assert failure.value.non_retryable
    return str(failure.value.message)


async def test_it_says_who_signed_with_a_key(enrolled: Database) -> None:
    await handed_in(enrolled, signed_by_key(statement()))

    assert await verified(enrolled) == ProofVerified(person="noor", method=AuthenticatedBy.KEY)


async def test_it_says_who_signed_with_a_passkey(enrolled: Database) -> None:
    await handed_in(enrolled, signed_by_passkey(statement(), PASSKEY))

    assert await verified(enrolled) == ProofVerified(person="noor", method=AuthenticatedBy.PASSKEY)


async def test_a_worker_that_died_before_it_answered_answers_the_same_again(
    enrolled: Database,
) -> None:
    await handed_in(enrolled, signed_by_key(statement()))

    assert await verified(enrolled) == await verified(enrolled)


async def test_a_proof_is_worth_nothing_for_any_other_decision(enrolled: Database) -> None:
    await handed_in(enrolled, signed_by_key(statement()))
    other = MessageRef(incident="site-down", number=2, revision=1)

    assert "another message" in await refused(enrolled, order(message=other))
    assert "other words" in await refused(enrolled, order(digest="cd34" * 16))
    assert "another verdict" in await refused(enrolled, order(verdict=Verdict.REJECT))
    assert "somebody else" in await refused(enrolled, order(person="ines"))
    # None of them has spent it.
    assert (await verified(enrolled)).person == "noor"


async def test_a_second_proof_with_the_same_nonce_is_a_replay(enrolled: Database) -> None:
    await handed_in(enrolled, signed_by_passkey(statement(), PASSKEY))
    await verified(enrolled)
    await proofs.keep(enrolled, "p2", signed_by_passkey(statement(), PASSKEY), statement(), IN_TIME)

    assert "used already" in await refused(enrolled, order(proof="p2"))


async def test_a_decision_that_came_too_late_after_it_was_signed_is_refused(
    enrolled: Database,
) -> None:
    await handed_in(enrolled, signed_by_key(statement()))

    assert "too old" in await refused(enrolled, order(at=EXPIRES))


async def test_a_key_that_was_removed_counts_for_nothing_from_then_on(enrolled: Database) -> None:
    await handed_in(enrolled, signed_by_key(statement()))
    await credentials.remove(enrolled, key_of().id, "maya", IN_TIME)

    assert "was removed" in await refused(enrolled)


async def test_nothing_counts_of_a_person_who_was_removed(enrolled: Database) -> None:
    await handed_in(enrolled, signed_by_passkey(statement(), PASSKEY))
    await credentials.remove_all_of(enrolled, "noor", "maya", IN_TIME)

    assert "was removed" in await refused(enrolled)


async def test_a_key_that_nobody_enrolled_counts_for_nothing(ledger: Database) -> None:
    await handed_in(ledger, signed_by_key(statement()))

    assert "not enrolled" in await refused(ledger)


async def test_a_person_cannot_sign_as_another_with_a_key_of_their_own(enrolled: Database) -> None:
    """Noor's key, and a statement in which Ines approves."""
    said = statement(person="ines", nonce="i" * 32)
    await proofs.issue_nonce(enrolled, "i" * 32, "ines", "site-down", EXPIRES, IN_TIME)
    await handed_in(enrolled, signed_by_key(said, NOOR_KEY), said)

    assert "another person's" in await refused(enrolled, order(person="ines"))


async def test_a_forged_signature_is_refused_without_a_word_of_what_it_was(
    enrolled: Database,
) -> None:
    good = signed_by_key(statement())
    await handed_in(enrolled, good.model_copy(update={"signature": b"\x07" * 64}))

    said = await refused(enrolled)

    assert "not one of the enrolled key" in said
    assert good.signature.hex() not in said


async def test_a_proof_that_is_not_there_is_refused(enrolled: Database) -> None:
    assert "no such proof" in await refused(enrolled, order(proof="nothing"))


async def test_a_passkey_that_nobody_enrolled_counts_for_nothing(ledger: Database) -> None:
    unknown = signed_by_passkey(statement(), PASSKEY).model_copy(update={"credential": ""})
    await handed_in(ledger, unknown)

    assert "The passkey that signed it is not enrolled." in await refused(ledger)


async def test_a_passkey_that_waits_for_a_second_person_counts_for_nothing(
    ledger: Database,
) -> None:
    waiting = passkey_of(PASSKEY)
    await credentials.enrol(ledger, waiting, "noor", IN_TIME, waits=True)
    await proofs.issue_nonce(ledger, "n" * 32, "noor", "site-down", EXPIRES, IN_TIME)
    await handed_in(ledger, signed_by_passkey(statement(), PASSKEY))

    assert "waits for a second person to confirm it" in await refused(ledger)

    assert await credentials.confirm(ledger, waiting.id, "ines", IN_TIME)
    assert not await credentials.confirm(ledger, waiting.id, "ines", IN_TIME)
    assert (await verified(ledger)).person == "noor"
