"""How near a run is to what the server bears, so that it continues as new long before that.

Temporal ends a workflow whose history has 51,200 events or 50 MB, and takes from one run at most
10,000 signals (3,000 on the servers that we configure) and 2,000 updates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow


@dataclass(frozen=True)
class Limits:
    """What one run takes before it continues as new; sizes in bytes."""

    events: int = 4_000
    size: int = 2_000_000
    signals: int = 1_000
    updates: int = 500


LIMITS = Limits()

CALM, FEW = timedelta(milliseconds=300), 5
"""The pause in which at most so many signals arrive when a flood of them is over."""


class Ceilings:
    """Counts what this run has taken so far."""

    def __init__(self) -> None:
        self.signals = 0
        self.updates = 0
        self._near = False

    def near(self) -> bool:
        """Whether it is time to continue as new."""
        return self._near

    async def watch(self) -> None:
        """Notice that it is time, for as long as the run lives.

        Not in the middle of a flood: the server fails a workflow task that continues as new if
        something has arrived meanwhile, waits longer each time, and has the whole run gone through
        again. At the ceiling it takes no more signals, and then there is a pause. Updates do not
        disturb: the server hands those that nobody has taken to the next run.
        """
        await workflow.wait_condition(
            lambda: self._taken(1.0) or workflow.info().is_continue_as_new_suggested()
        )
        while not self._near:
            before = self.signals
            await workflow.sleep(CALM)
            # Large signals fill a history long before there are many: that cannot wait.
            full = workflow.info().get_current_history_size() > LIMITS.size
            self._near = full or self.signals - before <= FEW

    def pressing(self) -> bool:
        """Whether requests have kept it from continuing, so that none may begin that takes time.

        Signals do not: the pause after a flood of them comes at the ceiling at the latest.
        """
        return self._taken(1.5, signals=False)

    def _taken(self, share: float, *, signals: bool = True) -> bool:
        info = workflow.info()
        return (
            info.get_current_history_length() > LIMITS.events * share
            or info.get_current_history_size() > LIMITS.size * share
            or (signals and self.signals > LIMITS.signals * share)
            or self.updates > LIMITS.updates * share
        )
