"""What may be published: the stored document, if it is exactly what was approved and opened."""

from __future__ import annotations

from collections.abc import Mapping

from activities.released import ReleasedCopy
from activities.signatures.posts import PublicationTask
from channels.contract import Channel
from domain.errors import DomainError
from domain.gate import Requirement, Verdict
from domain.message import Document
from domain.opening import OpeningKind, SealedOpening
from domain.proof import CredentialKind
from domain.proof_check import decided_in, proven_with
from domain.record_check import opening_problem
from domain.sealing import Keys, PublicKey
from store.kernel.database import Database
from store.record import keys, messages, openings, proofs


async def approved_document(database: Database, task: PublicationTask) -> Document:
    """Load the document and compare its digest with the approved one, byte for byte.

    Raises ``DomainError`` if it is not what the approvers signed.
    """
    document = await messages.load_revision(database, task.message)
    if document.digest() != task.digest:
        raise DomainError(
            f"Message {task.message.number} in the ledger is not what was approved.",
            "Do not publish it: propose it again and have it signed.",
        )
    return document


class OpenedGates:
    """Whether the ledger has a sealed opening for what is about to go out.

    Whoever starts a publication by hand, or writes to the database, has none. ``key`` is this
    worker's own: an opening counts if that key sealed it, or one that hangs together with it. The
    proofs of its decisions are verified once more, and each must have one as good as ``requires``:
    whoever controls Temporal can speak for an incident, and cannot sign for a person. A holding
    statement is compared with its form on the one of ``channels`` on which it goes out.
    """

    def __init__(
        self,
        database: Database,
        key: PublicKey,
        requires: Requirement = Requirement.NONE,
        channels: Mapping[str, Channel] | None = None,
    ) -> None:
        self._released = ReleasedCopy(database, channels or {})
        self._database = database
        self._key = key
        self._requires = requires
        # Verifying takes a tenth of a millisecond, but a broadcast asks every few seconds.
        self._verified: set[tuple[str, str]] = set()

    async def refuse_unopened(self, task: PublicationTask) -> None:
        """Raise ``DomainError`` unless the gate was opened for exactly this, there."""
        opening = await openings.find(self._database, task.message) or await openings.find(
            self._database, task.message, OpeningKind.RELEASED
        )
        what = (
            f"message {task.message.number}, revision {task.message.revision}, on "
            f"{task.destination}"
        )
        if opening is None or opening.digest != task.digest:
            raise _refusal(f"Nobody has opened the gate for {what}.")
        if not opening.covers(task.channel, task.audience):
            raise _refusal(f"The gate was opened for other destinations than {what}.")
        problem = await self.problem_of(opening)
        if problem is None and opening.kind == OpeningKind.RELEASED:
            problem = await self.problem_of(await self._released.form_of(task))
        if problem is not None:
            raise _refusal(f"The opening of the gate for {what} {problem}.")
        if opening.revoked_at:
            raise _refusal(f"The gate for {what} was closed again: it was called off.")

    async def problem_of(self, opening: SealedOpening) -> str | None:
        """What is wrong with an opening's seal or its proofs, after its name; None if nothing."""
        known = (opening.sealed_digest(), opening.seal)
        if known in self._verified:
            return None
        all_keys = Keys([self._key, *(await keys.read_keys(self._database)).all()])
        trusted = all_keys.trusted(self._key.fingerprint)
        problem = opening_problem(opening, all_keys, trusted)
        if problem is None and opening.kind != OpeningKind.RELEASED:
            # What was released rests on the decisions on its form.
            problem = await self._unproven(opening, all_keys, trusted)
        if problem is None:
            self._verified.add(known)
        return problem

    async def _unproven(
        self, opening: SealedOpening, all_keys: Keys, trusted: frozenset[str]
    ) -> str | None:
        """What is wrong with the proofs of an opening's decisions; None if nothing is."""
        used: set[str] = set()
        decisions = list(decided_in(opening))
        if len(decisions) < len(opening.decisions) and self._requires is not Requirement.NONE:
            return "has a decision that cannot be read"
        for one in decisions:
            kind: CredentialKind | None = None
            if one.verdict is not Verdict.APPROVE or one.digest != opening.digest:
                return f"rests on {one}, which approves nothing of this"
            if one.proof:
                proof = await proofs.load(self._database, one.proof)
                if proof is None or proof.id in used:
                    return f"rests on {one}, which has no proof of its own"
                used.add(proof.id)
                kind, problem = proven_with(proof, opening.incident, one, all_keys, trusted)
                if kind is None:
                    return f"rests on {one}, which {problem}"
            if self._requires is not Requirement.NONE and (
                kind is None or not self._requires.met_by(kind.method)
            ):
                return f"rests on {one}, and here each needs a {self._requires}"
        if not decisions and self._requires is not Requirement.NONE:
            return "rests on nobody's decision"
        return None


def _refusal(what: str) -> DomainError:
    return DomainError(
        what,
        "Have it signed in its incident. If you did not start this, find out who may write to "
        "Temporal or to the database.",
        means="Nothing was sent.",
    )
