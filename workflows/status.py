"""An incident's state as the answer to ``status``."""

from __future__ import annotations

from datetime import datetime

from domain.escalation import about_gate
from domain.explanation import Explanation
from domain.incident import IncidentState
from domain.ledger import KnownLedger
from domain.message_state import MessageState
from domain.next_word import next_word_by, suggested_promise
from domain.scorecard import promise_status, scorecard_of
from domain.signing import may_sign, signs_as, signs_for
from domain.status import Asking, IncidentStatus, MessageStatus


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
        subscriber_count=message.subscriber_count,
        notify=message.notify,
        codes_worth=message.codes_worth,
        outcomes=tuple(message.outcome_at(one) for one in message.destinations),
        next_update_by=message.next_update_by,
        may_sign=may_sign(state, message),
        withdrawing=message.withdrawing,
        requires=message.gate.policy.requires,
        signs_as=signs_as(state, message),
        reply_channels=message.reply_channels,
        owner=message.owner or message.author,
        released=message.released,
        turn_of=message.gate.roles_now() if message.gate.policy.tiers else (),
        signs_for=signs_for(state, message),
        reasons=message.gate.reasons,
        expires_at=message.gate.expires_at,
        overrides=message.gate.overrides,
        broken=message.gate.broken,
        review=message.review,
        asking=_asking(state, message),
    )


def _asking(state: IncidentState, message: MessageState) -> Asking | None:
    """Who has been asked about a message that waits; None if nobody is being asked."""
    found = state.escalations.get(about_gate(message.number, message.revision))
    if found is None or found.ladder is None or found.over is not None:
        return None
    return Asking(
        since=found.since,
        asked=tuple(found.asked.values()),
        rung=found.rung,
        rung_at=found.rung_at,
        next_rung=found.upcoming(),
        next_at=found.due_at(),
        nobody=found.rung is not None and found.nobody_left(),
        failed=found.failed,
    )


def incident_status(
    state: IncidentState,
    known: KnownLedger,
    branch: int,
    behind: Explanation | None,
    now: datetime,
) -> IncidentStatus:
    """The whole incident, and what it knows of its ledger."""
    return IncidentStatus(
        incident=state.incident,
        title=state.title,
        stage=state.stage,
        opened_by=state.opened_by,
        opened_at=state.opened_at,
        closed_at=state.closed_at,
        audiences=state.audiences,
        playbook=state.plan.name,
        facts=state.facts.current,
        facts_filled=state.facts.filled,
        messages=tuple(message_status(state, one) for one in state.messages),
        ledger=known,
        record_branch=branch,
        locked=behind,
        joined=state.joined,
        stopped=state.stop if state.stop and state.stop.in_force else None,
        quarantines=state.quarantines,
        delegations=state.delegations,
        severity=state.severity,
        promises=tuple(promise_status(one) for one in state.promises if one.public),
        scorecard=scorecard_of(state.promises, min(state.words, default=None)),
        next_word_by=next_word_by(state),
        suggested_promise=suggested_promise(state, now),
    )
