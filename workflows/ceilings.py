"""How near a run is to what the server bears, so that it continues as new long before that.

Temporal ends a workflow whose history has 51,200 events or 50 MB, and takes from one run at most
10,000 signals (3,000 on the servers that we configure) and 2,000 updates.
"""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import workflow


@dataclass(frozen=True)
class Limits:
    """What one run takes before it continues as new; sizes in bytes."""

    events: int = 4_000
    size: int = 2_000_000
    signals: int = 1_000
    updates: int = 500


LIMITS = Limits()


class Ceilings:
    """Counts what this run has taken so far."""

    def __init__(self) -> None:
        self.signals = 0
        self.updates = 0

    def near(self) -> bool:
        """Whether it is time to continue as new."""
        return self._taken(1.0) or workflow.info().is_continue_as_new_suggested()

    def pressing(self) -> bool:
        """Whether it could not continue so far, so that nothing may be begun that takes time."""
        return self._taken(1.5)

    def _taken(self, share: float) -> bool:
        info = workflow.info()
        return (
            info.get_current_history_length() > LIMITS.events * share
            or info.get_current_history_size() > LIMITS.size * share
            or self.signals > LIMITS.signals * share
            or self.updates > LIMITS.updates * share
        )
