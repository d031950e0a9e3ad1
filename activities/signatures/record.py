"""The record: incidents and their timeline in the ledger."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Nothing, Signature
from domain.ids import AudienceName, Slug
from domain.model import Value
from domain.timeline import TimelineEntry


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
    """Append entries to the ledger's timeline; those that are there already are left alone."""

    incident: Slug
    entries: tuple[TimelineEntry, ...]


REGISTER_INCIDENT = Signature("register_incident", RegisterIncident, Nothing)
CLOSE_INCIDENT = Signature("close_incident", CloseIncident, Nothing)
RECORD_TIMELINE = Signature("record_timeline", RecordTimeline, Nothing)
