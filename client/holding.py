"""Holding statements: having them approved in peace, and releasing one on the day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from client import messages
from client.asking import incident_status, live_status, tell
from client.engine import Engine
from client.errors import EndedUnclosed, UnknownIncident
from client.incident_plan import plan_of
from client.incidents import open_incident
from client.playbooks import installed, read_files
from domain.actor import Actor
from domain.holding import WARNED_BEFORE, HoldingForms, Statement
from domain.ids import MessageRef
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.model import Value
from domain.playbook_files import examine_playbook
from domain.stage import Stage
from domain.status import IncidentStatus, MessageStatus
from settings import Settings
from store.kernel.database import Database
from store.record import holding, incidents
from store.record import messages as stored_messages
from store.record.incidents import IncidentRow
from workflows.contract.writing import Release

_MOST_A_DAY = 20


class ApprovedView(Value):
    """The statements of a playbook that are approved, and in which message that was."""

    ref: MessageRef
    digest: str
    forms: HoldingForms
    approved_at: datetime
    newest: bool
    expired: bool
    ends_soon: bool


class ReleaseOffer(Value):
    """One statement that could be released now; ``promise`` is suggested for the next word."""

    statement: Statement
    promise: datetime | None = None


class PreparedStatements(Value):
    """An installed playbook with holding statements.

    ``waiting`` is the open incident in which they were proposed; "" if there is none, also if one
    was only opened for them.
    """

    playbook: str
    waiting: str = ""


async def prepared_statements(engine: Engine) -> list[PreparedStatements]:
    """The installed playbooks whose holding statements can be put before their gate."""
    names = await asyncio.to_thread(_with_statements, engine.settings)
    ledger = await engine.ledger()
    listed = await incidents.list_incidents(ledger)
    found = []
    for one in names:
        waiting = await _proposed_in(ledger, _open_ones(listed, one))
        found.append(PreparedStatements(playbook=one, waiting=waiting))
    return found


async def propose_holding(
    engine: Engine, files: Mapping[str, str], playbook: str, *, actor: Actor
) -> tuple[str, MessageStatus]:
    """Put the statements of a playbook before their gate, in an incident of their own.

    That incident says nothing to anybody: it is where the approval is recorded. Returns its name
    with the message, which is signed like any other. One that is open already for the same
    ``files`` is used again, with the message that waits there: asking twice, or once more after
    only the incident was opened, makes no second one.
    """
    status = await _open_for(engine, files, playbook)
    if status is None:
        opened = await open_incident(
            engine,
            slug=await _free_name(engine, playbook),
            title=_title(playbook),
            files=files,
            actor=actor,
            watched=False,
        )
        status = opened.status
    kind, slug = MessageKind.HOLDING_STATEMENTS, status.incident
    for one in status.messages:
        if one.kind is kind and one.phase is MessagePhase.WAITING:
            return slug, one
    return slug, await messages.propose(engine, slug, kind, actor=actor)


async def approved_statements(engine: Engine) -> list[ApprovedView]:
    """Every approval that holds or has expired, the newest first."""
    now, seen, found = datetime.now(UTC), set[str](), []
    for one in await holding.approved(await engine.ledger()):
        until = one.forms.valid_until
        found.append(
            ApprovedView(
                **dict(one),
                newest=one.forms.playbook not in seen,
                expired=now > until,
                ends_soon=until - WARNED_BEFORE < now <= until,
            )
        )
        seen.add(one.forms.playbook)
    return found


async def offers(engine: Engine, slug: str) -> list[ReleaseOffer]:
    """The statements that say something new in an incident now; none while none is approved."""
    status = await incident_status(engine, slug)
    approved = await holding.newest_approved(await engine.ledger(), status.playbook)
    if approved is None or datetime.now(UTC) > approved.forms.valid_until:
        return []
    told = {one.kind for one in status.messages if one.told}
    if MessageKind.RESOLUTION_NOTE in told:
        return []
    return [
        ReleaseOffer(statement=one, promise=status.suggested_promise)
        for one in approved.forms.statements
        if (one.kind is MessageKind.ANNOUNCEMENT) is not (MessageKind.ANNOUNCEMENT in told)
    ]


async def release(
    engine: Engine,
    slug: str,
    statement: str,
    *,
    actor: Actor,
    blanks: Mapping[str, str],
    next_update_by: datetime | None = None,
) -> MessageStatus:
    """Publish a statement that was approved in advance, with these values in its blanks.

    Nobody signs it any more. Raises ``DomainError`` if ``actor`` may not release it, if it is not
    approved or has expired, and for a value that was not approved.
    """
    asked = Release(
        statement=statement, actor=actor, blanks=dict(blanks), next_update_by=next_update_by
    )
    return await tell(engine, slug, "release", asked, MessageStatus)


async def _open_for(
    engine: Engine, files: Mapping[str, str], playbook: str
) -> IncidentStatus | None:
    """The incident that is open for the statements in ``files``; None if there is none."""
    listed = await incidents.list_incidents(await engine.ledger())
    for row in _open_ones(listed, playbook):
        try:
            status = await live_status(engine, row.slug)
        except (EndedUnclosed, UnknownIncident):
            # Nothing can be proposed in it any more, whatever the ledger has.
            continue
        # An incident keeps the plan that it was opened with: what was edited since needs another.
        found = await plan_of(engine, status)
        if status.stage is not Stage.CLOSED and found is not None and found[1] == files:
            return status
    return None


async def _proposed_in(ledger: Database, rows: Sequence[IncidentRow]) -> str:
    for row in rows:
        kinds = {one.kind for one in await stored_messages.list_messages(ledger, row.slug)}
        if MessageKind.HOLDING_STATEMENTS in kinds:
            return row.slug
    return ""


def _open_ones(listed: Sequence[IncidentRow], playbook: str) -> list[IncidentRow]:
    return [one for one in listed if one.closed_at is None and one.title == _title(playbook)]


async def _free_name(engine: Engine, playbook: str) -> str:
    day = datetime.now(UTC)
    taken = {row.slug for row in await incidents.list_incidents(await engine.ledger())}
    first = f"holding-{playbook[:24].strip('-')}-{day:%Y%m%d}"
    names = [first, *(f"{first}-{number}" for number in range(2, _MOST_A_DAY))]
    return next((one for one in names if one not in taken), first)


def _title(playbook: str) -> str:
    return f"Holding statements of {playbook}"


def _with_statements(settings: Settings) -> list[str]:
    plans = {one: examine_playbook(read_files(settings, one)).plan for one in installed(settings)}
    return [name for name, plan in plans.items() if plan is not None and plan.holding is not None]
