"""What a round of replies learns of its account."""

from __future__ import annotations

from datetime import datetime

from activities.backoff import wait_for
from channels.contract import Throttled, Unreachable
from domain.explanation import Explanation


class Account:
    """What one round learns of the account: why it has to stop, and until when."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self.why = Explanation(what="")
        self.limit = False
        self.accepted = 0

    def stop(self, until: datetime, why: Explanation, *, limit: bool = False) -> None:
        """Send nothing before ``until``: the latest time that was named counts.

        ``limit``: the provider named it, so nothing that a person does makes it sooner.
        """
        if self.until is None or until > self.until:
            self.until, self.why, self.limit = until, why, limit

    def hold(self, error: Unreachable | Throttled, now: datetime) -> None:
        """Stop for as long as the provider's answer says, or one attempt's wait."""
        limit = isinstance(error, Throttled)
        self.stop(now + wait_for(error, 1, now), error.explanation, limit=limit)
