"""Who answers on which account now, and handing over what one has claimed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from client.claims import SEE_STATES
from client.engine import Engine
from client.errors import WrongInput
from client.people import known_people
from client.source_state import SeenSource
from domain.actor import Actor
from domain.desk_shifts import DeskPlan, OnDuty
from domain.errors import DomainError
from domain.explanation import Explanation, explained
from domain.suggest import did_you_mean
from domain.times import show_clock
from store.desk import claiming
from store.desk.shifts import kept_desk_plan


async def with_duty(
    engine: Engine, sources: Sequence[SeenSource], now: datetime
) -> list[SeenSource]:
    """The sources, each with who answers there now, or that nobody does.

    By the plan of the open incident that was opened last. Without an open incident nobody has to
    be there.
    """
    plan = await kept_desk_plan(await engine.ledger())
    return [_with_duty(one, plan, now) for one in sources]


def _with_duty(source: SeenSource, plan: DeskPlan | None, now: datetime) -> SeenSource:
    duty = plan.on_duty(source.channel, now) if plan is not None else None
    # Said once, with what is said on the channel in public.
    if duty is None or source.private:
        return source
    if not duty.people:
        return source.model_copy(update={"problems": (*source.problems, _nobody(source.channel))})
    return source.model_copy(update={"notes": (*source.notes, _in_words(duty))})


def _nobody(channel: str) -> Explanation:
    return explained(
        f"Nobody answers on {channel} now.",
        f"Ask somebody to take it over; in the playbook, assign people under "
        f"`desk: accounts: {channel}` for the next incident.",
        means="The playbook assigns nobody to this account at this hour.",
    )


def _in_words(duty: OnDuty) -> str:
    until = f" until {show_clock(duty.until)}" if duty.until is not None else ""
    return f"{', '.join(duty.people)} answer{'s' if len(duty.people) == 1 else ''} here{until}."


async def colleagues(engine: Engine, person: str) -> list[str]:
    """The ids of everybody else in the installed playbooks, sorted."""
    known = await asyncio.to_thread(known_people, engine.settings)
    return sorted({one.id for one in known} - {person})


async def hand_over(engine: Engine, to: str, *, actor: Actor) -> int:
    """Give all open mentions that one has claimed to somebody else; how many.

    Drafts stay with the mentions. Claims that are over go too, unless somebody else has made one
    since. Raises ``WrongInput`` for somebody whom no playbook knows, or oneself, and
    ``DomainError`` if there is nothing to hand over.
    """
    to = to.strip()
    others = await colleagues(engine, actor.person)
    if to not in others:
        raise WrongInput(
            f"{to[:40]!r} is you."
            if to == actor.person
            else f"No playbook here has a person {to[:40]!r}.",
            did_you_mean(to, others) or "Name somebody of the roster.",
        )
    now = datetime.now(UTC)
    moved = await claiming.hand_over(await engine.ledger(), actor.person, to, now)
    if not moved:
        raise DomainError("You have claimed nothing that is open.", SEE_STATES)
    return moved
