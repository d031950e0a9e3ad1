"""What somebody could do next, by the status of an incident."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.explanation import Action, NextStep
from domain.facts import missing_facts
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.promises import overdue
from domain.publication import Outcome, PublicationState
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus

_PROPOSED_NEXT = {
    Stage.IDENTIFY: MessageKind.ANNOUNCEMENT,
    Stage.ACKNOWLEDGE: MessageKind.PROGRESS_UPDATE,
    Stage.ASSURE: MessageKind.PROGRESS_UPDATE,
    Stage.RESOLVE: MessageKind.GOODWILL_OFFER,
}
WENT_OUT = "went_out"
"""``about`` of a step to settle whose answer is known; otherwise somebody has to look."""


def next_steps(status: IncidentStatus) -> list[NextStep]:
    """What somebody could do now, the most urgent first; nothing while a message goes out."""
    if status.stage is Stage.CLOSED:
        return [NextStep(action=Action.VERIFY_TIMELINE, incident=status.incident)]
    if status.locked is not None:
        # Anything else could send what went out already.
        return [NextStep(action=Action.RECOVER_LEDGER, incident=status.incident)]
    stopped = NextStep(action=Action.RESUME_ALL, incident=status.incident)
    steps = [stopped] if status.stopped is not None else []
    steps += [step for message in status.messages for step in _for_message(status, message)]
    if steps or any(one.phase is MessagePhase.PUBLISHING for one in status.messages):
        return steps
    return _for_stage(status)


def to_sign(slug: str, message: MessageStatus) -> NextStep:
    """Deciding on exactly this revision of a message."""
    return NextStep(
        action=Action.DECIDE, incident=slug, message=message.number, about=message.digest[:8]
    )


def _for_message(status: IncidentStatus, message: MessageStatus) -> list[NextStep]:
    slug = status.incident

    def step(action: Action, outcome: Outcome | None = None) -> NextStep:
        return NextStep(
            action=action,
            incident=slug,
            message=message.number,
            channel=outcome.channel if outcome else "",
            audience=(outcome.audience or "") if outcome and several else "",
        )

    several = len({one.audience for one in message.outcomes if one.audience}) > 1

    if message.phase is MessagePhase.WAITING:
        late = overdue(message.next_update_by, datetime.now(UTC), step(Action.REVISE))
        # What can no longer be signed as it is has to be revised first.
        return [step(Action.SHOW_COPY), late.next_step if late else to_sign(slug, message)]
    if message.phase in (MessagePhase.REJECTED, MessagePhase.EXPIRED):
        return [step(Action.REVISE), step(Action.WITHDRAW)]
    steps = [step(Action.REVIEW)] if message.to_review else []
    for outcome in message.outcomes:
        if outcome.state is PublicationState.UNKNOWN:
            steps.append(step(Action.SETTLE, outcome))
            if outcome.audience is None and not message.phase.called_off:
                # It looks once more, and sends only what it does not find.
                steps.append(step(Action.RETRY, outcome))
        elif outcome.state.retriable:
            steps.append(step(Action.RETRY, outcome))
    return steps


def _for_stage(status: IncidentStatus) -> list[NextStep]:
    def step(action: Action, about: str = "") -> NextStep:
        return NextStep(action=action, incident=status.incident, about=about)

    if status.stage is Stage.MAKE_GOOD:
        return [step(Action.CLOSE)]
    steps = [step(Action.PROPOSE, _PROPOSED_NEXT[status.stage].value)]
    if status.stage in (Stage.ACKNOWLEDGE, Stage.ASSURE):
        if missing_facts(status.facts_filled):
            steps.append(step(Action.RECORD_FACTS))
        else:
            steps.append(step(Action.PROPOSE, MessageKind.RESOLUTION_NOTE.value))
    if status.stage is Stage.RESOLVE:
        steps.append(step(Action.CLOSE))
    return steps
