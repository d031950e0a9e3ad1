"""What a workflow knows of the ledger, and what it means if the ledger knows less.

A ledger that was restored, or copied back, has forgotten what happened since. Whoever sends from it
sends again, so each request to the ledger says what it must have.
"""

from __future__ import annotations

from datetime import datetime

from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep, explained
from domain.model import Value
from domain.timeline import RecordHead


class BegunAttempt(Value):
    """An attempt that the ledger has entered as begun: of a post, or of the batch ``number``.

    Attempts are entered in the order in which they begin, so a ledger that has this one has all
    earlier ones, too. No batch after ``handed_out`` was ever handed out to be sent.
    """

    attempt: int
    number: int = 0
    handed_out: int = 0
    at: datetime | None = None


class KnownLedger(Value):
    """What the ledger had when it last answered: an earlier copy of it has less.

    ``generation`` names the ledger; "" before it was first asked. ``record`` is the end of the
    incident's record there; ``newest`` the last attempt that it entered as begun at the destination
    in question.
    """

    generation: str = ""
    record: RecordHead = RecordHead()
    newest: BegunAttempt | None = None


class LedgerBehind(DomainError):
    """The ledger has less than its incident knows, so nothing may go out from it."""


def behind(incident: str, what: str) -> Explanation:
    """Why nothing goes out for ``incident``; ``what`` is how that was noticed."""
    return explained(
        what,
        NextStep(
            action=Action.RECOVER_LEDGER,
            incident=incident,
            advice="Compare it with what went out, then it is unlocked.",
        ),
        means="The ledger is an earlier copy: what went out since could go out twice, so nothing "
        f"is sent for {incident}.",
    )


def says_behind(why: Explanation | None) -> bool:
    """Whether an explanation says that the ledger is behind its incident."""
    return why is not None and why.next_step.action is Action.RECOVER_LEDGER
