"""How an incident goes on: its stages, its audiences, its end."""

from __future__ import annotations

from datetime import datetime

from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.incident import IncidentState
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.promise_clock import PromiseState, open_promises
from domain.stage import Stage, refuse_move
from domain.times import show_moment


def refuse_advance(incident: IncidentState, to: Stage, actor: Actor) -> None:
    """Raise ``DomainError`` unless ``actor`` may move the incident to ``to`` now."""
    incident.refuse_stranger(actor)
    if to is Stage.CLOSED:
        raise DomainError(
            "An incident is closed, not advanced.",
            NextStep(action=Action.CLOSE, incident=incident.incident),
        )
    refuse_stage(incident, to)


def refuse_stage(incident: IncidentState, to: Stage) -> None:
    """Raise ``DomainError`` unless the incident may move to ``to`` now."""
    refuse_move(incident.stage, to)
    if to in (Stage.ASSURE, Stage.RESOLVE) and not incident.has_told(MessageKind.ANNOUNCEMENT):
        raise DomainError(
            f"The incident cannot move to {to}: nobody has been told yet.",
            "Publish an announcement first; it may go out before the cause is known.",
        )
    if to is Stage.MAKE_GOOD and not incident.has_told(MessageKind.RESOLUTION_NOTE):
        raise DomainError(
            "The incident cannot move to make_good: people have not been told of the fix.",
            "Publish the resolution note first.",
        )


def refuse_audiences(incident: IncidentState, actor: Actor) -> None:
    """Raise ``DomainError`` if ``actor`` may not choose other audiences now."""
    incident.refuse_request(actor)
    begun = [one.number for one in incident.messages if one.outcomes]
    if begun:
        raise DomainError(
            f"Message {', '.join(map(str, begun))} has begun to go out, so the audiences stay "
            f"as they are: {', '.join(incident.audiences) or 'none'}.",
            "Open another incident for other recipients.",
        )


def refuse_close(incident: IncidentState, waive: str) -> None:
    """Raise ``DomainError`` if something is open, unless it is waived in writing."""
    incident.refuse_if_closed()
    # What was withdrawn or superseded may still be on the wire somewhere.
    busy = [one.number for one in incident.messages if one.busy()]
    if busy:
        numbers = ", ".join(map(str, busy))
        raise DomainError(
            f"Message {numbers} is still being published.",
            "Wait for it, or withdraw it; a publication under way cannot be waived.",
        )
    if waive.strip():
        return
    _refuse_promised(incident)
    waiting = [one.number for one in incident.messages if one.phase is MessagePhase.WAITING]
    if waiting:
        raise DomainError(
            f"Message {', '.join(map(str, waiting))} is waiting at its gate.",
            "Have it decided or withdraw it, or close with a written waiver.",
        )
    broken = [one.number for one in incident.messages if one.to_review()]
    if broken:
        raise DomainError(
            f"The gate of message {', '.join(map(str, broken))} was opened out of policy, and "
            "nobody has reviewed that.",
            NextStep(
                action=Action.REVIEW,
                incident=incident.incident,
                message=broken[0],
                advice="Somebody who had no part in it writes what was found; or close with a "
                "written waiver.",
            ),
        )
    unknown = [(one.number, place) for one in incident.messages for place in one.unknown_at()]
    if unknown:
        places = ", ".join(f"message {number} on {place}" for number, place in unknown)
        raise DomainError(
            f"Nobody knows whether this went out: {places}.",
            "Settle it (look at the platform, then say so), or close with a written waiver.",
        )


def _refuse_promised(incident: IncidentState) -> None:
    promised = [one for one in open_promises(incident.promises) if one.public]
    if promised:
        raise DomainError(
            f"People were promised an update by {show_moment(promised[0].due)}, in message "
            f"{promised[0].number}.",
            "Publish it, or close with a written waiver: then the promise counts as broken.",
        )


def end(incident: IncidentState, waive: str, at: datetime) -> None:
    """End the response at ``at``; ``waive`` is why, if something was left open."""
    incident.waiver = waive.strip()
    _end_promises(incident, at)
    incident.closed_at = at
    incident.stage = Stage.CLOSED


def _end_promises(incident: IncidentState, at: datetime) -> None:
    for one in open_promises(incident.promises):
        one.end(PromiseState.BROKEN, at, why="The incident was closed with a waiver.")
