"""Verifying the proof of a decision: the one place where it is done, whatever surface it came from.

Only ids come in, and only who it was goes out: signatures and what browsers say stay in the ledger.
"""

from __future__ import annotations

from datetime import UTC, datetime

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.signatures.proofs import VERIFY_PROOF, ProofVerified, VerifyProof
from domain.explanation import Action, NextStep
from domain.passkey import verify
from domain.proof import (
    FIND_OUT,
    Credential,
    Evidence,
    ProofRefused,
    Statement,
    Verified,
    refuse_other,
)
from domain.sealing import RecordKey
from domain.times import in_utc
from store.kernel.database import Database
from store.people import credentials
from store.record import proofs


class ProofActivities:
    """Verifies proofs with the credentials of the ledger, and seals what it has verified."""

    def __init__(self, database: Database, key: RecordKey) -> None:
        self._database = database
        self._key = key

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.verify_proof]

    @defined(VERIFY_PROOF)
    async def verify_proof(self, order: VerifyProof) -> ProofVerified:
        """Who decided, if the proof shows it; repeating it for the same proof is harmless.

        Its credential must not have been removed, and its nonce is spent.
        """
        with failing_in_words(datetime.now(UTC)):
            proof = await proofs.load(self._database, order.proof)
            if proof is None:
                raise ProofRefused("The ledger has no such proof.", f"Sign again. {FIND_OUT}")
            credential = await self._credential(proof.evidence)
            statement = verify(proof.evidence, credential)
            refuse_other(statement, _expected(order))
            if credential.person != statement.person:
                raise ProofRefused(f"This {credential.kind} is another person's.", FIND_OUT)
            at = in_utc(order.at)
            verified = Verified(credential=credential, at=at.isoformat(timespec="microseconds"))
            await proofs.enter_verified(self._database, self._key, proof, verified, statement, at)
        return ProofVerified(person=statement.person, method=credential.kind.method)

    async def _credential(self, given: Evidence) -> Credential:
        found = await credentials.find(self._database, given.credential)
        if found is None and given.authenticator_data:
            raise ProofRefused(
                "The passkey that signed it is not enrolled.",
                NextStep(action=Action.ENROL_PASSKEY, advice="Enrol it, then sign again."),
            )
        if found is None:
            raise ProofRefused(
                "The key that signed it is not enrolled.",
                NextStep(action=Action.ENROL_KEY, advice="Have it enrolled, then sign again."),
            )
        if found.removed_at is not None:
            raise ProofRefused(
                f"The {found.credential.kind} that signed it was removed.",
                "Enrol another one, then sign again.",
            )
        if found.waits:
            raise ProofRefused(
                "The passkey that signed it waits for a second person to confirm it.",
                NextStep(
                    action=Action.CONFIRM_PASSKEY,
                    advice="Have an administrator confirm it, then sign again.",
                ),
            )
        return found.credential


def _expected(order: VerifyProof) -> Statement:
    """What must have been signed, apart from the nonce and its time."""
    return Statement(
        incident=order.message.incident,
        message=order.message.number,
        revision=order.message.revision,
        digest=order.digest,
        verdict=order.verdict,
        person=order.person,
        roles=order.roles,
        nonce="",
        expires=order.at,
    )
