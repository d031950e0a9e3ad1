"""Deadlines to authorities: how they stand, recording that one was met, and fact sheets.

Read from the ledger alone, so that they can be seen while Temporal is down and after the closing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from activities.signatures.deadlines import WatchDeadlines
from client.asking import tell
from client.engine import Engine
from client.errors import ClientError, UnknownIncident, WrongInput, explanation_of
from client.patience import soon
from domain.actor import Actor
from domain.deadlines import AuthorityNotified, Deadline, DeadlineState, deadlines
from domain.errors import DomainError
from domain.explanation import Explanation, explained
from domain.fact_sheet import FactSheet, fact_sheet
from domain.fact_values import read_moment, spell_moment
from domain.facts import TIME_FACTS, Facts
from domain.ids import MAIN_QUEUE, check_slug, deadlines_workflow_id
from domain.limits import REASON_LIMIT
from domain.model import Value
from domain.public_text import refuse_unfit
from domain.regulations.applying import REGULATIONS, regulation_named, step_named
from domain.regulations.rule import Regulation
from domain.roster import Role
from domain.status import IncidentStatus
from domain.times import UtcTime
from store.deadlines import grounds, notified
from store.deadlines.grounds import Grounds
from store.kernel.database import Database
from store.record import incidents, timeline
from store.record.incidents import IncidentRow
from workflows.contract.names import DEADLINES_WORKFLOW
from workflows.contract.writing import NoteNotified

_STARTED_WITHIN = timedelta(seconds=2)
_CLOCKS_APART = timedelta(minutes=5)
_NOTED = "authority notified"


class DeadlinesView(Value):
    """Every deadline of an incident ``at`` that time, and the regulations that they belong to.

    ``owner`` is the role that is reminded; None: nobody is.
    """

    incident: str
    title: str
    at: UtcTime
    owner: Role | None
    deadlines: tuple[Deadline, ...]
    regulations: tuple[Regulation, ...]


class NotifiedRecorded(Value):
    """What was recorded; ``untold`` is why the timeline does not say so, if it does not."""

    deadline: Deadline
    untold: Explanation | None = None


async def read_deadlines(engine: Engine, slug: str) -> DeadlinesView:
    """How the deadlines of an incident stand now; ``UnknownIncident`` if there is none."""
    ledger, now = await engine.ledger(), datetime.now(UTC)
    row = await _incident(ledger, slug)
    known = await grounds.read(ledger, slug)
    found = _counted(known, now)
    counts = {one.regulation for one in found}
    return DeadlinesView(
        incident=slug,
        title=row.title,
        at=now,
        owner=known.plan.owner,
        deadlines=tuple(found),
        regulations=tuple(one for one in REGULATIONS if one.id in counts),
    )


async def read_fact_sheet(engine: Engine, slug: str, regulation: str) -> FactSheet:
    """The fact sheet of one regulation, whether it counts for the incident or not."""
    ledger, now = await engine.ledger(), datetime.now(UTC)
    named, row = regulation_named(regulation), await _incident(ledger, slug)
    known = await grounds.read(ledger, slug)
    return fact_sheet(
        named,
        known.facts,
        _counted(known, now),
        incident=slug,
        title=row.title,
        company=known.company,
        made_at=now,
    )


async def record_notified(
    engine: Engine, slug: str, step: str, *, actor: Actor, at: str, reason: str = ""
) -> NotifiedRecorded:
    """Record that the authority was notified of ``step`` at a typed time; nothing is sent to it.

    Recording it anew corrects it. ``WrongInput`` if the time is none, or still to come;
    ``DomainError`` if it was late and the regulation asks for the reasons.
    """
    named, ledger, now = step_named(step), await engine.ledger(), datetime.now(UTC)
    row = await _incident(ledger, slug)
    said = AuthorityNotified(
        step=named.id,
        at=_typed_time(at, now),
        by=actor.person,
        reason=reason.strip(),
        recorded_at=now,
    )
    refuse_unfit(said.reason, "The reason", REASON_LIMIT)
    known = await grounds.read(ledger, slug)
    _refuse_stranger(known, actor)
    after = known.model_copy(update={"notified": (*known.notified, said)})
    found = next(one for one in _counted(after, now) if one.step == named.id)
    if found.reason_missing:
        raise DomainError(
            f"{found.title} was notified after its deadline, and the reasons for the delay are "
            "part of it.",
            "Give the reason, and record it again.",
            means="Nothing was recorded.",
        )
    new = await notified.enter(ledger, slug, said)
    late = found.state is DeadlineState.DONE_LATE
    note = NoteNotified(actor=actor, step=named.id, late=late)
    untold = await _note(engine, ledger, row, note, known, at=said.at, new=new)
    return NotifiedRecorded(deadline=found, untold=untold)


async def start_watching(temporal: Client, order: WatchDeadlines) -> bool:
    """Have an incident's deadlines be watched, or looked at again; false if Temporal is silent."""
    starting = temporal.start_workflow(
        DEADLINES_WORKFLOW,
        order,
        id=deadlines_workflow_id(order.incident),
        task_queue=MAIN_QUEUE,
        start_signal="changed",
    )
    try:
        await soon(starting, _STARTED_WITHIN)
    except (ClientError, RPCError):
        return False
    return True


def refuse_times_to_come(facts: Facts, now: datetime) -> None:
    """Raise ``WrongInput`` if something is said to have happened that cannot have happened yet."""
    ahead = [
        name
        for name in TIME_FACTS
        if (at := getattr(facts, name)) is not None and at > now + _CLOCKS_APART
    ]
    if ahead:
        raise WrongInput(
            f"{', '.join(ahead)} is still to come.",
            "Give the time at which it happened, with its zone.",
        )


async def _incident(ledger: Database, slug: str) -> IncidentRow:
    row = await incidents.find(ledger, check_slug(slug))
    if row is None:
        raise UnknownIncident(slug)
    return row


def _counted(known: Grounds, now: datetime) -> list[Deadline]:
    return deadlines(known.plan, known.facts, known.notified, now)


def _typed_time(text: str, now: datetime) -> datetime:
    try:
        at = read_moment(text)
    except ValueError as error:
        raise WrongInput(f"The time {error}.", "Write it like that.") from error
    if at is None:
        return now
    if at > now + _CLOCKS_APART:
        step = "Record it once the authority was notified."
        raise WrongInput("That time is still to come.", step)
    return at


def _refuse_stranger(known: Grounds, actor: Actor) -> None:
    if actor.person not in known.roster:
        raise DomainError(
            f"{actor.person[:40]!r} is not in this incident's roster.",
            f"It has {', '.join(sorted(known.roster))}.",
        )


async def _note(
    engine: Engine,
    ledger: Database,
    row: IncidentRow,
    note: NoteNotified,
    known: Grounds,
    *,
    at: datetime,
    new: bool,
) -> Explanation | None:
    """Have the timeline say it, or of a closed incident only whoever watches; why not, if not."""
    if row.closed_at is None and not new and await _is_noted(ledger, row.slug, note.step):
        return None
    try:
        if row.closed_at is None:
            await tell(engine, row.slug, "authority_notified", note, IncidentStatus)
        elif known.severity is not None:
            order = WatchDeadlines(incident=row.slug, severity=known.severity)
            await start_watching(await engine.temporal(), order)
    except Exception as error:
        why = explanation_of(error)
        if why is None:
            raise
        return explained(
            f"It is recorded, and the incident could not be told of it: {why.what}",
            f"Record it again when it answers, with the same time: {spell_moment(at)}.",
            means="Its timeline does not say so yet, and whoever was reminded is not told.",
        )
    return None


async def _is_noted(ledger: Database, slug: str, step: str) -> bool:
    entries = await timeline.read(ledger, slug)
    return any(one.what == _NOTED and f"({step})" in one.about for one in entries)
