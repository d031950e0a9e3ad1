"""Gates that cannot wait, or whose people are away: break-glass, its review, and delegation."""

from __future__ import annotations

import asyncio
from datetime import datetime

from client.abilities import refuse_unable
from client.asking import tell
from client.engine import Engine
from client.people import known_people
from domain.abilities import Ability
from domain.actor import Actor
from domain.errors import DecisionRefused
from domain.limits import NAME_LIMIT, REASON_LIMIT, refuse_long
from domain.people import Member
from domain.public_text import refuse_unfit
from domain.status import Decided, IncidentStatus, MessageStatus
from workflows.contract.signing import BreakGlass, Delegate, ReviewGate


async def break_glass(
    engine: Engine,
    slug: str,
    number: int,
    *,
    actor: Actor,
    digest: str,
    reason: str,
    proof: str = "",
) -> Decided:
    """Approve the message with this digest out of policy; the second person's opens its gate.

    ``proof`` as in ``messages.decide``. Raises ``DecisionRefused`` if it does not count.
    """
    refuse_unfit(reason, "The reason", REASON_LIMIT)
    refuse_long("The digest", digest, NAME_LIMIT)
    asked = BreakGlass(message=number, actor=actor, digest=digest, reason=reason, proof=proof)
    decided = await tell(engine, slug, "break_glass", asked, Decided)
    if decided.explanation is not None and not decided.counted:
        raise DecisionRefused.of(decided.explanation)
    return decided


async def review(
    engine: Engine, slug: str, number: int, *, actor: Actor, note: str
) -> MessageStatus:
    """Say what is to be said of a gate that was opened out of policy."""
    refuse_unfit(note, "The review", REASON_LIMIT)
    asked = ReviewGate(message=number, actor=actor, note=note)
    return await tell(engine, slug, "review_gate", asked, MessageStatus)


async def delegate(
    engine: Engine, slug: str, *, holder: str, to: str, until: datetime | None, actor: Actor
) -> IncidentStatus:
    """Give ``to`` the roles of ``holder`` in this incident until ``until``; None ends that now.

    Only the holder may, or somebody who administrates: ``NotAllowed`` otherwise.
    """
    if actor.person != holder:
        people = await asyncio.to_thread(known_people, engine.settings)
        found = next((one for one in people if one.id == actor.person), None)
        # Whoever is not in the files here may not, either.
        asking = found or Member(id=holder, roles=("none",), may=())
        refuse_unable(asking, Ability.ADMINISTRATE, people)
    asked = Delegate(holder=holder, to=to, until=until, actor=actor)
    return await tell(engine, slug, "delegate", asked, IncidentStatus)
