"""Incidents as the API shows them: in a list, and with all of their messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from client.incident_view import IncidentView
from client.incidents import (
    ListedIncident,
)
from client.next_steps import next_steps
from domain.status import IncidentStatus
from surfaces.api.message_shapes import Message, kept_message, shown_message
from surfaces.api.shapes import (
    Shown,
    Step,
    StopShown,
    Time,
    Told,
)


class IncidentListed(Shown):
    """An incident of the list."""

    slug: str
    title: str
    playbook: str
    audiences: list[str]
    opened_at: Time
    closed_at: Time | None


class Incident(Shown):
    """An incident with its messages, as it was at `as_of`.

    Without `live` it is what the ledger alone has, because Temporal does not answer: no stage, and
    no message says whether it was approved. `why` tells.
    """

    slug: str
    title: str
    playbook: str
    audiences: list[str]
    opened_at: Time
    opened_by: str | None
    closed_at: Time | None
    stage: Literal["identify", "acknowledge", "assure", "resolve", "make_good", "closed"] | None
    severity: Literal[1, 2, 3] | None = Field(description="1 is the worst.")
    next_word_by: Time | None = Field(
        description="By when the public should hear from us again: promised, or by the cadence."
    )
    suggested_promise: Time | None = Field(
        description="What a message that goes out now should promise as the time of the next."
    )
    facts: list[str] | None = Field(description="The names of the facts that are known.")
    stopped: StopShown | None
    locked: Told | None = Field(description="Why nothing goes out until the ledger is recovered.")
    messages: list[Message]
    next_steps: list[Step]
    notices: list[Told]
    as_of: Time
    live: bool
    why: Told | None


def shown_status(status: IncidentStatus) -> Incident:
    """An incident as it has just answered."""
    return _of_status(status, [])


def listed_incident(one: ListedIncident) -> IncidentListed:
    return IncidentListed(**one.model_dump(include=set(IncidentListed.model_fields)))


def shown_incident(seen: IncidentView) -> Incident:
    if seen.look is not None:
        notices = [Told.of(one) for one in seen.look.notices]
        shown = _of_status(seen.look.status, notices, over=seen.look.over)
        return shown.model_copy(update={"as_of": seen.at})
    assert seen.ledger is not None, "a view has one of the two"
    row, stop = seen.ledger.row, seen.ledger.stopped
    return Incident(
        slug=row.slug,
        title=row.title,
        playbook=row.playbook,
        audiences=list(row.audiences),
        opened_at=row.opened_at,
        opened_by=None,
        closed_at=row.closed_at,
        stage=None if row.closed_at is None else "closed",
        severity=None,
        next_word_by=None,
        suggested_promise=None,
        facts=None,
        stopped=StopShown.of(stop) if stop else None,
        locked=None,
        messages=[kept_message(one) for one in seen.ledger.messages],
        next_steps=[],
        notices=[],
        as_of=seen.at,
        live=False,
        why=Told.of(seen.why) if seen.why else None,
    )


def _of_status(status: IncidentStatus, notices: list[Told], *, over: bool = False) -> Incident:
    steps = [] if over else [Step.of(one) for one in next_steps(status)]
    return Incident(
        slug=status.incident,
        title=status.title,
        playbook=status.playbook,
        audiences=list(status.audiences),
        opened_at=status.opened_at,
        opened_by=status.opened_by.person,
        closed_at=status.closed_at,
        stage=status.stage.value,
        severity=None if status.severity is None else status.severity.value,
        next_word_by=status.next_word_by,
        suggested_promise=status.suggested_promise,
        facts=list(status.facts_filled),
        stopped=StopShown.of(status.stopped) if status.stopped else None,
        locked=Told.of(status.locked) if status.locked else None,
        messages=[shown_message(status.incident, one) for one in status.messages],
        next_steps=[one for one in steps if one is not None],
        notices=notices,
        as_of=datetime.now(UTC),
        live=True,
        why=None,
    )
