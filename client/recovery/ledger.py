"""Comparing a ledger that was restored with what went out, until nothing is open."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import Field
from temporalio.service import RPCError

from client.asking import live_status, tell
from client.engine import Engine
from client.recovery.broadcasts import (
    BatchInDoubt,
    compare_broadcast,
    ended,
    never_begun,
    settle_batches,
)
from client.recovery.locks import why_locked
from client.recovery.providers import adopt_found
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep, explained
from domain.ids import (
    MessageRef,
    incident_workflow_id,
    publication_key,
    publication_workflow_id,
)
from domain.message_state import MessagePhase
from domain.model import Value
from domain.plural import plural
from domain.publication import Outcome, PublicationState
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus
from store.broadcasts import broadcasts
from store.record import incidents, messages
from store.recovery import doubts, locks
from store.recovery.generations import generation
from store.recovery.witness import Witness
from store.stops import quarantines, stops
from workflows.contract.steering import Reconcile, Reconciled


class Answer(Value):
    """What a person saw at the provider of some batches of one message.

    ``channel`` and ``audience`` may be left out where it is mailed on one, or to one.
    """

    message: int
    channel: str = ""
    went_out: tuple[int, ...] = ()
    did_not: tuple[int, ...] = ()
    audience: str | None = None

    def said(self) -> list[str]:
        """The same as sentences for the record."""
        where = f"message {self.message}" + (f" on {self.channel}" if self.channel else "")
        both = ((self.went_out, "went out"), (self.did_not, "did not go out"))
        return [
            f"{where}, {plural(len(numbers), 'batch', 'batches')} "
            f"{', '.join(map(str, numbers))}: {saw}"
            for numbers, saw in both
            if numbers
        ]


class Comparison(Value):
    """The result of comparing: unlocked if nothing is ``in_doubt`` and nothing ``under_way``.

    ``in_doubt`` are batches that only a person can settle. ``notices`` say what is lost for good.
    """

    incident: str
    in_doubt: tuple[BatchInDoubt, ...] = ()
    under_way: tuple[str, ...] = ()
    notices: tuple[Explanation, ...] = ()
    outcomes: tuple[Reconciled, ...] = Field(default=(), exclude=True)

    @property
    def unlocked(self) -> bool:
        """Whether everything is known, so that the incident goes on."""
        return not self.in_doubt and not self.under_way


async def recover_ledger(
    engine: Engine, slug: str, *, actor: Actor, answers: Sequence[Answer] = ()
) -> Comparison:
    """Compare a locked incident with what went out, enter ``answers``, unlock it if all is clear.

    What its workflows know, events prove and providers show is entered at once; the rest is left
    to a person.
    Nothing is sent by this. May be repeated until nothing is open. ``DomainError`` if the incident
    is not locked, or an answer is about a batch that is not in doubt.
    """
    ledger = await engine.ledger()
    status = await live_status(engine, slug)
    why = await why_locked(engine, status)
    if why is None:
        raise DomainError(
            f"The ledger has all that {slug} knows, so there is nothing to compare.",
            NextStep(action=Action.SHOW_STATUS, incident=slug),
        )
    await locks.lock(ledger, slug, why)
    await _register(engine, status)
    for answer in answers:
        await settle_batches(ledger, status, answer.message, answer.channel, answer.audience,
                             answer.went_out, answer.did_not)  # fmt: skip
    if status.stage is Stage.CLOSED:
        return await _recover_closed(engine, status)
    if answers:
        seen = tuple(line for one in answers for line in one.said())
        told = Reconcile(actor=actor, seen=seen)
        status = await tell(engine, slug, "reconcile", told, IncidentStatus)
    found = await _compare(engine, status)
    if not found.under_way and await adopt_found(engine, status, found.in_doubt):
        found = await _compare(engine, status)
    if found.unlocked:
        this = await generation(ledger)
        order = Reconcile(actor=actor, generation=this, outcomes=found.outcomes)
        await tell(engine, slug, "reconcile", order, IncidentStatus)
        _forget_begun(engine, status)
        if status.stopped is not None:
            # Before it is unlocked: nobody has resumed what they had stopped.
            await stops.enter_again(ledger, status.stopped)
        for one in status.quarantines:
            await quarantines.enter_again(ledger, one)
        await locks.unlock(ledger, slug)
    return found


async def _register(engine: Engine, status: IncidentStatus) -> None:
    """Enter the incident in the list again, if the copy had not heard of it."""
    handle = (await engine.temporal()).get_workflow_handle(incident_workflow_id(status.incident))
    run = (await handle.describe()).raw_info.first_run_id
    await incidents.register(
        await engine.ledger(),
        status.incident,
        status.title,
        status.playbook,
        status.audiences,
        status.opened_at,
        run,
    )


async def _recover_closed(engine: Engine, status: IncidentStatus) -> Comparison:
    """Enter what is known of an incident that was closed since; nothing of it can go out again."""
    ledger, slug = await engine.ledger(), status.incident
    found = await _compare(engine, status)
    for message in status.messages:
        ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
        for plan in await broadcasts.broadcasts_of(ledger, ref):
            await broadcasts.stop(ledger, plan.id, datetime.now(UTC))
    await incidents.mark_closed(ledger, slug, status.closed_at or datetime.now(UTC))
    _forget_begun(engine, status)
    await locks.unlock(ledger, slug)
    lost = explained(
        f"{slug} was closed after the copy was taken, and its record ends where the copy does.",
        "Keep the history of its workflow in Temporal: it has the rest.",
    )
    return Comparison(incident=slug, notices=(*found.notices, lost))


def _forget_begun(engine: Engine, status: IncidentStatus) -> None:
    """What was noted of attempts beside the ledger is in it now, as far as it can be known."""
    witness = Witness.beside(engine.settings.database())
    for message in status.messages:
        ref = MessageRef(incident=status.incident, number=message.number, revision=message.revision)
        for outcome in message.outcomes:
            witness.forget(publication_key(ref, outcome.channel, outcome.audience))


async def _compare(engine: Engine, status: IncidentStatus) -> Comparison:
    in_doubt: list[BatchInDoubt] = []
    under_way: list[str] = []
    notices: list[Explanation] = []
    outcomes: list[Reconciled] = []
    for message in status.messages:
        notices += await _lost_text(engine, status.incident, message)
        for outcome in message.outcomes:
            if message.approved_at is None:
                continue
            if not outcome.state.settled:
                under_way.append(f"message {message.number} on {outcome.destination}")
                await _wake(engine, status.incident, message.number, outcome)
            elif outcome.audience is None:
                known = await _compare_post(engine, status.incident, message, outcome)
                outcomes.append(Reconciled(message=message.number, outcome=known))
            else:
                compared = await compare_broadcast(engine, status.incident, message, outcome)
                in_doubt += compared.in_doubt
                notices += compared.notices
                known = await ended(engine, status.incident, message, outcome, compared)
                outcomes.append(Reconciled(message=message.number, outcome=known))
    return Comparison(
        incident=status.incident,
        in_doubt=tuple(in_doubt),
        under_way=tuple(under_way),
        notices=tuple(notices),
        outcomes=tuple(outcomes),
    )


async def _compare_post(
    engine: Engine, slug: str, message: MessageStatus, outcome: Outcome
) -> Outcome:
    """Enter a post as its incident knows it; what is uncertain is looked for before any retry."""
    ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
    since = message.approved_at or message.proposed_at
    receipt = await doubts.enter_post(
        await engine.ledger(), ref, message.digest, outcome, since, datetime.now(UTC)
    )
    if receipt is not None and outcome.state is PublicationState.UNKNOWN:
        return Outcome.at(outcome.destination, PublicationState.ACCEPTED, receipt=receipt)
    if outcome.state is PublicationState.UNKNOWN:
        why = Explanation(
            what="The ledger had forgotten what became of it.",
            means="It may be public.",
            next_step=outcome.destination.step(Action.RETRY, ref, "A retry looks for it first."),
        )
        return outcome.model_copy(update={"explanation": why, "uncertain": True, "begun": None})
    return never_begun(ref, outcome)


async def _lost_text(engine: Engine, slug: str, message: MessageStatus) -> list[Explanation]:
    """That the text of a message went with the ledger, if it did: no history has it."""
    ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
    if await messages.find_revision(await engine.ledger(), ref) is not None:
        return []
    waits = message.phase in (
        MessagePhase.WAITING,
        MessagePhase.REJECTED,
        MessagePhase.EXPIRED,
    )
    means = "It cannot be signed." if waits else "What went out is known by its outcome alone."
    step = NextStep(
        action=Action.WITHDRAW if waits else None,
        incident=slug,
        message=message.number,
        advice="Propose it again under a new number, once you have withdrawn it."
        if waits
        else "Propose a new message for whatever is still to be said.",
    )
    what = f"The text of message {message.number} is lost with the ledger."
    return [Explanation(what=what, means=means, next_step=step)]


async def _wake(engine: Engine, slug: str, number: int, outcome: Outcome) -> None:
    """Let a paused broadcast notice that the ledger is locked, so that it ends."""
    if outcome.audience is None:
        return
    child = publication_workflow_id(slug, number, outcome.channel, outcome.audience)
    with contextlib.suppress(RPCError):
        await (await engine.temporal()).get_workflow_handle(child).signal("resume")
