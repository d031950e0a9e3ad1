"""The wait between two attempts at a post: for the provider's limit, or for who holds it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.posts import PublicationStatus
    from workflows.contract.publications import PostRun

SOONEST = timedelta(seconds=1)
"""The shortest wait that is worth telling, and the shortest that an attempt may be given."""


class PostWaiting:
    """When the next attempt is due. ``in_a_row`` is how many were put off without one between."""

    def __init__(self, run: PostRun, fresh_until: datetime | None) -> None:
        self.in_a_row = run.in_a_row
        self.until = run.wait_until
        self._fresh_until = fresh_until
        self.held = self._go_on = False

    def go_on(self) -> None:
        """Cut the wait of a held publication short."""
        self._go_on = True

    def begin(self) -> None:
        """An attempt begins: what was said before it counts no more."""
        self._go_on = False

    def count(self, status: PublicationStatus) -> None:
        """Count how an attempt ended."""
        if status.held is not self.held:
            self.held, self.in_a_row = status.held, 0
        self.in_a_row = self.in_a_row + 1 if status.again_after is not None else 0

    def put_off(self, wait: timedelta) -> timedelta:
        """Note when the next attempt is due; returns the wait, shortened to what is still fresh."""
        if not self.held and (fresh := self.fresh_for()) is not None:
            wait = min(wait, fresh)
        self.until = workflow.now() + wait
        return wait

    async def wait(self, until: datetime, cut_short: Callable[[], bool]) -> bool:
        """Wait for the next attempt; True if the wait was cut short, or the hold has ended."""
        left = until - workflow.now()
        try:
            await workflow.wait_condition(
                lambda: cut_short() or self._resumed(), timeout=max(left, timedelta())
            )
        except TimeoutError:
            self.until = None
            return False
        if self._resumed():
            self.until = None
        return True

    def fresh_for(self) -> timedelta | None:
        """For how long an attempt may still begin; None if for ever."""
        if self._fresh_until is None:
            return None
        return max(self._fresh_until - workflow.now(), SOONEST)

    def _resumed(self) -> bool:
        return self.held and self._go_on
