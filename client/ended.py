"""An incident whose workflow somebody ended in Temporal: what became of what was under way.

What it knew when it ended grows old, since its publications go on without it. So their outcomes
are read from the ledger, and Temporal is asked whether their workflows are still there.
"""

from __future__ import annotations

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from client.engine import Engine
from client.mail_progress import MailProgress
from domain.explanation import Action, Explanation
from domain.ids import MessageRef, publication_workflow_id
from domain.publication import Outcome, PublicationState
from domain.status import IncidentStatus, MessageStatus
from store.outcomes import outcomes


async def outcomes_without_it(engine: Engine, status: IncidentStatus) -> IncidentStatus:
    """The status with the outcomes that the ledger has now, where they were still under way."""
    messages = [
        await _with_outcomes(engine, status.incident, message) for message in status.messages
    ]
    return status.model_copy(update={"messages": tuple(messages)})


def without_forecast(mail: MailProgress, status: IncidentStatus) -> MailProgress:
    """The mail without a time left, unless its broadcast goes on."""
    going_on = any(
        outcome.state is PublicationState.SENDING
        for message in status.messages
        if message.number == mail.message
        for outcome in message.outcomes
        if (outcome.channel, outcome.audience) == (mail.channel, mail.audience)
    )
    if going_on:
        return mail
    return mail.model_copy(update={"per_second": 0.0, "seconds_left": None})


async def _with_outcomes(engine: Engine, slug: str, message: MessageStatus) -> MessageStatus:
    if message.approved_at is None:
        return message
    found = [
        outcome if outcome.state.settled else await _now(engine, slug, message, outcome)
        for outcome in message.outcomes
    ]
    return message.model_copy(update={"outcomes": tuple(found)})


async def _now(engine: Engine, slug: str, message: MessageStatus, before: Outcome) -> Outcome:
    place = before.destination
    ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
    found = await outcomes.read(await engine.ledger(), ref, place)
    if found.outcome.state.settled:
        return found.outcome
    workflow_id = publication_workflow_id(slug, message.number, place.channel, place.audience)
    if await _is_running(engine, workflow_id):
        why = Explanation(what="It goes on without its incident.")
        return Outcome.at(place, PublicationState.SENDING, why)
    if not found.known:
        return before
    why = Explanation(
        what="Its workflow ended before it could say what happened.",
        means="Some of it may have gone out." if place.audience else "It may have gone out.",
        next_step=place.step(Action.AUDIT, ref),
    )
    return Outcome.at(place, PublicationState.UNKNOWN, why, uncertain=True)


async def _is_running(engine: Engine, workflow_id: str) -> bool:
    handle = (await engine.temporal()).get_workflow_handle(workflow_id)
    try:
        found = await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return found.status is WorkflowExecutionStatus.RUNNING
