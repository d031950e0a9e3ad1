"""Tokens of the API: what another system may do in the name of one person.

A token never allows more than its person may do; its scopes say how much of that it has.
"""

from __future__ import annotations

from enum import StrEnum

from domain.model import Value
from domain.times import UtcTime


class Scope(StrEnum):
    """One part of the API that a token opens. No scope includes another."""

    INCIDENTS_READ = "incidents:read"
    INCIDENTS_WRITE = "incidents:write"
    DECISIONS_WRITE = "decisions:write"
    BROADCASTS_WRITE = "broadcasts:write"
    AUDIENCES_READ = "audiences:read"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    IMPORTS_WRITE = "imports:write"
    CODES_READ = "codes:read"
    EVENTS_READ = "events:read"
    MENTIONS_READ = "mentions:read"
    MENTIONS_WRITE = "mentions:write"

    @property
    def in_words(self) -> str:
        """What it opens: ``read incidents, their messages and the status page``."""
        return _WORDS[self]


_WORDS = {
    Scope.INCIDENTS_READ: "read incidents, their messages and the status page",
    Scope.INCIDENTS_WRITE: "open incidents, record facts, choose audiences, move to another stage, "
    "propose, revise, mail tests, withdraw, close and acknowledge notifications",
    Scope.DECISIONS_WRITE: "approve and reject messages",
    Scope.BROADCASTS_WRITE: "stop everything, pause, resume and stop mail, retry, settle",
    Scope.AUDIENCES_READ: "see how large audiences are, how many are suppressed or subscribed",
    Scope.PEOPLE_READ: "read addresses: of one recipient, suppressions, subscribers",
    Scope.PEOPLE_WRITE: "add and remove suppressions, delete a subscriber",
    Scope.IMPORTS_WRITE: "import files of audiences, suppressions and codes",
    Scope.CODES_READ: "read the codes that were given out",
    Scope.EVENTS_READ: "read what happened in incidents, and take their records",
    Scope.MENTIONS_READ: "read what people say to us, and whether it is heard",
    Scope.MENTIONS_WRITE: "claim and dismiss mentions",
}


class Token(Value):
    """A token as the ledger has it, without the secret.

    ``id`` are the first digits of the secret's hash. ``used_at`` is coarse: a request
    within an hour of it leaves it as it is.
    """

    id: str
    person: str
    name: str = ""
    scopes: tuple[Scope, ...]
    created_at: UtcTime
    created_by: str
    expires_at: UtcTime
    used_at: UtcTime | None = None
