"""Opening an incident, joining it, and how it goes on: severity, audiences, stages, closing."""

from __future__ import annotations

from domain.actor import Actor
from domain.explanation import Explanation
from domain.ids import AudienceName, Slug
from domain.incident import IncidentState
from domain.ledger import KnownLedger
from domain.model import Value
from domain.playbook import Playbook
from domain.severity import Severity
from domain.stage import Stage
from domain.timeline import TimelineEntry


class OpenIncident(Value):
    """Open an incident with a snapshot of its plan.

    ``templates`` is the digest of the playbook's files in the ledger. ``carried`` is this
    workflow's own state, when it continues as new, and ``registered`` whether the ledger has the
    incident. ``known`` is what the ledger has of it, and ``behind`` why it may not be used, if it
    has less. ``recovered``: it was open and its workflow was lost. It takes its name over, goes on
    from ``carried``, and believes the ledger about everything that was under way. Without
    ``severity`` it was opened before there were any: nobody is reminded, and no promise is watched.
    """

    incident: Slug
    title: str
    opened_by: Actor
    plan: Playbook
    templates: str
    audiences: tuple[AudienceName, ...] = ()
    severity: Severity | None = None
    carried: IncidentState | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    recorded: int = 0
    known: KnownLedger = KnownLedger()
    behind: Explanation | None = None
    registered: bool = False
    recovered: bool = False


class Join(Value):
    """Join an incident, opening it if necessary: the update of update-with-start."""

    actor: Actor


class SetSeverity(Value):
    """Say how bad the incident is, and why that has changed."""

    severity: Severity
    actor: Actor
    reason: str = ""


class SetAudiences(Value):
    """Choose who gets the mail, in place of the audiences so far; only while nothing has begun."""

    audiences: tuple[AudienceName, ...]
    actor: Actor


class Advance(Value):
    """Move to another stage."""

    to: Stage
    actor: Actor


class Close(Value):
    """Close the incident; ``waive`` is the written reason for closing with something open."""

    actor: Actor
    waive: str = ""
