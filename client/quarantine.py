"""Putting a channel in quarantine while its account may be in hostile hands, and the way back.

As with a stop, the ledger comes first: its statements heed the row whether Temporal answers or not.
Then the open incidents are told, for their timelines; the workers tell those that did not hear.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from client.engine import Engine
from client.errors import WrongInput
from client.people import known_people
from client.stopping import tell_stops
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, Explanation, NextStep
from domain.limits import REASON_LIMIT
from domain.model import Value
from domain.public_text import refuse_unfit
from domain.quarantine import Quarantine
from domain.suggest import did_you_mean
from store.kernel.database import Database
from store.record import incidents
from store.stops import quarantines


class Changed(Value):
    """A quarantine that was begun, asked to be lifted, or lifted.

    ``told``: every open incident was told, for its timeline.
    """

    quarantine: Quarantine
    told: bool


class ChannelStanding(Value):
    """A channel that is set up here, and its quarantine if it is in one."""

    channel: str
    quarantine: Quarantine | None = None


async def standing(engine: Engine) -> list[ChannelStanding]:
    """Every channel that is set up here or in quarantine, by name."""
    held = await quarantines.all_in_force(await engine.ledger())
    names = sorted({*engine.settings.channels, *held})
    return [ChannelStanding(channel=name, quarantine=held.get(name)) for name in names]


async def quarantine(engine: Engine, channel: str, *, actor: Actor, reason: str = "") -> Changed:
    """Let no further request to publish, to mail or to answer on a channel begin.

    It holds when this returns, for every incident, also while Temporal is away. What is on the wire
    at that moment ends by itself and is counted. Again keeps the first one, and takes back what was
    said about lifting it. ``WrongInput`` for a channel or a person that nobody knows here.
    """
    reason = reason.strip()
    refuse_unfit(reason, "The reason", REASON_LIMIT)
    await _refuse_unknown(engine, actor)
    known = sorted(engine.settings.channels)
    if channel not in known:
        raise WrongInput(
            f"There is no channel {channel[:40]!r} here.",
            did_you_mean(channel, known) or f"There are {', '.join(known)}.",
        )
    ledger = await engine.ledger()
    begun = await quarantines.begin(ledger, channel, actor, reason, datetime.now(UTC))
    return Changed(quarantine=begun, told=await tell_open(engine, ledger, begun))


async def lift_quarantine(engine: Engine, channel: str, *, actor: Actor) -> Changed:
    """Say that a channel is ours again; the second person who says so ends its quarantine.

    ``DomainError`` if it is in none, or if one person says it twice.
    """
    await _refuse_unknown(engine, actor)
    ledger, now = await engine.ledger(), datetime.now(UTC)
    known = await quarantines.in_force(ledger, channel)
    if engine.tried_at is not None:
        # An earlier try of this request may have got as far as that.
        done = await quarantines.said_since(ledger, channel, actor.person, engine.tried_at)
        if done is not None:
            return Changed(quarantine=done, told=True)
    if known is None:
        raise DomainError(
            f"{channel[:40]} is not in quarantine.",
            NextStep(action=Action.CHECK, advice="See how each channel is."),
        )
    known.refuse_lift(actor)
    if known.lift_asked_by is None:
        known = await quarantines.ask_to_lift(ledger, known, actor, now)
        # Two who say it in one moment: the first is entered, and the second ends it.
        if known.lift_asked_by is None or known.lift_asked_by.person == actor.person:
            return Changed(quarantine=known, told=True)
    lifted = await quarantines.lift(ledger, known, actor, now)
    if lifted is None:
        raise DomainError(
            f"The quarantine of {channel} changed at this moment.", "Look again, then decide."
        )
    return Changed(quarantine=lifted, told=await tell_open(engine, ledger, lifted))


async def quarantine_notices(engine: Engine) -> list[Explanation]:
    """Why nothing goes out on some channels now."""
    return [one.quarantine.explanation() for one in await standing(engine) if one.quarantine]


async def tell_open(engine: Engine, ledger: Database, known: Quarantine) -> bool:
    """Tell every open incident; whether all of them heard it."""
    slugs = [one.slug for one in await incidents.list_incidents(ledger) if one.closed_at is None]
    heard = await asyncio.gather(*(tell_stops(engine, slug) for slug in slugs))
    if not all(heard):
        return False
    await quarantines.told(ledger, known)
    return True


async def _refuse_unknown(engine: Engine, actor: Actor) -> None:
    known = [one.id for one in await asyncio.to_thread(known_people, engine.settings)]
    if actor.person not in known:
        raise WrongInput(
            f"No playbook here has a person {actor.person[:40]!r}.",
            did_you_mean(actor.person, known) or f"There are {', '.join(known)}.",
        )
