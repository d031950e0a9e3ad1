"""What an audit compares, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from client.stack.sandbox_records import Reconciliation
from domain.explanation import Explanation
from domain.model import Value
from domain.publication import PublicationState
from domain.status import IncidentStatus
from store.audit.broadcast_records import BroadcastRecords
from store.broadcasts.progress import BroadcastProgress
from store.record.publication_rows import PublicationRow


class Kind(StrEnum):
    """What is wrong with an intent. With nothing but ``open``, the records agree."""

    LOST = "lost"
    DOUBLED = "doubled"
    UNENTERED = "unentered"
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    STUCK = "stuck"
    UNEXPLAINED = "unexplained"
    UNREAD = "unread"
    OPEN = "open"


class Discrepancy(Value):
    """One thing that does not add up, or that waits for a person, and where."""

    kind: Kind
    where: str
    explanation: Explanation


class ProviderRecord(Value):
    """What a provider's own record shows for one message on one channel."""

    detail: str
    read: bool = False
    reconciled: Reconciliation | None = None
    found: tuple[Discrepancy, ...] = ()


class Place(NamedTuple):
    """One destination of one message; ``audience`` is empty for a post."""

    message: int
    channel: str
    audience: str = ""

    def __str__(self) -> str:
        whom = f" to {self.audience}" if self.audience else ""
        return f"message {self.message} on {self.channel}{whom}"


class AuditRecords(Value):
    """The four records of one incident.

    ``status`` is None if the workflow could not be asked, and ``unread`` says why. ``provider``
    has what could be learnt of each place; ``strangers`` is what the provider shows that no
    message in the ledger accounts for.
    """

    slug: str
    status: IncidentStatus | None
    unread: str
    publications: tuple[PublicationRow, ...]
    broadcasts: tuple[BroadcastRecords, ...]
    progress: Mapping[int, BroadcastProgress]
    provider: Mapping[Place, ProviderRecord]
    strangers: tuple[Discrepancy, ...] = ()


class Intent(Value):
    """One message at one destination, as each record has it."""

    message: int
    kind: str
    channel: str
    audience: str
    incident: PublicationState | None
    ledger: str
    events: str
    provider: str


class AuditedDecision(Value):
    """One decision that counted, and what its proof is worth.

    ``proof`` are the first digits of its id, "" for a decision without one. ``verified_by`` is
    ``key`` or ``passkey`` once it was verified again, "" if it could not be.
    """

    message: int
    person: str
    verdict: str
    proof: str = ""
    verified_by: str = ""


class Report(Value):
    """The audit: every intent, every decision, and everything found.

    ``under_way``: some of it is not over yet.
    """

    incident: str
    intents: tuple[Intent, ...]
    found: tuple[Discrepancy, ...]
    under_way: bool
    decisions: tuple[AuditedDecision, ...] = ()

    @property
    def unproven(self) -> tuple[AuditedDecision, ...]:
        """The decisions that were taken at their word."""
        return tuple(one for one in self.decisions if not one.proof)

    @property
    def agrees(self) -> bool:
        """Whether all records say the same and nothing is stuck or unknown."""
        return all(one.kind is Kind.OPEN for one in self.found)
