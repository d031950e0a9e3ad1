"""The record: incidents and their timeline in the ledger."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Nothing, Signature
from domain.explanation import Explanation
from domain.ids import AudienceName, Slug
from domain.ledger import KnownLedger
from domain.model import Value
from domain.playbook import Playbook
from domain.stopping import Stop
from domain.timeline import RecordHead, TimelineEntry

LARGEST_SNAPSHOT = 1_000_000
"""Characters of a snapshot that still fit into what Temporal takes as one argument."""

TOO_LARGE = "too large"
"""In the place of a snapshot that does not: an older one must not be taken for it."""


class RegisterIncident(Value):
    """Enter an incident in the ledger, or the audiences of one that is there.

    ``run`` is the first run of its workflow: an incident of another is another one, and its name is
    used up, unless this one was ``recovered`` from it. The ``plan`` is kept for the case that
    Temporal is lost.
    """

    incident: Slug
    title: str
    playbook: str
    audiences: tuple[AudienceName, ...]
    opened_at: datetime
    run: str = ""
    recovered: bool = False
    plan: Playbook | None = None


class CloseIncident(Value):
    """Mark an incident closed in the ledger."""

    incident: Slug
    at: datetime


class ReadStops(Value):
    """Read when everything of the incident was stopped, and by whom it was resumed.

    ``since`` is the beginning of the newest stop that is known; None before the first.
    """

    incident: Slug
    since: datetime | None = None


class StopsRead(Value):
    """The stops since then, that one included, in order."""

    stops: tuple[Stop, ...] = ()


class CheckCoverage(Value):
    """Refuse, with an explanation, while a mention of the incident is open."""

    incident: Slug


class RecordTimeline(Value):
    """Append entries to the ledger's timeline; those that are there already are left alone.

    ``known`` has the end of the record as the ledger was last known to have it. ``snapshot`` is the
    JSON of the incident's state after them, without its plan: it can be started again from that.
    ``told`` are the numbers of the messages that have reached their quorum, and ``waiting`` of
    those that wait at their gates.
    """

    incident: Slug
    entries: tuple[TimelineEntry, ...]
    known: KnownLedger = KnownLedger()
    snapshot: str = ""
    told: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()


class TimelineRecorded(Value):
    """What the ledger has now: ``head`` is the end of the record, ``generation`` names the ledger.

    Nothing was appended if it is ``behind``, lacking entries that it had, or if it has other
    content or a gap at ``diverges_at``: then the recording goes on in ``next_branch``. ``locked``
    is why nothing may go out from it, if that is so. ``entries`` are those that it took, word for
    word: a run that is gone through again may make one a little different.
    """

    head: RecordHead = RecordHead()
    behind: bool = False
    diverges_at: int | None = None
    next_branch: int = 1
    generation: str = ""
    locked: Explanation | None = None
    entries: tuple[TimelineEntry, ...] = ()


REGISTER_INCIDENT = Signature("register_incident", RegisterIncident, Nothing)
CLOSE_INCIDENT = Signature("close_incident", CloseIncident, Nothing)
RECORD_TIMELINE = Signature("record_timeline", RecordTimeline, TimelineRecorded)
READ_STOPS = Signature("read_stops", ReadStops, StopsRead)
CHECK_COVERAGE = Signature("check_coverage", CheckCoverage, Nothing)
