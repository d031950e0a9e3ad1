"""Who may sign a message of an incident now, as what, and what it overtakes once it is signed."""

from __future__ import annotations

from domain.delegation import delegated
from domain.gate import GateState
from domain.incident import IncidentState
from domain.judging import Standing, standing
from domain.message import MessageKind
from domain.message_state import EDITABLE, MessagePhase, MessageState
from domain.roster import roles_of


def may_sign(incident: IncidentState, message: MessageState) -> tuple[str, ...]:
    """Who may approve ``message`` now: never its author, nobody twice, and in their turn."""
    gate = message.gate
    if gate.state is not GateState.WAITING:
        return ()
    decided = {name for one in gate.decisions for name in (one.actor.person, one.authority)}
    now = set(gate.roles_now())
    return tuple(
        person.id
        for person in incident.plan.roster
        if person.id != message.author
        and person.id not in decided
        and now & set(stands_as(incident, message, person.id).roles)
    )


def stands_as(incident: IncidentState, message: MessageState, person: str) -> Standing:
    """As what somebody decides on ``message``: roles of their own, or delegated ones."""
    roles = roles_of(incident.plan.roster)
    return standing(message.gate, person, roles, delegated(incident.delegations, roles))


def signs_as(incident: IncidentState, message: MessageState) -> dict[str, tuple[str, ...]]:
    """The roles in which each person may decide on ``message``, for those who have one."""
    found = {one.id: stands_as(incident, message, one.id).roles for one in incident.plan.roster}
    return {person: here for person, here in found.items() if here}


def signs_for(incident: IncidentState, message: MessageState) -> dict[str, str]:
    """Who has delegated to each person the roles in which they may decide on ``message``."""
    found = {one.id: stands_as(incident, message, one.id) for one in incident.plan.roster}
    return {person: one.on_behalf_of for person, one in found.items() if one.on_behalf_of}


def overtaken_by(incident: IncidentState, message: MessageState) -> list[MessageState]:
    """Older messages that must let nothing out any more once ``message`` is approved.

    Progress updates, after a newer one or the resolution note; forms, after newer ones. That
    work goes on overtakes nothing: somebody may be about to sign what says more.
    """
    if message.released:
        return []
    if not message.kind.published:
        ended = (MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED)
        return [
            one
            for one in incident.messages
            if one.number < message.number and one.kind is message.kind and one.phase not in ended
        ]
    if message.kind not in (MessageKind.PROGRESS_UPDATE, MessageKind.RESOLUTION_NOTE):
        return []
    return [
        one
        for one in incident.messages
        if one.number < message.number
        and one.kind is MessageKind.PROGRESS_UPDATE
        and one.phase in (*EDITABLE, MessagePhase.PUBLISHING)
    ]
