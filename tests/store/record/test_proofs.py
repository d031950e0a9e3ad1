"""A proof is kept as it was handed in, verified once, and its nonce is spent once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.errors import DomainError
from domain.passkey import verify
from domain.proof import Proof, ProofRefused, Statement, Verified
from domain.sealing import Sealed
from sandbox.authenticator import Authenticator
from store.kernel.database import Database
from store.people import credentials
from store.record import proofs
from tests.proving import (
    EXPIRES,
    key_of,
    passkey_of,
    signed_by_key,
    signed_by_passkey,
    statement,
)
from tests.sealing import KEY

IN_TIME = EXPIRES - timedelta(minutes=5)
VERIFIED = Verified(credential=key_of(), at=IN_TIME.isoformat())


async def issued(database: Database, nonce: str = "n" * 32) -> Statement:
    """Noor's statement, whose nonce the ledger knows."""
    await proofs.issue_nonce(database, nonce, "noor", "site-down", EXPIRES, IN_TIME)
    return statement(nonce=nonce)


async def kept(database: Database, said: Statement, proof_id: str = "p1") -> Proof:
    await proofs.keep(database, proof_id, signed_by_key(said), said, IN_TIME)
    found = await proofs.load(database, proof_id)
    assert found is not None
    return found


async def test_a_passkeys_proof_comes_back_byte_for_byte_and_can_be_verified_from_the_row_alone(
    database: Database,
) -> None:
    said, passkey = await issued(database), Authenticator.es256()
    evidence = signed_by_passkey(said, passkey)
    await proofs.keep(database, "p1", evidence, said, IN_TIME)
    [proof] = await proofs.of_incident(database, "site-down")
    done = Verified(credential=passkey_of(passkey), at=IN_TIME.isoformat())
    await proofs.enter_verified(database, KEY, proof, done, said, IN_TIME)

    [found] = await proofs.of_incident(database, "site-down")

    assert found.evidence == evidence
    assert found.verified is not None
    assert verify(found.evidence, found.verified.credential) == said
    assert KEY.public.verifies(Sealed.PROOF, found.sealed_digest(), found.verified.seal)


async def test_what_nobody_verified_says_so(database: Database) -> None:
    assert (await kept(database, await issued(database))).verified is None


async def test_the_same_proof_may_be_entered_again_and_stays_as_it_was(database: Database) -> None:
    said = await issued(database)
    first = await proofs.enter_verified(
        database, KEY, await kept(database, said), VERIFIED, said, IN_TIME
    )
    there = await proofs.load(database, "p1")
    assert there is not None
    later = VERIFIED.model_copy(update={"at": "later"})

    again = await proofs.enter_verified(database, KEY, there, later, said, IN_TIME)

    assert again == first == await proofs.load(database, "p1")


async def test_a_nonce_is_spent_by_one_proof_however_many_come_at_once(
    database: Database, second: Database
) -> None:
    said = await issued(database)
    one, other = await kept(database, said, "p1"), await kept(database, said, "p2")

    done = await asyncio.gather(
        proofs.enter_verified(database, KEY, one, VERIFIED, said, IN_TIME),
        proofs.enter_verified(second, KEY, other, VERIFIED, said, IN_TIME),
        return_exceptions=True,
    )

    [refused] = [each for each in done if isinstance(each, ProofRefused)]
    assert "used already" in refused.what
    found = await proofs.of_incident(database, "site-down")
    assert sum(each.verified is not None for each in found) == 1


@pytest.mark.parametrize(
    ("changes", "late", "why"),
    [
        ({}, timedelta(minutes=5), "too old"),
        ({"nonce": "x" * 32}, timedelta(0), "does not know its nonce"),
        ({"person": "ines"}, timedelta(0), "does not know its nonce"),
        ({"incident": "site-up"}, timedelta(0), "does not know its nonce"),
        ({"expires": EXPIRES + timedelta(hours=1)}, timedelta(0), "does not know its nonce"),
    ],
)
async def test_a_nonce_that_is_stale_or_not_ours_spends_nothing(
    database: Database, changes: dict[str, object], late: timedelta, why: str
) -> None:
    proof = await kept(database, await issued(database))
    other = statement(**changes)

    with pytest.raises(ProofRefused, match=why):
        await proofs.enter_verified(database, KEY, proof, VERIFIED, other, IN_TIME + late)

    there = await proofs.load(database, "p1")
    assert there is not None
    assert there.verified is None


async def test_nonces_that_nobody_used_are_cleared_away_and_spent_ones_stay(
    database: Database,
) -> None:
    spent = await issued(database, "s" * 32)
    await proofs.enter_verified(
        database, KEY, await kept(database, spent), VERIFIED, spent, IN_TIME
    )
    unspent = await issued(database, "u" * 32)

    await proofs.issue_nonce(
        database, "n" * 32, "noor", "site-down", EXPIRES, EXPIRES + timedelta(days=2)
    )

    again = await kept(database, spent, "p2")
    with pytest.raises(ProofRefused, match="used already"):
        await proofs.enter_verified(database, KEY, again, VERIFIED, spent, IN_TIME)
    never = await kept(database, unspent, "p3")
    with pytest.raises(ProofRefused, match="does not know its nonce"):
        await proofs.enter_verified(database, KEY, never, VERIFIED, unspent, IN_TIME)


async def test_what_is_too_large_for_a_proof_is_not_kept(database: Database) -> None:
    large = signed_by_key(statement()).model_copy(update={"client_data": b"x" * 10_000})

    with pytest.raises(DomainError, match="too large"):
        await proofs.keep(database, "p1", large, statement(), IN_TIME)


async def test_what_was_verified_notes_when_its_key_was_used(database: Database) -> None:
    await credentials.enrol(database, key_of(), "maya", IN_TIME)
    said = await issued(database)
    proof = await kept(database, said)
    assert (await credentials.of_person(database, "noor"))[0].used_at is None

    await proofs.enter_verified(database, KEY, proof, VERIFIED, said, IN_TIME)

    assert (await credentials.of_person(database, "noor"))[0].used_at == IN_TIME
