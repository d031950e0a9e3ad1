"""The verdict on a round: what the product says happened against what went out."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from domain.message import Document
from domain.status import MessageStatus

MUST_BE_ZERO = {
    "lost": "accepted in the ledger, and nothing is in public",
    "doubled": "the same post, or the same mail to the same address, twice",
    "stuck": "neither settled nor waiting for a person",
    "wrong_order": "an older progress update published after a newer one",
    "unapproved": "in public without an open gate for exactly these bytes",
    "after_withdrawal": "published after the status said that all of it was stopped",
    "broken_timeline": "a record with a gap or a broken chain",
    "unentered": "in public, and not accepted in the ledger",
    "reused": "a name that was used before, accepted again",
    "unheard": "said to us, and not on the desk",
    "answered_twice": "a mention with more than one answer, or on the desk more than once",
    "unanswered": "a mention without an answer, and without a reason why not",
    "given_up": "a reply called unknown, though the platform shows whether it is there",
    "changed_unseen": "a change of the record that its verification did not find",
}
ALLOWED = {
    "doubled_by_policy": "safety mail sent again after its window closed without any event",
}


@dataclass
class RoundVerdict:
    """Counts that must be zero, counts that the policy allows, and each finding in words."""

    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    wrong_order: int = 0
    unapproved: int = 0
    after_withdrawal: int = 0
    broken_timeline: int = 0
    unentered: int = 0
    reused: int = 0
    changed_unseen: int = 0
    unheard: int = 0
    answered_twice: int = 0
    unanswered: int = 0
    given_up: int = 0
    doubled_by_policy: int = 0
    posts: int = 0
    mails: int = 0
    mentions: int = 0
    answers: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything that must be zero is."""
        return not any(getattr(self, name) for name in MUST_BE_ZERO)

    def add(self, other: RoundVerdict) -> None:
        """Add another round's."""
        for one in fields(self):
            if one.name == "findings":
                self.findings += other.findings
            else:
                setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def find(self, what: str, detail: str, times: int = 1) -> None:
        """Count ``what`` and keep the detail."""
        setattr(self, what, getattr(self, what) + times)
        if times:
            self.findings.append(f"{what.replace('_', ' ')}: {detail}")


@dataclass(frozen=True)
class LedgerMessage:
    """One message with every revision's document that the ledger has."""

    status: MessageStatus
    revisions: dict[int, Document]

    @property
    def number(self) -> int:
        """Its number."""
        return self.status.number

    @property
    def approved(self) -> Document | None:
        """What may be public: the revision whose gate is open, if its bytes are those signed."""
        document = self.revisions.get(self.status.revision)
        opened = self.status.gate == "open" and self.status.approved_at is not None
        if document is None or not opened or document.digest() != self.status.digest:
            return None
        return document

    @staticmethod
    def carries(document: Document, channel: str, text: str) -> bool:
        """Whether ``text`` is exactly a document's copy for ``channel``."""
        return any(copy.channel == channel and copy.text == text for copy in document.copies)
