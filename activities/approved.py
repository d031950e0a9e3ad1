"""What may be published: the stored document, if it is exactly what was approved and opened."""

from __future__ import annotations

from activities.signatures.posts import PublicationTask
from domain.errors import DomainError
from domain.message import Document
from domain.opening import SealedOpening
from domain.record_check import opening_problem
from domain.sealing import Keys, PublicKey
from store.kernel.database import Database
from store.record import keys, messages, openings


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
    worker's own: an opening counts if that key sealed it, or one that hangs together with it.
    """

    def __init__(self, database: Database, key: PublicKey) -> None:
        self._database = database
        self._key = key
        # Verifying takes a tenth of a millisecond, but a broadcast asks every few seconds.
        self._verified: set[tuple[str, str]] = set()

    async def refuse_unopened(self, task: PublicationTask) -> None:
        """Raise ``DomainError`` unless the gate was opened for exactly this, there."""
        opening = await openings.find(self._database, task.message)
        what = (
            f"message {task.message.number}, revision {task.message.revision}, on "
            f"{task.destination}"
        )
        if opening is None or opening.digest != task.digest:
            raise _refusal(f"Nobody has opened the gate for {what}.")
        if not opening.covers(task.channel, task.audience):
            raise _refusal(f"The gate was opened for other destinations than {what}.")
        if (problem := await self._problem(opening)) is not None:
            raise _refusal(f"The opening of the gate for {what} {problem}.")
        if opening.revoked_at:
            raise _refusal(f"The gate for {what} was closed again: it was called off.")

    async def _problem(self, opening: SealedOpening) -> str | None:
        known = (opening.sealed_digest(), opening.seal)
        if known in self._verified:
            return None
        all_keys = Keys([self._key, *(await keys.read_keys(self._database)).all()])
        problem = opening_problem(opening, all_keys, all_keys.trusted(self._key.fingerprint))
        if problem is None:
            self._verified.add(known)
        return problem


def _refusal(what: str) -> DomainError:
    return DomainError(
        what,
        "Have it signed in its incident. If you did not start this, find out who may write to "
        "Temporal or to the database.",
        means="Nothing was sent.",
    )
