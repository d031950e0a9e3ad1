"""The timeline: what happened in an incident, entry by entry."""

from __future__ import annotations

from domain.actor import AuthenticatedBy, Surface
from domain.model import Value
from domain.times import UtcTime

OPENED, CLOSED = "opened", "closed"
BRANCHED = "record branched"
"""The first entry of every branch after the first: it says why there is another."""

RESTORED = "record completed"
"""The ledger had lost entries that it had confirmed, and the incident entered them again."""


class TimelineEntry(Value):
    """One thing that happened: number, time, past participle, who, and about what.

    ``who`` is a person of the roster, a channel or ``frontfoot`` itself. Of a person, ``surface``
    and ``authenticated_by`` say where they did it and what proved who they are. ``branch`` counts
    from 1: an incident whose ledger has other entries under its numbers goes on in another one.
    """

    seq: int
    at: UtcTime
    what: str
    who: str
    surface: Surface | None = None
    authenticated_by: AuthenticatedBy | None = None
    about: str = ""
    branch: int = 1


class RecordHead(Value):
    """The end of a record: how many entries it has in all branches, and the last one's seal.

    ``key`` is the fingerprint of the key that sealed it.
    """

    entries: int = 0
    hash: str = ""
    seal: str = ""
    key: str = ""
