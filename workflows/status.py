"""An incident's state as the answer to ``status``."""

from __future__ import annotations

from domain.incident import IncidentState, MessageState
from domain.publication import Outcome, PublicationState
from domain.status import IncidentStatus, MessageStatus


def message_status(state: IncidentState, message: MessageState) -> MessageStatus:
    """One message, for a person deciding what to do next."""
    return MessageStatus(
        number=message.number,
        kind=message.kind,
        revision=message.revision,
        author=message.author,
        proposed_at=message.proposed_at,
        digest=message.digest,
        phase=message.phase,
        gate=message.gate.state,
        missing=message.gate.missing(),
        decisions=message.gate.decisions,
        approved_at=message.approved_at,
        told=state.told(message),
        audience_count=message.audience_count,
        codes_worth=message.codes_worth,
        outcomes=tuple(
            message.outcomes.get(name) or Outcome(channel=name, state=PublicationState.PLANNED)
            for name in message.channels
        ),
        direct=tuple(message.direct),
    )


def incident_status(state: IncidentState) -> IncidentStatus:
    """The whole incident."""
    return IncidentStatus(
        incident=state.incident,
        title=state.title,
        stage=state.stage,
        opened_by=state.opened_by,
        opened_at=state.opened_at,
        closed_at=state.closed_at,
        audience=state.audience,
        playbook=state.plan.name,
        facts=state.facts,
        facts_filled=state.facts_filled,
        messages=tuple(message_status(state, one) for one in state.messages),
    )
