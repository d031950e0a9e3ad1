"""Going round: what is due is done, again and again, until nothing waits or for good.

The ledger has all that is done; the history has the name of whatever it is done for, and times.
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
            await wait_for(again_in, lambda: self._asked)
            if workflow.info().is_continue_as_new_suggested() and not self._asked:
                return


class UntilNothingWaits:
    """Goes round until a round says that nothing waits, and nobody has said otherwise since."""

    def __init__(self) -> None:
        self._heard = 0

    def hear(self) -> None:
        """Something may be due now, whatever was said."""
        self._heard += 1

    async def go(self, a_round: Callable[[], Awaitable[float | None]]) -> bool:
        """Whether something is left for a run that goes on as new; false once nothing waits.

        ``a_round`` returns the seconds to the next one, None if nothing waits.
        """
        while True:
            heard = self._heard
            again_in = await a_round()
            if self._heard == heard:
                if again_in is None:
                    return False
                await self._wait(heard, again_in)
            if workflow.info().is_continue_as_new_suggested():
                return True

    async def _wait(self, heard: int, seconds: float) -> None:
        await wait_for(seconds, lambda: self._heard != heard)


async def wait_for(seconds: float, called: Callable[[], bool]) -> None:
    """Wait so long, or until ``called`` is true."""
    if not seconds:
        return
    try:
        await workflow.wait_condition(called, timeout=seconds)
    except TimeoutError:
        return
