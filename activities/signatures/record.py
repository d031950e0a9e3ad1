"""The record: incidents and their timeline in the ledger."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Nothing, Signature
from domain.ids import AudienceName, Slug
from domain.model import Value
from domain.timeline import RecordHead, TimelineEntry


class RegisterIncident(Value):
    """Enter an incident in the ledger, or the audiences of one that is there.

    ``run`` is the first run of its workflow: an incident of another is another one, and its name is
    used up, unless this one was ``recovered`` from it.
    """

    incident: Slug
    title: str
    playbook: str
    audiences: tuple[AudienceName, ...]
    opened_at: datetime
    run: str = ""
    recovered: bool = False


class CloseIncident(Value):
    """Mark an incident closed in the ledger."""

    incident: Slug
    at: datetime


class RecordTimeline(Value):
    """Append entries to the ledger's timeline; those that are there already are left alone.

    ``confirmed`` is the end of the record as the ledger was last known to have it.
    """

    incident: Slug
    entries: tuple[TimelineEntry, ...]
    confirmed: RecordHead = RecordHead()


class TimelineRecorded(Value):
    """What the ledger has now: ``head`` is the end of the record.

    Nothing was appended if it is ``behind``, lacking entries that it had, or if it has other
    content or a gap at ``diverges_at``: then the recording goes on in ``next_branch``.
    """

    head: RecordHead = RecordHead()
    behind: bool = False
    diverges_at: int | None = None
    next_branch: int = 1


REGISTER_INCIDENT = Signature("register_incident", RegisterIncident, Nothing)
CLOSE_INCIDENT = Signature("close_incident", CloseIncident, Nothing)
RECORD_TIMELINE = Signature("record_timeline", RecordTimeline, TimelineRecorded)
