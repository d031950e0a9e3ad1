"""Claims: who is at a mention just now, so that two people do not answer the same one."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.model import Value
from domain.times import UtcTime

LEASE = timedelta(minutes=3)
"""How long a claim holds unless it is renewed: somebody who has left keeps nobody from it."""

LONGEST_DRAFT = 10_000
"""Characters of a draft; the longest replies of the networks are shorter."""


class Claim(Value):
    """Who has claimed a mention: ``by`` whom, since when, and until when it holds."""

    by: str
    since: UtcTime
    until: UtcTime

    def holds(self, now: datetime) -> bool:
        """Whether its lease is not over."""
        return now < self.until


class Draft(Value):
    """A reply as typed so far, by whom and when. It stays when the claim is over."""

    text: str
    by: str
    at: UtcTime
