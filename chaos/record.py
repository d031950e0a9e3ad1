"""What the people of a round did and saw: signatures, withdrawals, refusals."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass
class Record:
    """Filled while a round is played.

    ``signed``: who approved which digest. ``withdrawn``: when (seconds since 1970) nothing of a
    withdrawn message was under way any more. ``counted``: decisions that had to be refused and
    were not. ``struck``: how often each fault struck. ``skipped``: those that could not, and why.
    """

    signed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    withdrawn: dict[int, float] = field(default_factory=dict)
    counted: list[str] = field(default_factory=list)
    refused: int = 0
    settled_by_hand: int = 0
    retried: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)
    events_troubled: bool = False
    """Whether events of mail can have been lost or late, so that the policy may send again."""
    unknown_replies: list[str] = field(default_factory=list)
    """Replies that the ledger gave up looking for, though both platforms show all of them."""
    said: list[str] = field(default_factory=list)
