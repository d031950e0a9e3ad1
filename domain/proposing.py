"""What may be proposed in an incident, and what may still be edited."""

from __future__ import annotations

from collections.abc import Sequence

from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.facts import missing_facts, missing_for_people
from domain.incident import IncidentState
from domain.lifecycle import refuse_stage
from domain.limits import MOST_MESSAGES
from domain.message import STAGE_OF, MessageKind
from domain.message_state import EDITABLE, MessagePhase, MessageState
from domain.stage import ALLOWED_MOVES, Stage


def stage_for(incident: IncidentState, kind: MessageKind) -> Stage:
    """The stage the incident is in once a ``kind`` is proposed; ``DomainError`` if not now."""
    incident.refuse_if_closed()
    wanted = STAGE_OF[kind]
    if not kind.published:
        return incident.stage
    if wanted is None or wanted is incident.stage:
        if wanted is None and not incident.has_told(MessageKind.ANNOUNCEMENT):
            raise DomainError(
                "There is nothing to correct: nothing has been published yet.",
                "Revise the message that is waiting, or propose an announcement.",
            )
        return incident.stage
    if wanted not in ALLOWED_MOVES[incident.stage]:
        raise DomainError(
            f"A {kind} belongs to stage {wanted}, and the incident is in {incident.stage}.",
            _to_propose_instead(incident),
        )
    refuse_stage(incident, wanted)
    return wanted


def refuse_proposal(incident: IncidentState, kind: MessageKind, actor: Actor) -> None:
    """Raise ``DomainError`` unless ``actor`` may propose a ``kind`` now."""
    incident.refuse_stranger(actor)
    incident.gate_of(kind)
    stage_for(incident, kind)
    if len(incident.messages) >= MOST_MESSAGES:
        raise DomainError(
            f"This incident has {MOST_MESSAGES} messages, and no incident has more.",
            "Close it and open another one.",
        )
    refuse_unfilled(incident, kind)


def refuse_unfilled(incident: IncidentState, kind: MessageKind) -> None:
    """Raise ``DomainError`` if ``kind`` needs facts that have not been filled in."""
    plan = incident.plan.plan_for(kind)
    untold = missing_for_people(incident.facts.filled) if plan and plan.people_concerned else []
    if untold:
        raise people_not_told(kind, untold, incident.incident)
    if kind is not MessageKind.RESOLUTION_NOTE:
        return
    missing = missing_facts(incident.facts.filled)
    if missing:
        raise DomainError(
            f"A resolution note needs both the fix and the prevention, with an owner and a "
            f"date; not filled yet: {', '.join(missing)}.",
            NextStep(action=Action.RECORD_FACTS, incident=incident.incident),
        )


def proposable(incident: IncidentState) -> list[MessageKind]:
    """The kinds of message that the plan, the stage and the facts allow now."""
    kinds = [kind for kind in incident.plan.kinds if _is_proposable(incident, kind)]
    # Those are approved before there is an incident.
    return [kind for kind in kinds if kind is not MessageKind.HOLDING_STATEMENTS]


def _is_proposable(incident: IncidentState, kind: MessageKind) -> bool:
    wanted = STAGE_OF[kind]
    if not kind.published:
        return True
    if wanted is None:
        return incident.has_told(MessageKind.ANNOUNCEMENT)
    try:
        refuse_unfilled(incident, kind)
        if wanted is not incident.stage:
            refuse_stage(incident, wanted)
    except DomainError:
        return False
    return True


def _to_propose_instead(incident: IncidentState) -> NextStep:
    kinds = proposable(incident)
    if not kinds:
        return NextStep(action=Action.SHOW_STATUS, incident=incident.incident)
    return NextStep(
        action=Action.PROPOSE,
        incident=incident.incident,
        about=kinds[0].value,
        advice=f"What can be proposed now: {', '.join(kinds)}.",
    )


def refuse_revision(incident: IncidentState, message: MessageState) -> None:
    """Raise ``DomainError`` if a message can no longer be edited."""
    incident.refuse_if_closed()
    if message.phase is MessagePhase.IN_FORCE:
        raise DomainError(
            f"Message {message.number} is in force and can no longer be edited.",
            NextStep(
                action=Action.PROPOSE,
                incident=incident.incident,
                about=message.kind.value,
                advice="Propose them anew: once signed, those replace these.",
            ),
        )
    if message.phase not in EDITABLE:
        raise DomainError(
            f"Message {message.number} is {message.phase} and can no longer be edited.",
            "Propose a correction, which goes out as a message of its own.",
        )


def people_not_told(kind: MessageKind, missing: Sequence[str], incident: str) -> DomainError:
    """Why a message to people concerned cannot be written yet."""
    return DomainError(
        f"This {kind.value.replace('_', ' ')} tells people of a breach of their data, and these "
        f"facts are not known yet: {'; '.join(missing)}.",
        NextStep(
            action=Action.RECORD_FACTS,
            incident=incident,
            advice="Record them, then propose it again.",
        ),
        means="The playbook says so (`people_concerned`). Nothing was changed.",
    )
