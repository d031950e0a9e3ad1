"""The handlers for those who sign: deciding, breaking the glass, deciding for somebody else."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.limits import NAME_LIMIT, REASON_LIMIT, refuse_long
    from domain.status import Decided, IncidentStatus, MessageStatus
    from workflows.breaking_glass import BreakingGlass
    from workflows.contract.signing import BreakGlass, Decide, Delegate, ReviewGate
    from workflows.delegating import Delegating
    from workflows.handlers.base import IncidentHandlers
    from workflows.policies import ASKED
    from workflows.refusing import refusing
    from workflows.signing import Signing


class SigningHandlers(IncidentHandlers):
    """Decisions on messages, and who may make them."""

    _signing: Signing
    _breaking: BreakingGlass
    _delegating: Delegating

    @workflow.update(name="decide")
    async def decide(self, decide: Decide) -> Decided:
        """Approve or reject, and learn at once whether it counted and what is missing."""
        self._ceilings.updates += 1
        return await self._signing.decide(decide, ASKED)

    @decide.validator
    def _check_decide(self, decide: Decide) -> None:
        """Refuses nothing but what cannot be read, which without a validator would stall us.

        A decision that does not count belongs in the record, whatever surface it came from.
        """
        with refusing():
            refuse_long("The reason", decide.reason, REASON_LIMIT)
            refuse_long("The digest", decide.digest, NAME_LIMIT)
            refuse_long("The proof", decide.proof, NAME_LIMIT)

    @workflow.update(name="break_glass")
    async def break_glass(self, asked: BreakGlass) -> Decided:
        """Approve out of policy; the second person's approval opens the gate."""
        self._ceilings.updates += 1
        return await self._breaking.ask(asked)

    @break_glass.validator
    def _check_break_glass(self, asked: BreakGlass) -> None:
        with refusing():
            refuse_long("The reason", asked.reason, REASON_LIMIT)
            refuse_long("The digest", asked.digest, NAME_LIMIT)
            refuse_long("The proof", asked.proof, NAME_LIMIT)

    @workflow.update(name="review_gate")
    async def review_gate(self, asked: ReviewGate) -> MessageStatus:
        """Say what is to be said of a gate that was opened out of policy."""
        self._ceilings.updates += 1
        with refusing():
            return self._of(self._breaking.review(asked))

    @review_gate.validator
    def _check_review(self, asked: ReviewGate) -> None:
        with refusing():
            self._breaking.refuse_review(asked)

    @workflow.update(name="delegate")
    async def delegate(self, asked: Delegate) -> IncidentStatus:
        """Give somebody another person's roles for a time, or end that."""
        self._ceilings.updates += 1
        with refusing():
            self._delegating.delegate(asked)
        return self.status()

    @delegate.validator
    def _check_delegate(self, asked: Delegate) -> None:
        with refusing():
            self._delegating.refuse(asked)
