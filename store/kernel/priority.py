"""How urgent a write is: what a person waits for comes before mail, and mail before reports."""

from __future__ import annotations

from enum import IntEnum


class Priority(IntEnum):
    """The order in which waiting writes get the ledger; a smaller number comes first."""

    URGENT = 0
    """Posts, decisions, drafts, the timeline, planning: a person or the public waits for it."""

    NORMAL = 1
    """The batches of a broadcast."""

    BULK = 2
    """Events of providers, imports: many rows, and nobody waits for one of them."""
