"""Proving: who has decided, as the one activity that verifies proofs says."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.proofs import VERIFY_PROOF, ProofVerified, VerifyProof
    from domain.errors import DecisionRefused
    from domain.gate import Decision
    from domain.incident import IncidentState
    from domain.message_state import MessageState
    from workflows.calls import call, explanation_of
    from workflows.policies import MOST_PROVING, URGENT, ActivityPolicy


class Proving:
    """Has the proofs of decisions verified, a limited number at once."""

    def __init__(self, state: IncidentState) -> None:
        self._state = state
        self._under_way = 0

    async def verify(
        self, message: MessageState, decision: Decision, policy: ActivityPolicy
    ) -> ProofVerified:
        """Who has made this decision on a message; ``DecisionRefused`` if nobody knows."""
        if self._under_way >= MOST_PROVING:
            raise DecisionRefused(
                f"{MOST_PROVING} decisions are being verified just now, and no more are at once.",
                "Send it again in a moment.",
                means="It was not counted.",
            )
        order = VerifyProof(
            proof=decision.proof,
            message=self._state.ref(message),
            digest=decision.digest,
            verdict=decision.verdict,
            person=decision.actor.person,
            roles=decision.roles,
            at=decision.at,
        )
        self._under_way += 1
        try:
            return await call(VERIFY_PROOF, order, policy, priority=URGENT)
        except ActivityError as error:
            raise _refusal(error) from error
        finally:
            self._under_way -= 1


def _refusal(error: ActivityError) -> DecisionRefused:
    if isinstance(error.cause, ApplicationError) and error.cause.non_retryable:
        return DecisionRefused.of(explanation_of(error))
    return DecisionRefused(
        "The proof could not be verified: the ledger or the worker did not answer in time.",
        "Check that both run, then sign again.",
        means="The decision was not counted.",
    )
