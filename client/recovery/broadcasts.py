"""What a restored ledger has forgotten of one broadcast, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError

from client.asking import queried
from client.broadcasts import only_channel
from client.engine import Engine
from client.messages import destination_of, message_of
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep, explained
from domain.ids import SUBSCRIBERS, MessageRef, publication_workflow_id
from domain.ledger import BegunAttempt, says_behind
from domain.model import Value
from domain.plural import plural
from domain.publication import SEEN_BY_A_PERSON, Destination, Outcome, PublicationState, Receipt
from domain.status import IncidentStatus, MessageStatus
from store.broadcasts import batch_outcomes, batches, broadcasts
from store.broadcasts.broadcasts import BroadcastRow
from store.broadcasts.progress import read_progress
from store.kernel.database import Database
from store.people.subscribers import choice_of
from store.record import messages
from store.recovery import doubts, locks
from workflows.contract.publications import BroadcastRun

_S = PublicationState


class BatchInDoubt(Value):
    """A batch of which nobody knows whether it went out, with what is known of it.

    ``key`` is what its request carried to the provider; other attempts have another last number.
    """

    message: int
    channel: str
    audience: str
    number: int
    recipients: int
    key: str
    began: datetime | None = None


class ComparedBroadcast(Value):
    """What a broadcast's plan in the ledger is, if it has one, and which batches are in doubt."""

    plan: BroadcastRow | None = None
    in_doubt: tuple[BatchInDoubt, ...] = ()
    notices: tuple[Explanation, ...] = ()


async def compare_broadcast(
    engine: Engine, slug: str, message: MessageStatus, outcome: Outcome
) -> ComparedBroadcast:
    """Enter what the broadcast's workflow and the provider's events know; the rest is in doubt."""
    ledger, place = await engine.ledger(), outcome.destination
    ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
    run = await _run_of(engine, ref, place)
    if outcome.begun is None and (run is None or not run.handed_out):
        # Nothing of it was ever handed out.
        plan = await broadcasts.find_broadcast(ledger, ref, place.channel, place.audience or "")
        return ComparedBroadcast(plan=plan)
    plan = await _plan_of(ledger, ref, place, message, run)
    if plan is None:
        return ComparedBroadcast(notices=(_no_plan(message, outcome, run),))
    handed_out = max(outcome.begun.handed_out if outcome.begun else 0, run.handed_out if run else 0)
    since = message.approved_at or message.proposed_at
    if plan.key not in await locks.compared(ledger, slug):
        if not await _all_went_out(ledger, plan, outcome, run):
            await doubts.doubt_batches(ledger, plan.id, handed_out or plan.batches, since)
        await locks.note_compared(ledger, slug, plan.key)
    await batch_outcomes.settle_by_events(ledger, plan.id)
    if message.phase.called_off:
        await broadcasts.stop(ledger, plan.id, datetime.now(UTC))
    return ComparedBroadcast(
        plan=plan,
        in_doubt=tuple(
            BatchInDoubt(
                message=message.number,
                channel=place.channel,
                audience=place.audience or "",
                number=row.number,
                recipients=row.size,
                key=row.key,
                began=row.started_at,
            )
            for row in await batch_outcomes.unknown_batches(ledger, plan.id)
        ),
    )


async def settle_batches(
    ledger: Database,
    status: IncidentStatus,
    number: int,
    channel: str,
    audience: str | None,
    went_out: Sequence[int],
    did_not: Sequence[int],
) -> None:
    """Enter what a person saw of batches that are in doubt; ``DomainError`` for any other."""
    message = message_of(status, number)
    channel = channel or only_channel(message)
    place = destination_of(message, channel, audience)
    ref = MessageRef(incident=status.incident, number=number, revision=message.revision)
    plan = await broadcasts.find_broadcast(ledger, ref, channel, place.audience or "")
    known = set(await doubts.numbers_of_unknown(ledger, plan.id)) if plan else set()
    strange = sorted({*went_out, *did_not} - known) or sorted({*went_out} & {*did_not})
    if plan is None or strange:
        raise DomainError(
            f"Batch {', '.join(map(str, strange))} of message {number} on {place} is not in doubt, "
            "or was named twice: nothing was entered.",
            NextStep(action=Action.RECOVER_LEDGER, incident=status.incident),
        )
    now = datetime.now(UTC)
    for batch in went_out:
        receipt = Receipt(id=SEEN_BY_A_PERSON, at=now)
        await batches.accept_batch(ledger, plan.id, batch, receipt, now)
    for batch in did_not:
        await batch_outcomes.release_batch(ledger, plan.id, batch)


async def ended(
    engine: Engine, slug: str, message: MessageStatus, outcome: Outcome, found: ComparedBroadcast
) -> Outcome:
    """The outcome of a broadcast by the ledger, once nothing of it is in doubt."""
    place, ledger = outcome.destination, await engine.ledger()
    if found.notices:
        # Nobody can say any more who is left: nothing more of it is sent.
        state = _S.ACCEPTED if outcome.state is _S.ACCEPTED else _S.WITHDRAWN
        return Outcome.at(place, state, found.notices[0])
    ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
    if found.plan is None:
        return never_begun(ref, outcome)
    reached = await read_progress(ledger, found.plan.id)
    not_sent = reached.recipients - reached.suppressed - reached.went_out - reached.refused
    people = plural(reached.recipients - reached.suppressed, "recipient")
    what = f"{reached.went_out:,} of {people} accepted, {not_sent:,} not sent."
    begun = None
    if outcome.begun is not None:
        begun = BegunAttempt(attempt=0, handed_out=outcome.begun.handed_out)
    if message.phase.called_off:
        known = Outcome.at(place, outcome.state, Explanation(what=what))
        state = _S.WITHDRAWN if outcome.state is _S.UNKNOWN else outcome.state
        return known.model_copy(update={"state": state, "begun": begun})
    if not not_sent:
        known = Outcome.at(place, _S.ACCEPTED, Explanation(what=what))
        return known.model_copy(update={"begun": begun})
    step = place.step(Action.RETRY, ref, "A retry sends it to the rest, and to nobody twice.")
    state = _S.PARTLY_ACCEPTED if reached.went_out else _S.REFUSED
    known = Outcome.at(place, state, Explanation(what=what, next_step=step))
    return known.model_copy(update={"begun": begun})


def never_begun(ref: MessageRef, outcome: Outcome) -> Outcome:
    """The outcome of something of which nothing was begun, once its ledger is not locked."""
    if says_behind(outcome.explanation):
        step = outcome.destination.step(Action.RETRY, ref, "Nothing went out. Send it now.")
        why = Explanation(what="The ledger was locked when it was to go out.", next_step=step)
        outcome = outcome.model_copy(update={"explanation": why})
    return outcome.model_copy(update={"begun": None})


async def _plan_of(
    ledger: Database,
    ref: MessageRef,
    place: Destination,
    message: MessageStatus,
    run: BroadcastRun | None,
) -> BroadcastRow | None:
    """The plan in the ledger; laid out once more if it was forgotten and comes out the same."""
    audience = place.audience or ""
    found = await broadcasts.find_broadcast(ledger, ref, place.channel, audience)
    if found is not None or run is None or not run.batch_size:
        return found
    document = await messages.find_revision(ledger, ref)
    if document is None or document.digest() != message.digest:
        return None
    cut, before = document.cut_for(audience)
    try:
        again = await broadcasts.plan(
            ledger,
            ref,
            place.channel,
            cut,
            run.batch_size,
            message.digest,
            datetime.now(UTC),
            None if audience == SUBSCRIBERS else document.offer,
            None,
            before,
            choice_of(document, audience),
        )
    except DomainError:
        return None
    same = (again.batches, again.planned, again.suppressed, again.elsewhere) == (
        run.batches,
        run.recipients,
        run.suppressed,
        run.elsewhere,
    )
    if same:
        return again
    # Its batches would not be those that went out.
    await broadcasts.stop(ledger, again.id, datetime.now(UTC))
    return None


async def _all_went_out(
    ledger: Database, plan: BroadcastRow, outcome: Outcome, run: BroadcastRun | None
) -> bool:
    """Enter all batches as accepted, if the broadcast's workflow has counted all of them."""
    counted = run is not None and not run.unknown_batches and not run.not_sent
    if outcome.state is not _S.ACCEPTED or not counted:
        return False
    now = datetime.now(UTC)
    await doubts.doubt_batches(ledger, plan.id, plan.batches, now)
    receipt = Receipt(id="counted-by-its-workflow", at=now)
    for number in await doubts.numbers_of_unknown(ledger, plan.id):
        await batches.accept_batch(ledger, plan.id, number, receipt, now)
    return True


async def _run_of(engine: Engine, ref: MessageRef, place: Destination) -> BroadcastRun | None:
    """What the broadcast's workflow knows, running or ended; None if nobody can be asked."""
    child = publication_workflow_id(ref.incident, ref.number, place.channel, place.audience)
    handle = (await engine.temporal()).get_workflow_handle(child)
    try:
        return await queried(handle, "progress", BroadcastRun)
    except (RPCError, WorkflowQueryFailedError):
        return None


def _no_plan(message: MessageStatus, outcome: Outcome, run: BroadcastRun | None) -> Explanation:
    told = f"{run.accepted:,} of {plural(run.recipients, 'recipient')} accepted" if run else ""
    counted = f", as its workflow counted: {told}" if told else ""
    return explained(
        f"The ledger has forgotten to whom message {message.number} went on "
        f"{outcome.destination}{counted}.",
        "Propose a new message if the others have to be told; some will then have both.",
        means="Nothing more of it is sent, because nobody can say who is left.",
    )
