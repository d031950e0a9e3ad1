"""Holding statements: having them approved in peace, and releasing one on the day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from client import messages
from client.asking import incident_status, tell
from client.engine import Engine
from client.incidents import open_incident
from client.playbooks import installed, read_files
from domain.actor import Actor
from domain.holding import WARNED_BEFORE, HoldingForms, Statement
from domain.ids import MessageRef
from domain.message import MessageKind
from domain.model import Value
from domain.playbook_files import examine_playbook
from domain.status import MessageStatus
from settings import Settings
from store.record import holding, incidents
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
    """An installed playbook with holding statements; ``waiting`` is the incident in which they wait
    for approval, if they do.
    """

    playbook: str
    waiting: str = ""


async def prepared_statements(engine: Engine) -> list[PreparedStatements]:
    """The installed playbooks whose holding statements can be put before their gate."""
    names = await asyncio.to_thread(_with_statements, engine.settings)
    waiting = {
        one.title: one.slug
        for one in await incidents.list_incidents(await engine.ledger())
        if one.closed_at is None
    }
    return [PreparedStatements(playbook=one, waiting=waiting.get(_title(one), "")) for one in names]


async def propose_holding(
    engine: Engine, files: Mapping[str, str], playbook: str, *, actor: Actor
) -> tuple[str, MessageStatus]:
    """Put the statements of a playbook before their gate, in an incident of their own.

    That incident says nothing to anybody: it is where the approval is recorded. Returns its name
    with the message, which is signed like any other.
    """
    slug = await _free_name(engine, playbook)
    await open_incident(
        engine,
        slug=slug,
        title=_title(playbook),
        files=files,
        actor=actor,
        watched=False,
    )
    message = await messages.propose(engine, slug, MessageKind.HOLDING_STATEMENTS, actor=actor)
    return slug, message


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
