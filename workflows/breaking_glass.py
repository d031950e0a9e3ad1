"""Break-glass: a gate opened out of policy by two people, and reviewed before the end."""

from __future__ import annotations

from collections.abc import Mapping

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.actor import AuthenticatedBy
    from domain.break_glass import Review, judge_override, refuse_review
    from domain.errors import DecisionRefused, DomainError
    from domain.gate import Decision, GateState
    from domain.incident import IncidentState
    from domain.limits import REASON_LIMIT
    from domain.message_state import MessageState
    from domain.promises import overdue
    from domain.public_text import refuse_unfit
    from domain.status import Decided
    from workflows.contract.signing import BreakGlass, ReviewGate
    from workflows.policies import ASKED
    from workflows.proving import Proving
    from workflows.signing import PROOF_DIGITS, Signing, as_far_as_known
    from workflows.timeline import Timeline

BROKEN = "approved out of policy"
"""The timeline's word for each of the two approvals."""


class BreakingGlass:
    """Takes approvals out of policy, and the review that they ask for."""

    def __init__(
        self,
        state: IncidentState,
        roles: Mapping[str, tuple[str, ...]],
        timeline: Timeline,
        signing: Signing,
        proving: Proving,
    ) -> None:
        self._state = state
        self._roles = roles
        self._timeline = timeline
        self._signing = signing
        self._proving = proving

    async def ask(self, asked: BreakGlass) -> Decided:
        """Record it, and let the message out if this is the second person.

        One that is refused is recorded too, as decisions are, and answered with its explanation.
        """
        actor = as_far_as_known(asked.actor)
        asked = asked.model_copy(update={"actor": actor})
        try:
            if asked.proof:
                asked = await self._proven(asked)
            message, decision = self._judge(asked)
        except DomainError as refusal:
            self._signing.record_refusal(asked.actor, refusal)
            return self._signing.not_counted(asked.message, refusal)
        message.gate = message.gate.with_override(decision)
        by = f", proof {decision.proof[:PROOF_DIGITS]}" if decision.proof else ""
        about = f"message {message.number} {decision.digest[:8]}{by}: {decision.reason}"
        self._timeline.add(BROKEN, decision.actor, about)
        if message.gate.state is GateState.OPEN:
            both = " and ".join(one.actor.person for one in message.gate.overrides)
            about = f"message {message.number}, by {both}; to be reviewed before the end"
            self._timeline.add("gate opened out of policy", "frontfoot", about)
            self._signing.let_out(message)
        return Decided(
            message=message.number,
            gate=message.gate.state,
            missing="" if message.gate.broken else "a second person who agrees",
        )

    def _judge(self, asked: BreakGlass) -> tuple[MessageState, Decision]:
        state, now = self._state, workflow.now()
        state.refuse_if_closed()
        message = state.message(asked.message)
        message.refuse_called_off()
        decision = judge_override(
            message.gate,
            actor=asked.actor,
            digest=asked.digest,
            roles=self._roles,
            at=now,
            reason=asked.reason,
            proof=asked.proof,
        )
        late = overdue(message.next_update_by, now, self._signing.revising(message))
        if late is not None:
            raise DecisionRefused.of(late)
        return message, decision

    async def _proven(self, asked: BreakGlass) -> BreakGlass:
        best = asked.actor.model_copy(update={"authenticated_by": AuthenticatedBy.PASSKEY})
        message, decision = self._judge(asked.model_copy(update={"actor": best}))
        verified = await self._proving.verify(message, decision, ASKED)
        known = {"person": verified.person, "authenticated_by": verified.method}
        actor = asked.actor.model_copy(update=known)
        return asked.model_copy(update={"actor": actor, "digest": decision.digest})

    def refuse_review(self, asked: ReviewGate) -> None:
        """Raise ``DomainError`` unless this person may review how that gate was opened."""
        self._state.refuse_request(asked.actor)
        message = self._state.message(asked.message)
        refuse_unfit(asked.note, "The review", REASON_LIMIT)
        refuse_review(message.gate, message.review, asked.actor.person, asked.note)

    def review(self, asked: ReviewGate) -> MessageState:
        """Keep what somebody says afterwards."""
        self.refuse_review(asked)
        message = self._state.message(asked.message)
        note = asked.note.strip()
        message.review = Review(actor=asked.actor, at=workflow.now(), note=note)
        self._timeline.add("reviewed", asked.actor, f"message {message.number}: {note}")
        return message
