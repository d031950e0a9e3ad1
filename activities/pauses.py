"""Noticing that this process was stopped for so long that others may have taken over its work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic

from temporalio import activity

from channels.contract import Unreachable

_UNTIL_GIVEN_UP = timedelta(seconds=10)
"""For an activity without a heartbeat's time-out of its own."""

_SHARE = 0.8
"""The rest of the time is for the request to leave us."""


class Pause:
    """Made before an attempt takes its row, checked immediately before the wire.

    A machine can be suspended between the two for minutes. Then the server has given up the
    attempt, a look has found nothing, and a withdrawal may have been answered: the request must not
    go out. Nothing can close the last gap between this check and the wire.
    """

    def __init__(self) -> None:
        self._wall = datetime.now(UTC)
        self._steady = monotonic()

    def refuse_late_start(self) -> None:
        """Raise ``Unreachable`` (nothing went out, try again) if others may have taken over."""
        limit = _SHARE * (activity.info().heartbeat_timeout or _UNTIL_GIVEN_UP)
        # Neither clock is enough: one stops while a machine sleeps, the other may be set back.
        steady = timedelta(seconds=monotonic() - self._steady)
        gone = max(steady, datetime.now(UTC) - self._wall)
        if gone > limit:
            raise Unreachable(
                f"This worker was stopped for {gone.total_seconds():.0f} s before it could send; "
                "nothing went out.",
                "It is tried again; if it goes on, look at the load of this machine.",
            )
