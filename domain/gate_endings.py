"""Why nobody has to be asked about a revision any more."""

from __future__ import annotations

from datetime import datetime

from domain.escalation import Ending, Escalation
from domain.gate import Gate, GateState
from domain.incident import IncidentState


def ending_of(state: IncidentState, asked: Escalation, now: datetime) -> Ending:
    """How the waiting of that revision at its gate ended, and who ended it."""
    for one in state.messages:
        if one.number != asked.message:
            continue
        if one.revision != asked.revision:
            return Ending(ending="revised", at=one.proposed_at, by=one.author)
        if one.gate.state in (GateState.OPEN, GateState.REJECTED):
            return _decided(one.gate, now)
        if one.gate.state is GateState.EXPIRED:
            return Ending(ending="expired", at=one.gate.expires_at or now)
        if one.phase.called_off:
            return Ending(ending=str(one.phase), at=now)
    return Ending(ending="closed", at=state.closed_at or now)


def _decided(gate: Gate, now: datetime) -> Ending:
    decisions = gate.overrides if gate.broken else gate.decisions
    if not decisions:
        return Ending(ending=str(gate.state), at=now)
    word = "rejected" if gate.state is GateState.REJECTED else "approved"
    policy = " out of policy" if gate.broken else ""
    last = decisions[-1]
    return Ending(ending=f"{word}{policy}", at=last.at, by=last.actor.person)
