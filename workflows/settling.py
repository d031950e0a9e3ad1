"""Settling: a person enters what happened where no machine could tell."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.posts import PublicationTask
    from activities.signatures.settling import SETTLE_BY_PERSON, SettleByPerson
    from domain.errors import DomainError
    from domain.explanation import Explanation
    from domain.incident import IncidentState
    from domain.limits import URL_LIMIT, refuse_many
    from domain.message_state import MessagePhase, MessageState
    from domain.public_text import refuse_unfit
    from domain.publication import Outcome, PublicationState
    from workflows.calls import call
    from workflows.contract.steering import Settle
    from workflows.policies import ASKED
    from workflows.publishing import Publishing
    from workflows.timeline import Timeline

BATCHES_LIMIT = 1_000
"""The most batches that one request settles by their numbers."""

_ENDS_AS = {
    MessagePhase.WITHDRAWN: PublicationState.WITHDRAWN,
    MessagePhase.SUPERSEDED: PublicationState.SUPERSEDED,
}
"""The state of something that did not go out and no longer should."""


class Settling:
    """Enters what a person saw; if it did not go out and still should, it is published now."""

    def __init__(self, state: IncidentState, timeline: Timeline, publishing: Publishing) -> None:
        self._state = state
        self._timeline = timeline
        self._publishing = publishing

    def refuse(self, settle: Settle) -> None:
        """Raise ``DomainError`` unless nobody knows whether it went out.

        Of a broadcast that is still under way, single batches may be unknown.
        """
        self._state.refuse_request(settle.actor)
        refuse_unfit(settle.url, "The address", URL_LIMIT, one_line=True)
        refuse_many("batches", map(str, settle.batches), BATCHES_LIMIT)
        self._timeline.refuse_behind()
        message = self._state.message(settle.message)
        destination = message.destination(settle.channel, settle.audience)
        if settle.batches and destination.audience is None:
            raise DomainError(
                f"A post on {settle.channel} has no batches.", "Settle it without naming any."
            )
        if not (settle.batches and self._publishing.run_of(message, destination)):
            message.refuse_unless(destination, PublicationState.UNKNOWN)

    async def settle(self, settle: Settle) -> MessageState:
        """Enter what a person saw."""
        self.refuse(settle)
        message = self._state.message(settle.message)
        destination = message.destination(settle.channel, settle.audience)
        task = PublicationTask(
            message=self._state.ref(message),
            channel=destination.channel,
            audience=destination.audience,
            digest=message.digest,
        )
        status = await call(
            SETTLE_BY_PERSON,
            SettleByPerson(
                task=task,
                direct=destination.audience is not None,
                went_out=settle.went_out,
                otherwise=_ENDS_AS.get(message.phase, PublicationState.PLANNED),
                url=settle.url,
                batches=settle.batches,
            ),
            ASKED,
        )
        self._timeline.add("settled", settle.actor, _about(settle, str(destination)))
        if settle.went_out:
            message.reach(destination)
        if self._publishing.run_of(message, destination) is not None:
            # The broadcast is under way: it will find this in the ledger.
            return message
        if status.state is PublicationState.PLANNED:
            if message.phase not in _ENDS_AS:
                self._publishing.start(message, (destination,))
            # Otherwise it was withdrawn meanwhile, and that calls it off.
            return message
        seen = Explanation(what=f"{settle.actor.person} saw it at the platform.")
        message.enter(
            Outcome.at(
                destination,
                status.state,
                status.explanation or (seen if settle.went_out else None),
                receipt=status.receipt,
            )
        )
        return message


def _about(settle: Settle, place: str) -> str:
    saw = "went out" if settle.went_out else "did not go out"
    numbers = ", ".join(str(number) for number in settle.batches)
    which = f", batch {numbers}" if numbers else ""
    return f"message {settle.message} on {place}{which}: {saw}"
