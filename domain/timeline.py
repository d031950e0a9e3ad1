"""The timeline: what happened in an incident, entry by entry."""

from __future__ import annotations

from domain.actor import AuthenticatedBy, Surface
from domain.model import Value
from domain.times import UtcTime


class TimelineEntry(Value):
    """One thing that happened: number, time, past participle, who, and about what.

    ``who`` is a person of the roster, a channel or ``frontfoot`` itself. Of a person, ``surface``
    and ``authenticated_by`` say where they did it and what proved who they are.
    """

    seq: int
    at: UtcTime
    what: str
    who: str
    surface: Surface | None = None
    authenticated_by: AuthenticatedBy | None = None
    about: str = ""
