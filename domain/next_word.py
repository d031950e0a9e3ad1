"""By when an incident's public should hear from us, and what to promise."""

from __future__ import annotations

from datetime import datetime

from domain import cadence
from domain.incident import IncidentState
from domain.message import MessageKind
from domain.promise_clock import open_promises
from domain.stage import Stage


def next_word_by(incident: IncidentState) -> datetime | None:
    """By when the public should hear from us again; None once it is resolved, or closed.

    What was promised, the earliest first; without a promise, the cadence of the severity.
    """
    if incident.severity is None or incident.stage is Stage.CLOSED:
        return None
    promised = open_promises(incident.promises)
    if promised:
        return promised[0].due
    if not incident.words:
        if incident.watched_from:
            return None
        return cadence.first_word_by(incident.severity, incident.opened_at)
    if incident.has_told(MessageKind.RESOLUTION_NOTE):
        return None
    words = incident.words
    return cadence.next_word_by(incident.severity, min(words), max(words), len(words))


def suggested_promise(incident: IncidentState, now: datetime) -> datetime | None:
    """What a message that goes out about ``now`` should promise; None once it is resolved."""
    if incident.severity is None or incident.has_told(MessageKind.RESOLUTION_NOTE):
        return None
    first = min(incident.words, default=None)
    return cadence.suggested_promise(incident.severity, now, first, len(incident.words))
