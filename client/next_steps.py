"""The next commands to type, by how an incident stands."""

from __future__ import annotations

from domain.facts import missing_facts
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.publication import PublicationState
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus

_PROPOSED_NEXT = {
    Stage.IDENTIFY: MessageKind.ANNOUNCEMENT,
    Stage.ACKNOWLEDGE: MessageKind.PROGRESS_UPDATE,
    Stage.ASSURE: MessageKind.PROGRESS_UPDATE,
    Stage.RESOLVE: MessageKind.GOODWILL_OFFER,
}


def what_next(status: IncidentStatus) -> list[str]:
    """What somebody could do now, the most pressing first; each line fits on a screen."""
    if status.stage is Stage.CLOSED:
        return [f"Closed. Its record: frontfoot timeline {status.incident} --verify"]
    lines = [line for message in status.messages for line in _for_message(status, message)]
    if not lines and not any(one.phase is MessagePhase.PUBLISHING for one in status.messages):
        lines = _for_stage(status)
    return [f"Next: {lines[0]}", *(f"      {line}" for line in lines[1:])] if lines else []


def _for_message(status: IncidentStatus, message: MessageStatus) -> list[str]:
    slug, number = status.incident, message.number
    if message.phase is MessagePhase.WAITING:
        return [
            f"frontfoot show {slug} {number}",
            f"frontfoot approve {slug} {number} --digest {message.digest[:8]} --as PERSON",
        ]
    if message.phase is MessagePhase.REJECTED:
        return [f"frontfoot revise {slug} {number}   (or withdraw it)"]
    lines = []
    for outcome in message.outcomes:
        if outcome.state is PublicationState.UNKNOWN:
            lines.append(f"frontfoot settle {slug} {number} {outcome.channel} --went-out")
            lines.append("  … or --did-not-go-out, once you have looked at the platform")
        elif outcome.state in (PublicationState.REFUSED, PublicationState.ABANDONED):
            lines.append(f"frontfoot retry {slug} {number} {outcome.channel}")
    return lines


def _for_stage(status: IncidentStatus) -> list[str]:
    slug = status.incident
    if status.stage is Stage.MAKE_GOOD:
        return [f"frontfoot close {slug}"]
    lines = [f"frontfoot propose {slug} {_PROPOSED_NEXT[status.stage]}"]
    if status.stage in (Stage.ACKNOWLEDGE, Stage.ASSURE):
        if missing_facts(status.facts_filled):
            lines.append(f"frontfoot facts {slug} --fix … --prevention … --owner … --due …")
        else:
            lines.append(f"frontfoot propose {slug} {MessageKind.RESOLUTION_NOTE}")
    if status.stage is Stage.RESOLVE:
        lines.append(f"frontfoot close {slug}")
    return lines
