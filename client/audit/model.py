"""What an audit compares, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from client.stack.books import Reconciliation
from domain.explanation import Explanation
from domain.model import Value
from domain.publication import PublicationState
from domain.status import IncidentStatus
from store.audit.books import BroadcastBooks
from store.broadcasts.progress import BroadcastProgress
from store.record.publications import PublicationRow


class Kind(StrEnum):
    """What is the matter with an intent. Only ``open`` leaves the books in agreement."""

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


class ProviderBook(Value):
    """What a provider's own record came to for one message on one channel."""

    says: str
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


class Books(Value):
    """The four books of one incident.

    ``status`` is None if the workflow could not be asked, and ``unread`` says why. ``provider``
    has what could be learnt of each place; ``strangers`` is what the provider shows that no
    message of the ledger says.
    """

    slug: str
    status: IncidentStatus | None
    unread: str
    publications: tuple[PublicationRow, ...]
    broadcasts: tuple[BroadcastBooks, ...]
    progress: Mapping[int, BroadcastProgress]
    provider: Mapping[Place, ProviderBook]
    strangers: tuple[Discrepancy, ...] = ()


class Intent(Value):
    """One message at one destination, as each book has it."""

    message: int
    kind: str
    channel: str
    audience: str
    incident: PublicationState | None
    ledger: str
    events: str
    provider: str


class Report(Value):
    """The audit: every intent, and everything that is the matter. ``under_way``: more is coming."""

    incident: str
    intents: tuple[Intent, ...]
    found: tuple[Discrepancy, ...]
    under_way: bool

    @property
    def agrees(self) -> bool:
        """Whether all books say the same and nothing is stuck or unknown."""
        return all(one.kind is Kind.OPEN for one in self.found)
