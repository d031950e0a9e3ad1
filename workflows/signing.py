"""Signing: the only way in which a decision is judged, whatever surface it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError
    from pydantic_core import from_json

    from domain.actor import Actor, AuthenticatedBy, Surface
    from domain.delegation import delegated, in_force
    from domain.errors import DecisionRefused, DomainError
    from domain.explanation import Action, NextStep
    from domain.gate import Decision, Gate, GateState, Verdict
    from domain.incident import IncidentState
    from domain.judging import judge
    from domain.limits import NAME_LIMIT, REASON_LIMIT, refuse_long
    from domain.message_state import MessagePhase, MessageState
    from domain.promises import overdue
    from domain.publication import PublicationState
    from domain.signing import overtaken_by
    from domain.status import Decided
    from workflows.contract.signing import Decide, SignalledDecision
    from workflows.noise import NoiseLimit
    from workflows.policies import PROVEN_BY_SIGNAL, ActivityPolicy
    from workflows.proving import Proving
    from workflows.publishing import Publishing
    from workflows.timeline import Timeline

PROOF_DIGITS = 8
"""The digits of a proof's id that the timeline has."""

_HOW = 'Send {"by": "<person>", "digest": "<8 or more digits>", "message": <number>}.'


class Signing:
    """Judges decisions, and hands on what its gate lets through."""

    def __init__(
        self,
        state: IncidentState,
        roles: Mapping[str, tuple[str, ...]],
        timeline: Timeline,
        noise: NoiseLimit,
        publishing: Publishing,
        proving: Proving,
    ) -> None:
        self._state = state
        self._roles = roles
        self._timeline = timeline
        self._noise = noise
        self._publishing = publishing
        self._proving = proving

    def _judge(self, decide: Decide) -> tuple[MessageState, Gate]:
        """The message and its gate after this decision; raises ``DomainError`` if it is refused."""
        state = self._state
        state.refuse_if_closed()
        message = (
            state.message_with(decide.digest)
            if decide.message is None
            else state.message(decide.message)
        )
        message.refuse_called_off()
        now = workflow.now()
        decision = judge(
            message.gate,
            actor=decide.actor,
            verdict=decide.verdict,
            digest=decide.digest,
            roles=self._roles,
            at=now,
            reason=decide.reason,
            proof=decide.proof,
            delegated=delegated(in_force(state.delegations, now), self._roles),
        )
        late = overdue(message.next_update_by, now, self.revising(message))
        if late is not None and decide.verdict is Verdict.APPROVE:
            raise DecisionRefused.of(late)
        return message, message.gate.with_decision(decision)

    async def decide(self, decide: Decide, policy: ActivityPolicy) -> Decided:
        """Record the decision, and publish if it was the last one needed.

        One that is refused is recorded too, and answered with its explanation. ``policy`` is for
        verifying its proof; a decision without one is counted, or not, at once.
        """
        decide = decide.model_copy(update={"actor": as_far_as_known(decide.actor)})
        try:
            if decide.proof:
                decide = await self._proven(decide, policy)
            message, gate = self._judge(decide)
        except DomainError as refusal:
            self.record_refusal(decide.actor, refusal)
            return self.not_counted(decide.message, refusal)
        message.gate = gate
        decision = gate.decisions[-1]
        word = "approved" if decision.verdict is Verdict.APPROVE else "rejected"
        about = f"message {message.number} {gate.digest[:8]} as {', '.join(decision.roles)}"
        for_whom = f" for {decision.on_behalf_of}" if decision.on_behalf_of else ""
        why = f": {decision.reason}" if decision.reason else ""
        by = f", proof {decision.proof[:PROOF_DIGITS]}" if decision.proof else ""
        self._timeline.add(word, decide.actor, f"{about}{for_whom}{by}{why}")
        if gate.state is GateState.REJECTED:
            message.phase = MessagePhase.REJECTED
        elif gate.state is GateState.OPEN:
            self.let_out(message)
        return Decided(
            message=message.number,
            gate=gate.state,
            missing=gate.missing(),
            in_force=message.phase is MessagePhase.IN_FORCE,
        )

    async def _proven(self, decide: Decide, policy: ActivityPolicy) -> Decide:
        """The same decision by whom its proof shows it to be by, on the revision that is signed.

        What would not count with the best of proofs is refused at once. Things may change while
        the proof is verified, so the decision is still to be judged.
        """
        best = decide.actor.model_copy(update={"authenticated_by": AuthenticatedBy.PASSKEY})
        message, gate = self._judge(decide.model_copy(update={"actor": best}))
        decision: Decision = gate.decisions[-1]
        verified = await self._proving.verify(message, decision, policy)
        actor = decide.actor.model_copy(
            update={"person": verified.person, "authenticated_by": verified.method}
        )
        # Not a prefix any more: another revision may begin with the same digits.
        return decide.model_copy(
            update={"actor": actor, "digest": decision.digest, "message": message.number}
        )

    async def decide_by_signal(self, said: Sequence[RawValue], verdict: Verdict) -> None:
        """A signal gets no answer: what became of it is in the timeline."""
        try:
            decide = _read_decision(said, verdict)
        except DomainError as refusal:
            self.record_refusal(None, refusal)
            return
        await self.decide(decide, PROVEN_BY_SIGNAL)

    def record_refusal(self, actor: Actor | None, refusal: DomainError) -> None:
        """Enter that a decision did not count, and why."""
        # A name that is not in the roster may be anything.
        known = actor if actor is not None and actor.person in self._roles else None
        self._noise.add("decision refused", known or "somebody", str(refusal))

    def not_counted(self, number: int | None, refusal: DomainError) -> Decided:
        """The answer to a decision that was refused."""
        about = next((one for one in self._state.messages if one.number == number), None)
        return Decided(
            message=number,
            gate=about.gate.state if about else None,
            missing=about.gate.missing() if about else "",
            counted=False,
            explanation=refusal.explanation,
        )

    def revising(self, message: MessageState) -> NextStep:
        """How a message that cannot be signed any more is written anew."""
        return NextStep(action=Action.REVISE, incident=self._state.incident, message=message.number)

    def let_out(self, message: MessageState) -> None:
        """Hand on a message whose gate has opened, and call off what it overtakes."""
        for older in overtaken_by(self._state, message):
            self._timeline.add("superseded", "frontfoot", f"message {older.number}")
            under_way = older.phase is MessagePhase.PUBLISHING and older.opened
            older.phase = MessagePhase.SUPERSEDED
            if under_way:
                self._publishing.halt(older, PublicationState.SUPERSEDED)
            else:
                older.supersede_unbegun()
        message.approved_at = workflow.now()
        if not message.kind.published:
            # Once the ledger has the opening, replies go out by it; nothing is published.
            message.phase = MessagePhase.IN_FORCE
            return
        message.fresh_until = workflow.now() + self._state.plan_of(message.kind).fresh_for
        # Once the ledger has the opening, it goes out: see workflows/openings.py.
        message.mark_publishing()


def as_far_as_known(actor: Actor) -> Actor:
    """The actor without what its sender says of keys and passkeys: a proof has to show that."""
    if actor.authenticated_by not in (AuthenticatedBy.KEY, AuthenticatedBy.PASSKEY):
        return actor
    return actor.model_copy(update={"authenticated_by": AuthenticatedBy.NONE})


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
    refuse_long("The reason", signalled.reason, REASON_LIMIT)
    refuse_long("The proof", signalled.proof, NAME_LIMIT)
    return Decide(
        actor=Actor(person=signalled.by, surface=Surface.SIGNAL),
        digest=signalled.digest,
        message=signalled.message,
        verdict=verdict,
        reason=signalled.reason,
        proof=signalled.proof,
    )
