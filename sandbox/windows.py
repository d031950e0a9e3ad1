"""Counts calls in fixed windows, the way X and SendGrid limit their users."""

from __future__ import annotations


class Window:
    """So many calls in so many seconds; the count starts anew when the window has passed.

    Kept in memory: a restarted sandbox forgets how much was used, which only makes it kinder.
    """

    def __init__(self) -> None:
        self._opened = float("-inf")
        self.used = 0

    def take(self, now: float, limit: int, seconds: float) -> bool:
        """Count one call; False when the window is used up (and the call is not counted)."""
        self._turn(now, seconds)
        if self.used >= limit:
            return False
        self.used += 1
        return True

    def is_open(self, now: float, limit: int, seconds: float) -> bool:
        """Whether one more call would be let through, without counting it."""
        self._turn(now, seconds)
        return self.used < limit

    def reset_at(self, seconds: float) -> int:
        """When the window ends, in unix seconds."""
        return int(self._opened + seconds) + 1

    def _turn(self, now: float, seconds: float) -> None:
        if now >= self._opened + seconds:
            self._opened = now
            self.used = 0
