"""Proofs: verifying who decided, before an incident counts a decision."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Signature
from domain.actor import AuthenticatedBy
from domain.gate import Verdict
from domain.ids import MessageRef
from domain.model import Value


class VerifyProof(Value):
    """Verify that ``proof``, a row of the ledger, is of exactly this decision.

    ``digest`` is whole, ``roles`` are those that count at its gate, and ``at`` is when it came:
    that is the time by which it must not have expired, however often this is tried.
    """

    proof: str
    message: MessageRef
    digest: str
    verdict: Verdict
    person: str
    roles: tuple[str, ...]
    at: datetime


class ProofVerified(Value):
    """Who has decided, and how that was shown: by ``key`` or by ``passkey``."""

    person: str
    method: AuthenticatedBy


VERIFY_PROOF = Signature("verify_proof", VerifyProof, ProofVerified)
