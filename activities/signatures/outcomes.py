"""How a publication or a broadcast ended, as the ledger has it."""

from __future__ import annotations

from activities.signatures.posts import PublicationTask
from activities.signatures.signature import Nothing, Signature
from domain.explanation import Explanation
from domain.model import Value
from domain.publication import Outcome


class OutcomeRead(Value):
    """The outcome in the ledger; one that has not ended is *planned* or *sending*.

    ``known`` is false if the ledger has nothing of it, so that nothing of it can have gone out.
    ``reached``: a provider has accepted it; of a broadcast, at least one batch. ``behind`` is why
    none of this can be believed, if the ledger is an earlier copy.
    """

    outcome: Outcome
    known: bool = True
    reached: bool = False
    behind: Explanation | None = None


class EnterOutcome(Value):
    """Enter how a broadcast ended; one that was never planned has no place for it."""

    task: PublicationTask
    outcome: Outcome


READ_OUTCOME = Signature("read_outcome", PublicationTask, OutcomeRead)
ENTER_OUTCOME = Signature("enter_outcome", EnterOutcome, Nothing)
