"""Entries of one kind that anybody can cause: the first few in an hour count, the rest is a number.

Whoever reaches Temporal can send signals, and each used to become an entry of the record.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel

PER_HOUR = 20
"""The entries of one kind and one author that are made in an hour; the rest are counted."""

KINDS_KEPT = 50
"""How many kinds are told apart in an hour; all others together are one."""

HOUR = timedelta(hours=1)


class Noise(BaseModel):
    """The entries of one kind in the hour that began at ``since``: made, and left out."""

    since: datetime
    entered: int = 0
    left_out: int = 0

    def over_at(self) -> datetime:
        """When its hour is over."""
        return self.since + HOUR


def may_enter(kinds: dict[str, Noise], kind: str, now: datetime) -> bool:
    """Whether one more entry of ``kind`` is made now; one that is not is counted."""
    for old in [one for one, noise in kinds.items() if noise.over_at() <= now]:
        if not kinds[old].left_out:
            del kinds[old]
    if kind not in kinds and len(kinds) >= KINDS_KEPT:
        kind = ""
    noise = kinds.setdefault(kind, Noise(since=now))
    if noise.entered < PER_HOUR:
        noise.entered += 1
        return True
    noise.left_out += 1
    return False


def take_over(kinds: dict[str, Noise], now: datetime) -> list[tuple[str, Noise]]:
    """Take out the kinds whose hour is over, and return those of which entries were left out."""
    over = [(kind, noise) for kind, noise in kinds.items() if noise.over_at() <= now]
    for kind, _ in over:
        del kinds[kind]
    return [(kind, noise) for kind, noise in over if noise.left_out]
