"""How a response stands: what an incident answers when it is asked."""

from __future__ import annotations

from datetime import datetime

from domain.gate import Decision, GateState
from domain.ids import Slug
from domain.incident import MessagePhase
from domain.message import MessageKind
from domain.model import Value
from domain.publication import Outcome
from domain.stage import Stage


class MessageStatus(Value):
    """One message, for a person deciding what to do next; ``direct`` are its channels of mail."""

    number: int
    kind: MessageKind
    revision: int
    author: str
    proposed_at: datetime
    digest: str
    phase: MessagePhase
    gate: GateState
    missing: str
    decisions: tuple[Decision, ...]
    approved_at: datetime | None
    told: bool
    audience_count: int
    codes_worth: str | None
    outcomes: tuple[Outcome, ...]
    direct: tuple[str, ...] = ()


class IncidentStatus(Value):
    """Where the response stands."""

    incident: Slug
    title: str
    stage: Stage
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    audience: str | None
    playbook: str
    facts: str | None
    facts_filled: tuple[str, ...]
    messages: tuple[MessageStatus, ...]


class Decided(Value):
    """What a decision came to."""

    message: int
    gate: GateState
    missing: str
