"""The fallback of a promise: when the statement that work goes on goes out, and when it does not.

Everything here is read from the incident's state, so that a continued or a recovered run, and a
worker that was down, decide the same.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import NamedTuple

from domain.incident import IncidentState
from domain.message import MessageKind
from domain.message_state import MessagePhase, MessageState
from domain.promise_clock import KEEPING, UNDER_WAY_WAIT, Promise

_PUBLISHING = MessagePhase.PUBLISHING

NOT_OUT = "The statement is not out yet"
"""How the reason begins why a statement that is tried again has not been published."""


class Step(StrEnum):
    """What is to be done about a promise whose grace is over."""

    WAIT = "wait"
    """Nothing, until something happens or the time comes to look again."""

    PUBLISH = "publish"
    REMARK = "remark"
    """People are told that it is late, and no statement goes out for now."""

    BREAK = "break"


class Move(NamedTuple):
    """A step, and why it is taken where somebody is told that."""

    step: Step
    why: str = ""


def next_move(
    state: IncidentState, promise: Promise, now: datetime, resolution: MessageState | None
) -> Move:
    """What an open promise needs ``now`` that its grace is over, or its statement is under way.

    ``resolution`` is that of ``resolution_since``: nothing says that work goes on beside it, but
    nobody waits for it without end. A promise that begins to wait for an update notes since when.
    """
    if resolution is not None:
        name = f"Message {resolution.number}, the resolution,"
        if resolution.phase is not _PUBLISHING:
            return Move(Step.BREAK, f"{name} {_what_became_of(resolution)}.")
        if now >= promise.resolved_at_most(state.plan.promises):
            return Move(Step.BREAK, f"{name} is still on its way.")
        return Move(Step.REMARK, f"{name} is on its way.")
    late = promise.fallback_failed(now, state.plan.promises)
    if promise.fallback is not None:
        return _while_it_goes_out(state, promise, late=late)
    if late:
        # Since then it may have been late for a resolution that was called off.
        known = promise.why.startswith(NOT_OUT)
        return Move(Step.BREAK, promise.why if known else "The statement was not out in time.")
    if promise.again_at is not None and now < promise.again_at:
        return Move(Step.WAIT)
    if on_its_way(state, promise):
        promise.held_since = promise.held_since or now
    return Move(Step.WAIT if waits(state, promise, now) else Step.PUBLISH)


def waits(state: IncidentState, promise: Promise, now: datetime) -> bool:
    """Whether the statement waits for an update that is on its way; two minutes at most."""
    since = promise.held_since
    over = since is not None and now >= since + UNDER_WAY_WAIT
    return not over and on_its_way(state, promise)


def _while_it_goes_out(state: IncidentState, promise: Promise, *, late: bool) -> Move:
    message = state.message(promise.fallback or 0)
    # An update that somebody has just approved overtakes it, and may keep the promise still.
    if message.phase is not _PUBLISHING and not on_its_way(state, promise):
        return Move(Step.BREAK, f"Message {message.number} {_what_became_of(message)}.")
    if late:
        return Move(Step.BREAK, f"Message {message.number} was not out in time.")
    return Move(Step.WAIT)


def _what_became_of(message: MessageState) -> str:
    """Of one that ended, and that people do not count as told."""
    return "did not reach enough of its channels" if message.reached else "did not get out"


def look_at(
    state: IncidentState, promise: Promise, resolution: MessageState | None, *, trying: bool
) -> datetime | None:
    """When a promise needs something next if nothing happens before; None if it does not.

    ``trying``: its statement is being published at this moment.
    """
    plan = state.plan.promises
    if promise.open and promise.why and resolution is not None:
        # Everybody knows, and what becomes of the resolution decides.
        return promise.resolved_at_most(plan)
    if trying:
        return promise.breaks_at(plan) if promise.open else None
    return promise.next_at(plan)


def resolution_since(state: IncidentState, promise: Promise) -> MessageState | None:
    """The approved resolution that people were not told, if it was approved for this promise.

    One that goes out now counts in any case; one that did not get out, if it was approved after
    the promise was made. One that was called off says nothing.
    """
    for one in reversed(state.messages):
        if one.kind is not MessageKind.RESOLUTION_NOTE or state.told(one):
            continue
        since = one.approved_at is not None and one.approved_at >= promise.made_at
        if one.phase is _PUBLISHING or (one.phase is MessagePhase.SETTLED and since):
            return one
    return None


def on_its_way(state: IncidentState, promise: Promise) -> bool:
    """Whether a newer update is being published."""
    return any(
        one.number > promise.number and one.kind in KEEPING and one.phase is _PUBLISHING
        for one in state.messages
    )


def overtaken(state: IncidentState, promise: Promise) -> bool:
    """Whether an update was told, or a resolution approved, since a promise was made.

    Then a statement that it still owes says nothing any more.
    """
    return resolution_since(state, promise) is not None or any(
        one.kind in KEEPING and is_newer(promise, one) and state.told(one) for one in state.messages
    )


def is_newer(promise: Promise, message: MessageState) -> bool:
    """Whether a message was written, or approved, after a promise was made."""
    since = message.approved_at or message.proposed_at
    return message.number != promise.number and (
        message.number > promise.number or since >= promise.made_at
    )


def in_a_row(state: IncidentState) -> int:
    """How many statements went out by themselves since the last update by a person."""

    def counts(one: MessageState) -> bool:
        if one.kind not in KEEPING or one.approved_at is None:
            return False
        if one.by_itself:
            return bool(one.reached) or one.phase is _PUBLISHING
        return state.told(one)

    out = [one for one in state.messages if counts(one)]
    out.sort(key=_out_at)
    return sum(1 for _ in takewhile(lambda one: one.by_itself, reversed(out)))


def _out_at(message: MessageState) -> tuple[datetime, int]:
    """When a message was out, by the latest receipt; of one on its way, when it was approved."""
    receipts = [one.receipt.at for one in message.outcomes.values() if one.receipt]
    began = message.approved_at or message.proposed_at
    return max(receipts, default=began), message.number
