"""The record: incidents and their timeline in the ledger."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Nothing, Signature
from domain.ids import AudienceName, Slug
from domain.model import Value
from domain.timeline import TimelineEntry


class RegisterIncident(Value):
    """Enter an incident in the ledger."""

    incident: Slug
    title: str
    playbook: str
    audiences: tuple[AudienceName, ...]
    opened_at: datetime


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
