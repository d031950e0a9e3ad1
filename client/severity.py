"""The severity of an incident: how bad it is, and with that how fast people are asked."""

from __future__ import annotations

from client.asking import tell
from client.engine import Engine
from domain.actor import Actor
from domain.limits import REASON_LIMIT
from domain.public_text import refuse_unfit
from domain.severity import Severity
from domain.status import IncidentStatus
from workflows.contract.lifecycle import SetSeverity


async def set_severity(
    engine: Engine, slug: str, severity: Severity, *, actor: Actor, reason: str
) -> IncidentStatus:
    """Say that an incident is worse, or less bad, than was thought.

    Raises ``DomainError`` without a reason, and if it has that severity already.
    """
    refuse_unfit(reason, "The reason", REASON_LIMIT)
    chosen = SetSeverity(severity=severity, actor=actor, reason=reason.strip())
    return await tell(engine, slug, "set_severity", chosen, IncidentStatus)
