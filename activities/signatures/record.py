"""The record: incidents and their timeline in the ledger."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Nothing, Signature
from domain.explanation import Explanation
from domain.ids import AudienceName, Slug
from domain.ledger import KnownLedger
from domain.model import Value
from domain.playbook import Playbook
from domain.timeline import TimelineEntry

LARGEST_SNAPSHOT = 1_000_000
"""Characters of a snapshot that still fit into what Temporal takes as one argument."""

TOO_LARGE = "too large"
"""In the place of a snapshot that does not: an older one must not be taken for it."""


class RegisterIncident(Value):
    """Enter an incident in the ledger, with its plan for the case that Temporal is lost."""

    incident: Slug
    title: str
    playbook: str
    audiences: tuple[AudienceName, ...]
    opened_at: datetime
    plan: Playbook | None = None


class CloseIncident(Value):
    """Mark an incident closed in the ledger."""

    incident: Slug
    at: datetime


class RecordTimeline(Value):
    """Append entries to the ledger's timeline; those that are there already are left alone.

    ``snapshot`` is the JSON of the incident's state after them, without its plan: the incident can
    be started again from it.
    """

    incident: Slug
    entries: tuple[TimelineEntry, ...]
    known: KnownLedger = KnownLedger()
    snapshot: str = ""


class Recorded(Value):
    """Which ledger has it, and why nothing may go out from it, if that is so."""

    generation: str = ""
    behind: Explanation | None = None


REGISTER_INCIDENT = Signature("register_incident", RegisterIncident, Nothing)
CLOSE_INCIDENT = Signature("close_incident", CloseIncident, Nothing)
RECORD_TIMELINE = Signature("record_timeline", RecordTimeline, Recorded)
