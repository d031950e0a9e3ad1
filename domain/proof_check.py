"""What the proof of one decision is worth, by what is kept alone: no network, no clock, no secret.

The audit asks it of every decision, and the wire of those that opened a gate.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError

from domain.errors import DecisionRefused
from domain.gate import Decision, Verdict
from domain.opening import SealedOpening
from domain.passkey import verify
from domain.proof import CredentialKind, Proof, Statement, refuse_other
from domain.sealing import Keys, Sealed


class Decided(NamedTuple):
    """A decision as the ledger tells of it; ``digest`` and ``proof`` may be their first digits.

    ``revision`` is None in the timeline, which does not say it.
    """

    message: int
    revision: int | None
    digest: str
    verdict: Verdict
    person: str
    roles: tuple[str, ...]
    proof: str

    def __str__(self) -> str:
        said = {Verdict.APPROVE: "approval", Verdict.REJECT: "rejection"}[self.verdict]
        return f"the {said} of message {self.message} by {self.person}"


def decided_in(opening: SealedOpening) -> Iterable[Decided]:
    """The decisions that opened a gate, as its opening has them."""
    for content in opening.decisions:
        try:
            one = Decision.model_validate(content)
        except ValidationError:
            # The check of the record says what is wrong with it.
            continue
        yield Decided(
            opening.number,
            opening.revision,
            one.digest,
            one.verdict,
            one.actor.person,
            one.roles,
            one.proof,
        )


def proven_with(
    proof: Proof, incident: str, decided: Decided, keys: Keys, trusted: frozenset[str]
) -> tuple[CredentialKind | None, str]:
    """What ``decided`` was proven with, and what is wrong with its proof: one of them is nothing.

    ``trusted`` are the ids of this installation's keys.
    """
    if proof.verified is None:
        return None, "has a proof that was never verified"
    used = proof.verified
    key = keys.find(used.key_id)
    if key is None or key.key_id not in trusted:
        return None, "has a proof that this installation has not sealed"
    if not key.verifies(Sealed.PROOF, proof.sealed_digest(), used.seal):
        return None, "has a proof that was changed after it was verified"
    try:
        statement = verify(proof.evidence, used.credential)
        refuse_other(statement, _expected(incident, decided, statement))
    except DecisionRefused as refusal:
        return None, f"has a proof that does not verify: {refusal.what.rstrip('.')}"
    if used.credential.person != decided.person:
        return None, "was proven with somebody else's key"
    return used.credential.kind, ""


def _expected(incident: str, decided: Decided, signed: Statement) -> Statement:
    """What must have been signed, as far as the account of the decision goes."""
    whole = signed.digest if signed.digest.startswith(decided.digest) else decided.digest
    return signed.model_copy(
        update={
            "incident": incident,
            "message": decided.message,
            "revision": signed.revision if decided.revision is None else decided.revision,
            "digest": whole,
            "verdict": decided.verdict,
            "person": decided.person,
            "roles": decided.roles,
        }
    )
