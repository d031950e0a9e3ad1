"""Going round: what is due on an account is done, again and again, for as long as it is configured.

The ledger has all that is done there; the history has the account's name, and times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

AFTER_A_FAILURE = timedelta(minutes=1).total_seconds()


class Rounds:
    """Does a round, waits until the next one is due or somebody asks, and so on."""

    def __init__(self) -> None:
        self._asked = False

    def ask(self) -> None:
        """Have the next round begin at once."""
        self._asked = True

    async def go(self, a_round: Callable[[bool], Awaitable[float]]) -> None:
        """Go round until it is time to continue as new.

        ``a_round`` is told whether somebody asked for it, and returns the seconds to the next one.
        """
        while True:
            asked, self._asked = self._asked, False
            try:
                again_in = await a_round(asked)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                # The worker's log has the reason, and the ledger since when nothing was done.
                again_in = AFTER_A_FAILURE
            if workflow.cancellation_reason() is not None:
                # A round that was under way is waited for, and its end hides that we are to end.
                raise asyncio.CancelledError
            await self._wait(again_in)
            if workflow.info().is_continue_as_new_suggested() and not self._asked:
                return

    async def _wait(self, seconds: float) -> None:
        if not seconds:
            return
        try:
            await workflow.wait_condition(lambda: self._asked, timeout=seconds)
        except TimeoutError:
            return
