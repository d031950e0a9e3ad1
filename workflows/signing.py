"""Signing: the only way in which a decision is judged, whatever surface it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError
    from pydantic_core import from_json

    from domain.actor import Actor, Surface
    from domain.errors import DecisionRefused, DomainError
    from domain.explanation import Action, NextStep
    from domain.gate import Gate, GateState, Verdict, judge
    from domain.incident import IncidentState
    from domain.message_state import MessagePhase, MessageState
    from domain.promises import overdue
    from domain.publication import PublicationState
    from domain.status import Decided
    from workflows.contract import Decide, SignalledDecision
    from workflows.publishing import Publishing
    from workflows.timeline import Timeline

_HOW = 'Send {"by": "<person>", "digest": "<8 or more digits>", "message": <number>}.'


class Signing:
    """Judges decisions, and hands on what its gate lets through."""

    def __init__(
        self,
        state: IncidentState,
        roles: Mapping[str, tuple[str, ...]],
        timeline: Timeline,
        publishing: Publishing,
    ) -> None:
        self._state = state
        self._roles = roles
        self._timeline = timeline
        self._publishing = publishing

    def _judge(self, decide: Decide) -> tuple[MessageState, Gate]:
        """The message and its gate after this decision; raises ``DomainError`` if it is refused."""
        state = self._state
        state.refuse_if_closed()
        message = (
            state.message_with(decide.digest)
            if decide.message is None
            else state.message(decide.message)
        )
        if message.phase in (MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED):
            raise DecisionRefused(
                f"Message {message.number} is {message.phase}.", "There is nothing to decide here."
            )
        now = workflow.now()
        decision = judge(
            message.gate,
            actor=decide.actor,
            verdict=decide.verdict,
            digest=decide.digest,
            roles=self._roles,
            at=now,
            reason=decide.reason,
        )
        late = overdue(message.next_update_by, now, self._revising(message))
        if late is not None and decide.verdict is Verdict.APPROVE:
            raise DecisionRefused.of(late)
        return message, message.gate.with_decision(decision)

    def decide(self, decide: Decide) -> Decided:
        """Record the decision, and publish if it was the last one needed.

        One that is refused is recorded too, and answered with its explanation.
        """
        try:
            message, gate = self._judge(decide)
        except DomainError as refusal:
            self._record_refusal(decide.actor, refusal)
            return self._not_counted(decide, refusal)
        message.gate = gate
        decision = gate.decisions[-1]
        word = "approved" if decision.verdict is Verdict.APPROVE else "rejected"
        about = f"message {message.number} {gate.digest[:8]} as {', '.join(decision.roles)}"
        why = f": {decision.reason}" if decision.reason else ""
        self._timeline.add(word, decide.actor, f"{about}{why}")
        if gate.state is GateState.REJECTED:
            message.phase = MessagePhase.REJECTED
        elif gate.state is GateState.OPEN:
            self._publish(message)
        return Decided(message=message.number, gate=gate.state, missing=gate.missing())

    def decide_by_signal(self, said: Sequence[RawValue], verdict: Verdict) -> None:
        """A signal gets no answer: what became of it is in the timeline."""
        try:
            decide = _read_decision(said, verdict)
        except DomainError as refusal:
            self._record_refusal(None, refusal)
            return
        self.decide(decide)

    def _record_refusal(self, actor: Actor | None, refusal: DomainError) -> None:
        # A name that is not in the roster may be anything.
        known = actor if actor is not None and actor.person in self._roles else None
        self._timeline.add("decision refused", known or "somebody", str(refusal))

    def _not_counted(self, decide: Decide, refusal: DomainError) -> Decided:
        about = next((one for one in self._state.messages if one.number == decide.message), None)
        return Decided(
            message=decide.message,
            gate=about.gate.state if about else None,
            missing=about.gate.missing() if about else "",
            counted=False,
            explanation=refusal.explanation,
        )

    def _revising(self, message: MessageState) -> NextStep:
        return NextStep(action=Action.REVISE, incident=self._state.incident, message=message.number)

    def _publish(self, message: MessageState) -> None:
        for older in self._state.overtaken_by(message):
            self._timeline.add("superseded", "frontfoot", f"message {older.number}")
            under_way = older.phase is MessagePhase.PUBLISHING and older.opened
            older.phase = MessagePhase.SUPERSEDED
            if under_way:
                self._publishing.halt(older, PublicationState.SUPERSEDED)
            else:
                older.supersede_unbegun()
        message.approved_at = workflow.now()
        message.fresh_until = workflow.now() + self._state.plan_of(message.kind).fresh_for
        # Once the ledger has the opening, it goes out: see workflows/openings.py.
        message.mark_publishing()


def _read_decision(said: Sequence[RawValue], verdict: Verdict) -> Decide:
    """What an approver sent, read here and not by the converter.

    The converter silently drops what it cannot read, and somebody at a gate at 2 a.m. would wait
    for a publication that never comes. Not by ``json``, which accepts half a surrogate pair: no
    history could store that.
    """
    if len(said) != 1:
        raise DecisionRefused(f"The {verdict} signal came with {len(said)} values, not one.", _HOW)
    try:
        signalled = SignalledDecision.model_validate(from_json(said[0].payload.data))
    except (ValueError, TypeError, ValidationError) as error:
        raise DecisionRefused(f"The {verdict} signal could not be read.", _HOW) from error
    return Decide(
        actor=Actor(person=signalled.by, surface=Surface.SIGNAL),
        digest=signalled.digest,
        message=signalled.message,
        verdict=verdict,
        reason=signalled.reason,
    )
