"""The timeline: what happened in an incident, one entry after the other."""

from __future__ import annotations

from domain.model import Value
from domain.times import UtcTime


class TimelineEntry(Value):
    """One thing that happened: number, time, past participle, who, and about what."""

    seq: int
    at: UtcTime
    what: str
    who: str
    about: str = ""
