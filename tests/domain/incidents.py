"""An incident of the shipped playbook, and messages in it."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.actor import Actor
from domain.gate import Gate
from domain.incident import IncidentState
from domain.message import MessageKind
from domain.message_state import MessagePhase, MessageState
from domain.publication import Destination, Outcome, PublicationState

NOW = datetime(2013, 10, 26, 14, 5, tzinfo=UTC)
ALL = ("email", "twitter", "facebook")
MAYA, MALLORY = Actor(person="maya"), Actor(person="mallory")

DESTINATIONS = (
    Destination(channel="email", audience="customers"),
    Destination(channel="twitter"),
    Destination(channel="facebook"),
)


def add(
    incident: IncidentState,
    kind: MessageKind,
    *reached: str,
    phase: MessagePhase = MessagePhase.WAITING,
    **states: PublicationState,
) -> MessageState:
    number = len(incident.messages) + 1
    message = MessageState(
        number=number,
        kind=kind,
        ordinal=1,
        revision=1,
        author="maya",
        proposed_at=NOW,
        gate=Gate(policy=incident.plan.messages[kind].gate, digest=f"{number:064x}", author="maya"),
        destinations=DESTINATIONS,
        phase=phase,
    )
    for name, state in states.items():
        message.enter(Outcome.at(message.destination(name), state))
    for channel in reached:
        message.reach(message.destination(channel))
    incident.messages.append(message)
    return message


def tell(incident: IncidentState, kind: MessageKind) -> MessageState:
    return add(incident, kind, *ALL, phase=MessagePhase.SETTLED)
