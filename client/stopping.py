"""Stopping everything of an incident, and the way back.

The ledger comes first, since its own statements heed a stop whether Temporal answers or not. Then
the incident is told, for its timeline; what cannot be told now, the workers tell it later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from temporalio.service import RPCError

from client.engine import Engine
from client.errors import ClientError, UnknownIncident
from client.patience import soon
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.ids import check_slug, incident_workflow_id
from domain.limits import REASON_LIMIT
from domain.model import Value
from domain.playbook import Playbook
from domain.public_text import refuse_unfit
from domain.stopping import Stop
from store.kernel.database import Database
from store.record import incidents
from store.recovery import snapshots
from store.stops import stops
from wiring import TemporalUnreachable

TOLD_WITHIN = timedelta(seconds=2)


class Changed(Value):
    """A stop that was entered or ended; ``told``: its incident was told, for its timeline."""

    stop: Stop
    told: bool


async def stop_all(engine: Engine, slug: str, *, actor: Actor, reason: str = "") -> Changed:
    """Let no further request to publish or to mail anything of an incident begin.

    It holds when this returns, also while Temporal is away. What is on the wire at that moment ends
    by itself and is counted. Again changes nothing: the first stop stays. ``DomainError`` if the
    incident is closed or ``actor`` is not in its roster, ``UnknownIncident``, ``StoreUnavailable``.
    """
    reason = reason.strip()
    refuse_unfit(reason, "The reason", REASON_LIMIT)
    ledger = await _ledger_for(engine, slug, actor)
    stop = await stops.stop(ledger, slug, actor, reason, datetime.now(UTC))
    return Changed(stop=stop, told=await tell_stops(engine, slug))


async def resume_all(engine: Engine, slug: str, *, actor: Actor) -> Changed:
    """Let everything of an incident go on where it was; what was paused by itself stays paused.

    Raises as ``stop_all`` does, and ``DomainError`` if nothing is stopped. A request that is
    repeated gets the stop that ended last, since the first try may have ended it; it ends none that
    began since.
    """
    ledger = await _ledger_for(engine, slug, actor)
    ended = await stops.resume(ledger, slug, actor, datetime.now(UTC), engine.tried_at)
    if ended is None and engine.tried_at is not None:
        ended = await stops.ended_last(ledger, slug)
    if ended is None:
        raise DomainError(
            f"Nothing of {slug} is stopped.",
            NextStep(action=Action.SHOW_STATUS, incident=slug),
        )
    return Changed(stop=ended, told=await tell_stops(engine, slug))


async def stop_in_force(engine: Engine, slug: str) -> Stop | None:
    """The stop of an incident, if everything of it is stopped."""
    return await stops.in_force(await engine.ledger(), check_slug(slug))


async def tell_stops(engine: Engine, slug: str) -> bool:
    """Have an incident read what is kept back; whether it was told so."""

    async def tell() -> None:
        handle = (await engine.temporal()).get_workflow_handle(incident_workflow_id(slug))
        await handle.signal("stops_changed")

    try:
        await soon(tell(), TOLD_WITHIN)
    except (ClientError, RPCError, TemporalUnreachable):
        return False
    return True


async def _ledger_for(engine: Engine, slug: str, actor: Actor) -> Database:
    """The ledger, if it has the incident open and ``actor`` in its roster."""
    ledger = await engine.ledger()
    row = await incidents.find(ledger, check_slug(slug))
    if row is None:
        raise UnknownIncident(slug)
    if row.closed_at is not None:
        raise DomainError(f"{slug} is closed.", "Nothing more goes out for it.")
    kept = await snapshots.load(ledger, slug)
    if kept is not None:
        _refuse_stranger(kept.plan, actor)
    return ledger


def _refuse_stranger(plan: str, actor: Actor) -> None:
    try:
        roster = sorted(one.id for one in Playbook.model_validate_json(plan).roster)
    except ValidationError:
        # Of another version. Who cannot be looked up may stop things all the same.
        return
    if actor.person not in roster:
        raise DomainError(
            f"{actor.person[:40]!r} is not in this incident's roster.",
            f"It has {', '.join(roster)}.",
        )
