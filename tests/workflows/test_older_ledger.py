"""A ledger that was restored, and a Temporal that was lost, as the workflows see them."""

from __future__ import annotations

import pytest

from domain.explanation import Explanation
from domain.ids import MAIN_QUEUE, incident_workflow_id
from domain.incident import IncidentState
from domain.ledger import KnownLedger, says_behind
from domain.playbook import BroadcastPlan, Playbook
from domain.publication import Destination, Outcome, PublicationState
from domain.status import IncidentStatus, MessageStatus
from tests.deadline import eventually
from tests.workflows.plan import a_plan
from tests.workflows.response import Refusal, Response, outcome, person, state
from workflows.contract.lifecycle import OpenIncident
from workflows.contract.steering import Reconcile, Reconciled, RetryChannel
from workflows.incident import IncidentWorkflow

S = PublicationState
MAIL = Destination(channel="email", audience="customers")


def mail() -> Playbook:
    return a_plan(channels=("email",), broadcast=BroadcastPlan(batch_size=10, in_flight=2))


def retry(channel: str) -> RetryChannel:
    return RetryChannel(message=1, actor=person("maya"), channel=channel)


async def interrupted(response: Response, mails: int = 400) -> None:
    """So many mails on their way, of which some have left when the ledger is restored."""
    response.world.mail.recipients = mails
    response.world.mail.hands_back_after = 1
    held = response.world.mail.holds()
    await response.open(mail())
    await response.decide(await response.propose(), "noor")
    await response.world.mail.reached.wait()
    response.world.is_restored(response.slug)
    held.set()
    await response.settled()


async def test_a_broadcast_whose_ledger_was_restored_ends_unknown_and_locks_its_incident(
    response: Response,
) -> None:
    await interrupted(response)
    sent = len(response.world.mail.sent)

    mailed = outcome(await response.message(), "email")
    status = await eventually(response.status, lambda now: now.locked is not None)

    assert (mailed.state, says_behind(mailed.explanation)) == (S.UNKNOWN, True)
    assert says_behind(status.locked)
    assert len(await response.says("ledger behind")) == 1
    with pytest.raises(Refusal, match="forgotten"):
        await response.tell("retry_channel", retry("email"), MessageStatus)
    assert len(response.world.mail.sent) == sent


async def test_what_was_never_handed_out_is_known(response: Response) -> None:
    await interrupted(response, 4_000)
    begun = outcome(await response.message(), "email").begun
    assert begun is not None
    assert 1 <= begun.handed_out < 400


async def test_nothing_is_proposed_and_nothing_new_begins_while_it_is_locked(
    response: Response,
) -> None:
    await response.open(a_plan())
    message = await response.propose()
    response.world.is_restored(response.slug)
    with pytest.raises(Refusal, match="forgotten"):
        await response.propose()
    await response.decide(message, "noor")

    settled = await response.settled()

    # Nothing of it was begun, so it is no question whether it went out.
    assert (state(settled, "twitter"), state(settled, "facebook")) == (S.REFUSED, S.REFUSED)
    assert response.world.public() == []


async def test_an_incident_goes_on_with_the_ledger_that_was_compared(response: Response) -> None:
    await interrupted(response)
    world = response.world
    world.behind = None
    known = Outcome.at(MAIL, S.PARTLY_ACCEPTED, Explanation(what="10 of 400 accepted."))
    order = Reconcile(
        actor=person("maya"),
        generation=world.generation,
        outcomes=(Reconciled(message=1, outcome=known),),
    )

    status = await response.tell("reconcile", order, IncidentStatus)
    assert (status.locked, state(await response.message(), "email")) == (None, S.PARTLY_ACCEPTED)
    await response.tell("retry_channel", retry("email"), MessageStatus)

    assert state(await response.settled(), "email") is S.ACCEPTED
    assert sorted(world.mail.sent) == list(range(1, 41))
    again = await eventually(response.status, lambda now: now.ledger.generation == "second")
    assert again.locked is None


async def test_what_a_person_says_of_batches_is_recorded_before_all_is_known(
    response: Response,
) -> None:
    await interrupted(response)
    said = Reconcile(actor=person("maya"), seen=("message 1, 2 batches 3, 4: went out",))
    status = await response.tell("reconcile", said, IncidentStatus)
    assert status.locked is not None
    assert await response.says("settled") == ["maya: message 1, 2 batches 3, 4: went out"]


async def test_an_incident_that_was_lost_goes_on_from_its_snapshot(response: Response) -> None:
    """The gate, who signed and what is out are there; what was under way is begun again."""
    response.world.mail.recipients = 400
    response.world.mail.hands_back_after = 1
    held = response.world.mail.holds()
    paced = BroadcastPlan(batch_size=10, in_flight=2)
    plan = a_plan(channels=("email", "twitter"), broadcast=paced)
    await response.open(plan)
    await response.decide(await response.propose(), "noor")
    await response.until(lambda one: state(one, "twitter") is S.ACCEPTED)
    waiting = await response.propose()
    await eventually(_of(response), lambda kept: f'"{waiting.digest}"' in kept)
    await response.handle.terminate("its database was lost")
    held.set()

    lost = IncidentState.model_validate_json(
        response.world.snapshot.removesuffix("}") + f',"plan":{plan.model_dump_json()}}}'
    )
    last = max(response.world.timeline)
    entries = tuple(response.world.timeline[seq] for seq in range(1, last + 1))
    await response.client.start_workflow(
        IncidentWorkflow.run,
        OpenIncident(
            incident=response.slug,
            title=lost.title,
            opened_by=lost.opened_by,
            plan=plan,
            templates=lost.templates,
            carried=lost,
            timeline=entries,
            recorded=last,
            known=KnownLedger(generation="first"),
            recovered=True,
        ),
        id=incident_workflow_id(response.slug),
        task_queue=MAIN_QUEUE,
    )

    message = await response.settled()
    assert (state(message, "email"), state(message, "twitter")) == (S.ACCEPTED, S.ACCEPTED)
    assert response.world.public("twitter") == [1]
    assert sorted(response.world.mail.sent) == list(range(1, 41))
    assert (await response.message(2)).digest == waiting.digest
    assert len(await response.says("recovered")) == 1
    recorded = await eventually(
        _timeline(response), lambda seqs: seqs == list(range(1, len(seqs) + 1)) and len(seqs) > last
    )
    assert recorded


def _of(response: Response):  # type: ignore[no-untyped-def]
    async def snapshot() -> str:
        return response.world.snapshot

    return snapshot


def _timeline(response: Response):  # type: ignore[no-untyped-def]
    async def seqs() -> list[int]:
        return sorted(response.world.timeline)

    return seqs
