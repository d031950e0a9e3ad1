"""The paths through an incident whose histories are kept: one for each way things can go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from pydantic_core import from_json

from activities.signatures.on_call import FoundPeople
from activities.signatures.record import TimelineRecorded
from domain.broadcasting import BroadcastAction
from domain.explanation import Explanation
from domain.gate import Verdict
from domain.ids import MAIN_QUEUE
from domain.incident import IncidentState
from domain.ledger import KnownLedger
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.notifications import NotificationState
from domain.playbook import BroadcastPlan
from domain.promise_clock import PromiseState
from domain.publication import Destination, Outcome, PublicationState
from domain.severity import Severity
from domain.status import Decided, IncidentStatus, MessageStatus
from domain.timeline import BRANCHED, RESTORED, RecordHead
from tests.deadline import eventually
from tests.workflows import test_promise_clock as promise_clock
from tests.workflows.mailing import Answer
from tests.workflows.plan import ONE_SIGNATURE, POSTS, TWO_WITH_SECURITY, a_plan
from tests.workflows.response import Refusal, Response, person, state, why
from tests.workflows.test_deadlines import gdpr
from tests.workflows.test_escalation import (
    EVERYBODY,
    HOUR,
    RELEASING,
    broken,
    ended,
    news,
    opened,
    stands,
)
from tests.workflows.test_failing_fallback import says as said
from tests.workflows.test_promise_clock import MINUTE, now, promise, promised
from tests.workflows.test_reply_rules import has_opening, replying
from tests.workflows.test_stopping import resume, stopped
from tests.workflows.world import (
    LOST_AFTER_PUBLISHING,
    LOST_BEFORE_PUBLISHING,
    REFUSES,
    throttles,
)
from workflows.contract.lifecycle import OpenIncident, SetSeverity
from workflows.contract.names import INCIDENT_WORKFLOW
from workflows.contract.signing import Delegate, ReviewGate
from workflows.contract.steering import Reconcile, Reconciled, RetryChannel, SteerBroadcast
from workflows.contract.writing import NoteNotified, Release, Revise

TWITTER = ("twitter",)


async def approved(response: Response) -> None:
    """Signed by signal, refused on one channel, tried again there, resolved and made good."""
    response.world.provider("twitter", REFUSES)
    await response.open(a_plan(gate=TWO_WITH_SECURITY))
    message = await response.propose()
    await response.approve(message, "noor")
    await response.approve(message, "sam")
    await response.approve(message, "ines")
    await response.settled()
    retry = RetryChannel(message=1, channel="twitter", actor=person("maya"))
    await response.tell("retry_channel", retry, MessageStatus)
    await response.settled()
    await response.know("fix", "prevention", "prevention_owner", "prevention_due")
    for number, kind in enumerate((MessageKind.RESOLUTION_NOTE, MessageKind.GOODWILL_OFFER), 2):
        following = await response.propose(kind)
        await response.decide(following, "noor")
        await response.decide(following, "ines")
        await response.settled(number)
    await response.close()


async def rejected_and_revised(response: Response) -> None:
    """Rejected, revised and signed; a progress update overtakes the one before."""
    response.world.provider("facebook", REFUSES)
    await response.open()
    first = await response.propose()
    await response.decide(first, "tomas", verdict=Verdict.REJECT, reason="says too much")
    revised = await response.tell("revise", Revise(message=1, actor=person("maya")), MessageStatus)
    await response.decide(revised, "tomas")
    await response.settled()
    await response.propose(MessageKind.PROGRESS_UPDATE)
    await response.publish(MessageKind.PROGRESS_UPDATE)
    await response.close()


async def escalated(response: Response) -> None:
    """Reminded, passed over, acknowledged, held; signed by whoever was asked last; then expired."""
    response.world.unreachable = {"noor"}
    await opened(response, ONE_SIGNATURE)
    await stands(response, "ask")
    for rung in ("remind", "deputy", "next_role"):
        await response.time_passes(HOUR)
        await stands(response, rung)
    await news(response, "tomas", NotificationState.ACKNOWLEDGED, "gate/1/1")
    await response.decide(await response.message(), "tomas")
    await response.settled()
    await ended(response)
    await response.close()


async def out_of_policy(response: Response) -> None:
    """Delegated for a time, expired, revised, and opened out of policy by two people."""
    gate = ONE_SIGNATURE.model_copy(update={"expires_after": timedelta(hours=2)})
    now = (await response.open(a_plan(gate=gate))).opened_at
    until = now + timedelta(hours=1)
    delegation = Delegate(holder="ines", to="sam", until=until, actor=person("ines"))
    await response.tell("delegate", delegation, IncidentStatus)
    await response.propose()
    await response.time_passes(timedelta(hours=1))
    await eventually(
        lambda: response.says("delegation ended"), lambda found: found, otherwise="it goes on"
    )
    await response.time_passes(timedelta(hours=1))
    await response.until(lambda one: one.phase is MessagePhase.EXPIRED)
    revised = await response.tell("revise", Revise(message=1, actor=person("maya")), MessageStatus)
    for one in ("sam", "lee"):
        await response.tell("break_glass", broken(revised, one), Decided)
    await response.settled()
    review = ReviewGate(message=1, actor=person("noor"), note="It could not wait.")
    await response.tell("review_gate", review, MessageStatus)
    await response.close()


async def reply_rules(response: Response) -> None:
    """Reply rules are signed twice, the second time after a fact has changed, then withdrawn."""
    await response.open(replying())
    await response.publish()
    for number in (2, 3):
        rules = await response.propose(MessageKind.REPLY_RULES)
        await response.decide(rules, "noor")
        await has_opening(response, number)
        await response.know("fix")
    await response.withdraw(await response.message(3))
    await response.close()


async def promise_kept_by_fallback(response: Response) -> None:
    """Reminded, escalated, kept by the statement that goes out by itself; then resolved."""
    response.world.people_as["comms_lead"] = FoundPeople(deputies=("tomas",), others=("noor",))
    await response.open(a_plan(holding=True), severity=Severity.MAJOR)
    severe = SetSeverity(severity=Severity.CRITICAL, actor=person("noor"), reason="It is worse.")
    await response.tell("set_severity", severe, IncidentStatus)
    said = Release(
        statement="first_word",
        actor=person("maya"),
        blanks={"what": "odd posts"},
        next_update_by=datetime.now(UTC) + timedelta(minutes=20),
    )
    await response.tell("release", said, MessageStatus)
    await response.until(lambda one: one.told)
    for minutes, asked in ((11, 1), (5, 2), (5, 3)):
        await response.time_passes(timedelta(minutes=minutes))
        await eventually(partial(_asked, response), lambda many, least=asked: many >= least)
    await response.time_passes(timedelta(minutes=10))
    await eventually(response.status, lambda one: one.scorecard.kept_by_fallback == 1)
    await response.know("fix", "prevention", "prevention_owner", "prevention_due")
    await response.publish(MessageKind.RESOLUTION_NOTE)
    await eventually(response.status, lambda one: one.scorecard.open == 0)
    await response.close()


async def statement_tried_again(response: Response) -> None:
    """The ledger was away: out in the end, then broken and out late; beside a resolution none."""
    await promise_clock.opened(response)
    await promised(response, 15 * MINUTE)
    await response.time_passes(16 * MINUTE)
    for number in (1, 2):
        due = (await promise(response, number, PromiseState.OPEN)).due
        response.world.away = True
        await response.time_passes(due - now(response) + 11 * MINUTE)
        await said(response, "promise late", number)
        if number == 2:
            await response.time_passes(11 * MINUTE)
            await promise(response, number, PromiseState.BROKEN)
        response.world.away = False
        await response.time_passes(5 * MINUTE)
        await response.until(lambda one: one.told, number + 1)
    await said(response, "statement out late", 1)
    due = (await promise(response, 3, PromiseState.OPEN)).due
    await response.know("fix", "prevention", "prevention_owner", "prevention_due")
    await response.time_passes(due - now(response) + 9 * MINUTE)
    response.world.shut = True
    resolution = await response.propose(MessageKind.RESOLUTION_NOTE)
    await response.decide(resolution, "noor")
    await response.time_passes(2 * MINUTE)
    await said(response, "promise late", 3)
    response.world.shut = False
    await response.time_passes(MINUTE)
    await promise(response, 3, PromiseState.KEPT)
    await response.settled(4)
    await response.close()


async def ladder_tried_again(response: Response) -> None:
    """The statement in place of a message that waits could not be rendered at first."""
    response.world.people = EVERYBODY
    await response.open(a_plan(holding=True, escalation=RELEASING), severity=Severity.CRITICAL)
    await response.publish()
    await response.propose(MessageKind.PROGRESS_UPDATE)
    await response.until(lambda one: one.asking and one.asking.rung == "ask", 2)
    await response.time_passes(HOUR)
    await response.until(lambda one: one.asking and one.asking.rung == "deputy", 2)
    response.world.away = True
    await response.time_passes(HOUR)
    await said(response, "not released yet", 1)
    response.world.away = False
    await response.time_passes(5 * MINUTE)
    await response.until(lambda one: one.told, 3)
    await response.close("a drill")


async def _asked(response: Response) -> int:
    return sum(one.about == "promise/1" for one in response.world.asked)


async def reconciled_found(response: Response) -> None:
    """An answer was lost, and the post was found."""
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    await response.open(a_plan(channels=TWITTER))
    await response.publish()
    await response.close()


async def reconciled_absent(response: Response) -> None:
    """An answer was lost, the post was absent, and was sent again."""
    response.world.provider("twitter", LOST_BEFORE_PUBLISHING)
    await response.open(a_plan(channels=TWITTER))
    await response.publish()
    await response.close()


async def refused_after_a_lost_answer(response: Response) -> None:
    """The list lagged, the next attempt was refused, and a retry found the first post."""
    response.world.provider("twitter", LOST_AFTER_PUBLISHING, REFUSES)
    response.world.lags("twitter")
    await response.open(a_plan(channels=TWITTER))
    await response.publish()
    response.world.lags("twitter", lagging=False)
    retry = RetryChannel(message=1, channel="twitter", actor=person("maya"))
    await response.tell("retry_channel", retry, MessageStatus)
    await response.settled()
    await response.close()


async def refused_and_withdrawn(response: Response) -> None:
    """Refused on one channel, taken back on the other; an approval that came too late."""
    response.world.provider("twitter", REFUSES)
    await response.open()
    message = await response.publish()
    await response.withdraw(message)
    with suppress(Refusal):
        await response.decide(message, "ines")
    await response.close()


async def broadcast_stopped_half_way(response: Response) -> None:
    """The provider closed the account in the middle of the mail, and a retry sent the rest."""
    response.world.mail.recipients = 240
    response.world.mail.batch(12, Answer.ACCOUNT_CLOSED)
    plan = BroadcastPlan(batch_size=10, in_flight=2)
    await response.open(a_plan(channels=("email",), broadcast=plan))
    await response.publish()
    retry = RetryChannel(message=1, channel="email", actor=person("maya"))
    await response.tell("retry_channel", retry, MessageStatus)
    await response.settled()
    await response.close()


async def withdrawn(response: Response) -> None:
    """Withdrawn while throttled on one channel; taken back on another."""
    response.world.provider("twitter", throttles(timedelta(minutes=15)))
    await response.open()
    message = await response.propose()
    await response.decide(message, "noor")
    await response.until(lambda one: state(one, "facebook") is PublicationState.ACCEPTED)
    await eventually(lambda: _throttled(response))
    await response.withdraw(message)
    await response.close()


async def closed_with_waiver(response: Response) -> None:
    """Closed over an outcome that nobody knows and a message that waits."""
    response.world.provider("twitter", LOST_AFTER_PUBLISHING)
    response.world.cannot_be_read("twitter")
    await response.open(a_plan(channels=TWITTER))
    await response.publish()
    await response.propose()
    await response.close(waive="the account is gone")


async def broadcast_by_two_activities(response: Response) -> None:
    """The requests of a broadcast are made by two activities, after the first batch."""
    response.world.mail.recipients = 450
    plan = BroadcastPlan(batch_size=10, in_flight=16)
    await response.open(a_plan(channels=("email",), broadcast=plan))
    await response.publish()
    await response.close()


async def broadcast_settled_by_events(response: Response) -> None:
    """Mail of which one batch was settled by an event, and one sent again after the window."""
    response.world.mail.recipients = 240
    response.world.mail.batch(3, Answer.LOST_AFTER_SENDING)
    response.world.mail.batch(9, Answer.LOST_BEFORE_SENDING)
    response.world.mail.event_proves(3)
    plan = BroadcastPlan(batch_size=10, in_flight=2, unknown_window=timedelta(seconds=1))
    await response.open(a_plan(channels=("email",), broadcast=plan))
    await response.publish()
    await response.close()


async def broadcast_paused(response: Response) -> None:
    """Mail that was paused with ranges on the wire, and resumed."""
    held = response.world.mail.holds()
    response.world.mail.recipients = 240
    plan = BroadcastPlan(batch_size=10, in_flight=2)
    await response.open(a_plan(channels=("email",), broadcast=plan))
    await response.decide(await response.propose(), "noor")
    await response.world.mail.reached.wait()
    for action in (BroadcastAction.PAUSE, BroadcastAction.RESUME):
        said = SteerBroadcast(message=1, actor=person("maya"), action=action, channel="email")
        await response.tell("steer_broadcast", said, MessageStatus)
        await eventually(partial(_steered, response, action))
        held.set()
    await response.settled()
    await response.close()


async def broadcast_withdrawn(response: Response) -> None:
    """Mail that was withdrawn with ranges on the wire."""
    held = response.world.mail.holds()
    response.world.mail.recipients = 900
    await response.open(
        a_plan(channels=("email",), broadcast=BroadcastPlan(batch_size=10, in_flight=2))
    )
    message = await response.propose()
    await response.decide(message, "noor")
    await response.world.mail.reached.wait()
    await response.ask_to_withdraw(message)
    await eventually(lambda: _stopped(response))
    held.set()
    await response.withdraw(message)
    await response.close()


async def stopped_and_resumed(response: Response) -> None:
    """Everything was stopped before it began, was in the record, and went out when resumed."""
    response.world.mail.recipients = 40
    mail = BroadcastPlan(batch_size=10, in_flight=2)
    plan = a_plan(channels=("twitter", "email"), broadcast=mail)
    await response.open(plan)
    stop = stopped(response)
    await response.decide(await response.propose(), "noor")
    await response.until(
        lambda now: all("stopped by maya" in why(now, one) for one in ("twitter", "email"))
    )
    await response.handle.signal("stops_changed")
    await eventually(lambda: response.says("stopped everything"), bool)
    await resume(response, stop)
    await response.settled()
    await response.close()


async def several_audiences(response: Response) -> None:
    """A message on two post channels and to two audiences, with facts recorded before it."""
    response.audiences = ("customers", "page-subscribers")
    response.world.mail.recipients = 30
    await response.open(a_plan(channels=("email", *POSTS)))
    await response.know("summary")
    await response.publish()
    await response.close()


async def ledger_restored(response: Response) -> None:
    """The ledger was restored in the middle of a mailing, compared, and the rest was sent."""
    world = response.world
    world.mail.recipients, world.mail.hands_back_after = 40, 1
    held = world.mail.holds()
    paced = BroadcastPlan(batch_size=10, in_flight=1)
    await response.open(a_plan(channels=("email",), broadcast=paced))
    await response.decide(await response.propose(), "noor")
    await world.mail.reached.wait()
    world.is_restored(response.slug)
    held.set()
    await response.settled()
    await eventually(response.status, lambda now: now.locked is not None)
    world.behind = None
    some = Explanation(what="10 of 40 accepted.")
    mail = Destination(channel="email", audience="customers")
    compared = Reconcile(
        actor=person("maya"),
        generation=world.generation,
        outcomes=(
            Reconciled(message=1, outcome=Outcome.at(mail, PublicationState.PARTLY_ACCEPTED, some)),
        ),
        seen=("message 1, batch 1: went out",),
    )
    await response.tell("reconcile", compared, IncidentStatus)
    retry = RetryChannel(message=1, channel="email", actor=person("maya"))
    await response.tell("retry_channel", retry, MessageStatus)
    await response.settled()
    await response.close("a drill")


async def record_branched(response: Response) -> None:
    """The ledger had other entries, later it lacked some, and the record went on."""
    await response.open(a_plan(channels=TWITTER))
    await eventually(_recorded(response, 1))
    there = RecordHead(entries=7, hash="another")
    response.world.ledger_says.append(TimelineRecorded(head=there, diverges_at=2, next_branch=2))
    await response.know("summary")
    await eventually(lambda: response.entries(BRANCHED))
    await eventually(_recorded(response, 3))
    response.world.ledger_says.append(TimelineRecorded(behind=True))
    await response.know("scope")
    await eventually(lambda: response.says(RESTORED))
    await response.close("a drill")


async def recovered(response: Response) -> None:
    """Temporal lost the incident in the middle of a publication, and it went on."""
    plan = a_plan(channels=TWITTER)
    response.world.provider("twitter", throttles(timedelta(seconds=3)))
    await response.open(plan)
    await response.decide(await response.propose(), "noor")
    await eventually(_snapshot(response), lambda kept: '"under_way":{"twitter"' in kept)
    await response.handle.terminate("its database was lost")
    lost = IncidentState.model_validate(
        {**from_json(response.world.snapshot), "plan": plan.model_dump(mode="json")}
    )
    entries = tuple(response.world.timeline[seq] for seq in sorted(response.world.timeline))
    await response.client.start_workflow(
        INCIDENT_WORKFLOW,
        OpenIncident(
            incident=response.slug,
            title=lost.title,
            opened_by=lost.opened_by,
            plan=plan,
            templates=lost.templates,
            carried=lost,
            timeline=entries,
            recorded=entries[-1].seq,
            known=KnownLedger(generation=response.world.generation),
            recovered=True,
        ),
        id=response.handle.id,
        task_queue=MAIN_QUEUE,
    )
    await response.settled()
    await response.close("a drill")


async def continued(response: Response) -> None:
    """An incident and its mail that went on as new runs."""
    response.world.mail.recipients = 1_500
    plan = BroadcastPlan(batch_size=10, in_flight=3)
    await response.open(a_plan(channels=("email",), gate=TWO_WITH_SECURITY, broadcast=plan))
    message = await response.propose()
    await response.decide(message, "noor")
    for _ in range(12):
        await response.know("summary")
    await response.decide(message, "ines")
    await response.settled()
    await response.close()


async def deadlines_watched(response: Response) -> None:
    """Facts that deadlines count from were recorded and corrected, and an authority was told."""
    response.severity = Severity.CRITICAL
    await response.open(gdpr())
    await response.know("aware_at")
    await response.know("aware_at")
    await eventually(_watched(response))
    note = NoteNotified(actor=person("tomas"), step="gdpr33")
    await response.tell("authority_notified", note, IncidentStatus)
    await response.close("a drill")


Path = Callable[[Response], Awaitable[None]]

PATHS: tuple[Path, ...] = (
    approved,
    rejected_and_revised,
    escalated,
    out_of_policy,
    reconciled_found,
    reconciled_absent,
    refused_after_a_lost_answer,
    refused_and_withdrawn,
    withdrawn,
    closed_with_waiver,
    broadcast_by_two_activities,
    broadcast_settled_by_events,
    broadcast_paused,
    broadcast_withdrawn,
    broadcast_stopped_half_way,
    stopped_and_resumed,
    several_audiences,
    ledger_restored,
    record_branched,
    recovered,
    continued,
    reply_rules,
    deadlines_watched,
    promise_kept_by_fallback,
    statement_tried_again,
    ladder_tried_again,
)

SHORT_HISTORIES = (continued,)
"""Paths on a server that suggests to continue as new after few events."""


async def _throttled(response: Response) -> bool:
    row = response.world.rows.get((1, "twitter"))
    return row is not None and row.attempt > 0 and row.state is PublicationState.PLANNED


async def _steered(response: Response, action: BroadcastAction) -> bool:
    return response.world.mail.paused is (action is BroadcastAction.PAUSE)


def _watched(response: Response) -> Callable[[], Awaitable[int]]:
    async def asked() -> int:
        return len(response.world.watched)

    return asked


async def _stopped(response: Response) -> object:
    return response.world.mail.stopped


def _recorded(response: Response, many: int) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return len(response.world.recordings) >= many

    return asked


def _snapshot(response: Response) -> Callable[[], Awaitable[str]]:
    async def kept() -> str:
        return response.world.snapshot

    return kept
