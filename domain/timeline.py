"""The timeline: what happened in an incident, one entry after the other."""

from __future__ import annotations

from domain.actor import AuthenticatedBy, Surface
from domain.model import Value
from domain.times import UtcTime


class TimelineEntry(Value):
    """One thing that happened: number, time, past participle, who, and about what.

    ``who`` is a person of the roster, a channel or ``frontfoot`` itself; of a person it says where
    they spoke, and what showed that it was them.
    """

    seq: int
    at: UtcTime
    what: str
    who: str
    surface: Surface | None = None
    authenticated_by: AuthenticatedBy | None = None
    about: str = ""
