"""Everything of an incident stopped by a person: nothing goes out for it until somebody resumes it.

Unlike a lock, which the ledger puts on an incident of which it has forgotten something, a stop is
wanted, and it is ended by a person's word alone.
"""

from __future__ import annotations

from datetime import datetime

from domain.actor import Actor
from domain.explanation import Action, Explanation, NextStep
from domain.ids import Slug
from domain.model import Value
from domain.times import show_moment


class Stop(Value):
    """Since when everything is stopped, by whom and why; ``ended_at`` is None while it is."""

    id: str
    incident: Slug
    at: datetime
    by: Actor
    reason: str = ""
    ended_at: datetime | None = None
    ended_by: Actor | None = None

    @property
    def in_force(self) -> bool:
        """Whether it still keeps everything back."""
        return self.ended_at is None

    def explanation(self) -> Explanation:
        """What is told wherever something does not go out because of it."""
        why = f": {self.reason.rstrip('.')}." if self.reason else "."
        return Explanation(
            what=f"Everything was stopped by {self.by.person}, {show_moment(self.at)}{why}",
            means="What is signed meanwhile counts, and goes out once it is resumed.",
            next_step=NextStep(action=Action.RESUME_ALL, incident=self.incident),
        )
