"""Somebody promises the next update in public, and does not come back: what follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from client import holding
from client.asking import incident_status
from client.engine import Engine
from client.errors import ClientError, NoWorker
from domain.actor import Actor
from domain.promise_clock import PromiseState
from domain.scorecard import PromiseStatus
from domain.times import show_clock
from embedded.demo.silence import OWNER, RELEASED, next_minute, steps_of
from embedded.demo.story import INCIDENT

_LOOK_EVERY = 0.5
_PATIENCE = 600.0
_TRIES = 30

Say = Callable[[str], None]


async def go_silent(engine: Engine, say: Say) -> None:
    """Have the owner promise it, and return once the promise has ended without them."""
    number = await _release(engine, say)
    told, clock = 0, asyncio.get_running_loop().time
    deadline = clock() + _PATIENCE
    while clock() < deadline:
        steps = await steps_of(engine, number)
        for asked in steps[told:]:
            say(f"nothing has followed message {number} yet: asked {asked}")
        told = len(steps)
        promise = await _promise(engine, number)
        if promise is not None and promise.state is not PromiseState.OPEN:
            by_itself = promise.state is PromiseState.KEPT_BY_FALLBACK
            how = f"message {promise.ended_by} went out by itself" if by_itself else promise.why
            say(f"{OWNER}'s promise is {promise.state.replace('_', ' ')}: {how}")
            return
        await asyncio.sleep(_LOOK_EVERY)
    raise ClientError(f"Nothing became of promise {number}.", "Look at the timeline.")


async def _release(engine: Engine, say: Say) -> int:
    """Publish words that were approved in advance; the number of the message."""
    # A worker has just been killed, and the promise is for soon: until another one answers.
    for _ in range(_TRIES):
        try:
            await incident_status(engine, INCIDENT)
            break
        except ClientError:
            await asyncio.sleep(1)
    for _ in range(_TRIES):
        due = next_minute(datetime.now(UTC))
        try:
            message = await holding.release(
                engine,
                INCIDENT,
                RELEASED,
                actor=Actor.at_terminal(OWNER),
                blanks={},
                next_update_by=due,
            )
        except NoWorker:
            say("no worker answers: trying again")
            await asyncio.sleep(1)
            continue
        say(f"{OWNER} releases approved words, promises more by {show_clock(due)}, goes silent")
        return message.number
    raise ClientError("No worker answers.", "Look at the worker's log.")


async def _promise(engine: Engine, number: int) -> PromiseStatus | None:
    try:
        status = await incident_status(engine, INCIDENT)
    except ClientError:
        # The next look tells.
        return None
    return next((one for one in status.promises if one.number == number), None)
