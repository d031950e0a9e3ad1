"""Whatever order people, platforms and ledgers come in: a promise has its end, and in time.

The promise clock of the workflow runs here minute by minute, without Temporal: time, the ledger and
who is asked are stand-ins, and what is published takes as long as the story says.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.signatures.proposals import ChannelCopy, MessageRendered, RenderMessage
from domain.actor import Actor
from domain.errors import NotNow
from domain.fallback import look_at
from domain.gate import Gate
from domain.incident import IncidentState
from domain.ledger import KnownLedger
from domain.message import MessageKind
from domain.message_state import MessagePhase, MessageState
from domain.promise_clock import ENDED_AS, Promise, PromiseState, Rung
from domain.publication import Destination, Outcome, PublicationState, Receipt
from domain.severity import Severity
from domain.signing import overtaken_by
from tests.workflows.plan import ONE_SIGNATURE, a_plan
from workflows import promises, releasing
from workflows.contract.writing import Release
from workflows.promises import Promises
from workflows.releasing import Releasing

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONGEST = 20 * MINUTE
"""Twice the grace: for whom the statement is waited, and for the statement."""

UPDATE, RESOLUTION = MessageKind.PROGRESS_UPDATE, MessageKind.RESOLUTION_NOTE
kinds = st.sampled_from([UPDATE, UPDATE, RESOLUTION, MessageKind.CORRECTION])
slow = st.integers(0, 25)
ends = st.sampled_from([True, True, True, False])
events = st.lists(
    st.one_of(
        st.tuples(st.just("approve"), kinds, slow, ends, st.sampled_from([0, 12, 40])),
        st.tuples(st.just("meanwhile"), kinds, slow, ends, st.just(40)),
        st.tuples(st.just("away"), st.integers(1, 60)),
        st.tuples(st.just("platform"), slow, ends),
    ),
    max_size=7,
)
gaps = st.lists(st.integers(1, 30), min_size=7, max_size=7)


class People:
    """In place of ``PromiseNotifications``: who is asked is taken for done."""

    def __init__(self, *_: object) -> None:
        self.under_way: dict[tuple[int, str], object] = {}

    def start(self, promise: Promise, step: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            work.send(None)
        except StopIteration:
            return
        raise AssertionError(f"{step} of promise {promise.number} waits")

    def begin(self, promise: Promise, rung: Rung) -> None:
        promise.climb(rung)

    def remark(self, promise: Promise, why: str) -> None:
        promise.remark(why)

    def broken(self, promise: Promise) -> None: ...

    def end(self, *_: object) -> None: ...

    def end_broken(self, *_: object) -> None: ...


class World:
    """An incident whose first update is out and promises the next in 20 minutes."""

    def __init__(self, must_reach: tuple[str, ...] = ()) -> None:
        self.now = NOON
        self.away_until = NOON
        self.platform = (0, True)
        self.meanwhile: tuple[MessageState, int, bool] | None = None
        self.ending: dict[int, tuple[datetime, bool]] = {}
        self.entries: list[tuple[str, str]] = []
        self.over: dict[int, datetime] = {}
        self.statement_on: tuple[str, ...] = ("twitter",)
        plan = a_plan(holding=True)
        first = plan.messages[MessageKind.ANNOUNCEMENT]
        first = first.model_copy(update={"must_reach": must_reach})
        messages = {**plan.messages, MessageKind.ANNOUNCEMENT: first}
        self.state = IncidentState(
            incident="story",
            title="Story",
            plan=plan.model_copy(update={"messages": messages}),
            templates="t",
            audiences=(),
            opened_by=Actor(person="maya"),
            opened_at=NOON,
            severity=Severity.MAJOR,
        )
        timeline: Any = SimpleNamespace(add=self._add, known=KnownLedger)
        lifecycle: Any = SimpleNamespace(refuse_unregistered=self._registered)
        self.releasing = Releasing(self.state, timeline, lifecycle, asyncio.Lock())
        with patch.object(promises, "PromiseNotifications", People):
            self.promises = Promises(self.state, timeline, self.releasing)
        self.approve(self.propose(MessageKind.ANNOUNCEMENT, 20), 0, True)

    def _add(self, what: str, who: object, about: str) -> None:
        self.entries.append((what, about))

    async def _registered(self) -> None: ...

    async def render(self, _: object, order: RenderMessage, *__: object, **___: object) -> object:
        """The ledger renders a statement, unless it is away; somebody may be faster."""
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            self.approve(*meanwhile)
        if self.now < self.away_until:
            gone = ActivityError(
                "", scheduled_event_id=1, started_event_id=1, identity="", activity_type="",
                activity_id="", retry_state=None,
            )  # fmt: skip
            raise gone from ApplicationError("The ledger cannot be reached.")
        number = order.message.number
        self.ending[number] = (self.now + self.platform[0] * MINUTE, self.platform[1])
        return MessageRendered(
            digest="d" * 64,
            channels=tuple(
                ChannelCopy(channel=one, direct=False, length=1) for one in self.statement_on
            ),
            number=number,
            revision=1,
            ordinal=order.ordinal,
        )

    def propose(self, kind: MessageKind, promises: int) -> MessageState:
        """Somebody's message waits; it promises the next so many minutes from now."""
        number, ordinal = self.state.next_of(kind)
        due = None if kind is RESOLUTION or not promises else self.now + promises * MINUTE
        message = MessageState(
            number=number,
            kind=kind,
            ordinal=ordinal,
            revision=1,
            author="maya",
            proposed_at=self.now,
            gate=Gate(policy=ONE_SIGNATURE, digest="d" * 64, author="maya"),
            destinations=(Destination(channel="twitter"), Destination(channel="facebook")),
            next_update_by=due,
        )
        self.state.messages.append(message)
        return message

    def approve(self, message: MessageState, takes: int, goes_out: bool) -> None:
        """It is signed, and is out, or ends, after so many minutes."""
        if message.phase is not MessagePhase.WAITING:
            return
        for older in overtaken_by(self.state, message):
            older.phase = MessagePhase.SUPERSEDED
            self.ending.pop(older.number, None)
        message.approved_at = self.now
        message.mark_publishing()
        self.ending[message.number] = (self.now + takes * MINUTE, goes_out)

    def happens(self, what: str, *more: Any) -> None:
        """One event of a story."""
        if what in ("approve", "meanwhile"):
            kind, takes, goes_out, promises = more
            message = self.propose(kind, promises)
            if what == "approve":
                self.approve(message, takes, goes_out)
            else:
                self.meanwhile = (message, takes, goes_out)
        elif what == "away":
            self.away_until = self.now + more[0] * MINUTE
        else:
            self.platform = more

    def passes(self, minutes: int) -> Iterator[None]:
        """Time, minute by minute."""
        for _ in range(minutes):
            self.now += MINUTE
            there = {one.number for one in self.state.messages}
            # What was rendered may have been overtaken before it became a message.
            self.ending = {number: one for number, one in self.ending.items() if number in there}
            for number, (at, goes_out) in sorted(self.ending.items()):
                if at <= self.now:
                    self._end(self.state.message(number), goes_out)
            for _ in range(2):
                # As often as something wakes it at one moment.
                self.promises.look()
            yield

    def _end(self, message: MessageState, goes_out: bool) -> None:
        del self.ending[message.number]
        self.over[message.number] = self.now
        state = PublicationState.ACCEPTED if goes_out else PublicationState.REFUSED
        receipt = Receipt(id="1", at=self.now) if goes_out else None
        for place in message.destinations:
            message.end(Outcome.at(place, state, receipt=receipt))


@contextmanager
def as_workflow(world: World) -> Iterator[None]:
    """What Temporal and the ledger do for a workflow, they do here as the story says."""
    with (
        patch.object(workflow, "now", lambda: world.now),
        patch.object(workflow, "patched", lambda _: True),
        patch.object(workflow, "uuid4", uuid4),
        patch.object(releasing, "call", world.render),
    ):
        yield


@settings(max_examples=60, deadline=None)
@given(told=events, gaps=gaps)
def test_no_order_passes_a_promise_over_or_says_that_work_goes_on_after_the_end(
    told: list[tuple[Any, ...]], gaps: list[int]
) -> None:
    world = World()
    with as_workflow(world):
        for event, gap in zip(told, gaps, strict=False):
            for _ in world.passes(gap):
                refuse_late(world)
            world.happens(*event)
        # Two statements may follow, each with a promise in two hours.
        for _ in world.passes(800):
            refuse_late(world)
            left = [one for one in world.state.promises if one.open or one.again_at]
            if not left and not world.ending:
                break
    refuse_unremarked(world)
    refuse_too_many(world)
    refuse_after_a_resolution(world)


def refuse_late(world: World) -> None:
    """Fail if a promise is open for longer than the statement for it may take."""
    for one in world.state.promises:
        late = one.open and world.now > max(one.due, one.made_at) + LONGEST + 4 * MINUTE
        assert not late, one
    statements = [one for one in world.state.messages if one.by_itself]
    assert sum(one.phase is MessagePhase.PUBLISHING for one in statements) <= 1


def refuse_unremarked(world: World) -> None:
    """Fail if a promise has no end that the timeline tells of."""
    for one in (each for each in world.state.promises if each.public):
        assert one.state is not PromiseState.OPEN, one
        ending = [about for what, about in world.entries if what == ENDED_AS[one.state]]
        assert len([each for each in ending if re.match(rf"message {one.number}\b", each)]) == 1


def refuse_too_many(world: World) -> None:
    """Fail if more statements went out by themselves in a row than the plan allows."""
    state = world.state
    out = [one for one in state.messages if state.told(one) and one.kind.name != "CORRECTION"]
    out.sort(key=lambda one: (world.over[one.number], one.number))
    for by_itself, row in groupby(out, key=lambda one: one.by_itself):
        assert not by_itself or len(list(row)) <= state.plan.promises.fallbacks


def refuse_after_a_resolution(world: World) -> None:
    """Fail if a statement was let out while a resolution went out, or after people had it."""
    state = world.state
    for one in state.messages:
        if one.kind is not RESOLUTION or one.approved_at is None:
            continue
        until = None if state.told(one) else world.over[one.number]
        for statement in (each for each in state.messages if each.by_itself):
            assert statement.approved_at is not None
            began = (statement.approved_at, statement.number)
            after = began > (one.approved_at, one.number)
            assert not after or (until is not None and statement.approved_at >= until)


# --- what a reader found ------------------------------------------------------------------------


def ends_at(message: MessageState, channel: str, state: PublicationState, at: datetime) -> None:
    """One channel of a message has answered; the others have not."""
    (place,) = (one for one in message.destinations if one.channel == channel)
    receipt = Receipt(id="1", at=at) if state is PublicationState.ACCEPTED else None
    message.end(Outcome.at(place, state, receipt=receipt))


def promise_of(world: World, number: int) -> Promise:
    """The promise that a message made."""
    (found,) = (one for one in world.state.promises if one.number == number)
    return found


def wait(world: World, minutes: int) -> None:
    """Let time pass."""
    for _ in world.passes(minutes):
        pass


def test_a_statement_that_hangs_on_one_channel_does_not_keep_its_own_promise() -> None:
    """It was taken for the next one: still going out. The second statement never went out."""
    world = World()
    with as_workflow(world):
        world.statement_on, world.platform = ("twitter", "facebook"), (10_000, True)
        wait(world, 31)
        first = world.state.message(2)
        ends_at(first, "twitter", PublicationState.ACCEPTED, world.now)
        wait(world, 1)
        assert promise_of(world, 1).state is PromiseState.KEPT_BY_FALLBACK
        due = promise_of(world, 2).due
        world.platform = (0, True)
        wait(world, (due - world.now) // MINUTE + 12)

    assert first.phase is MessagePhase.PUBLISHING
    kept = promise_of(world, 2)
    assert (kept.state, kept.ended_by) == (PromiseState.KEPT_BY_FALLBACK, 3)


def test_what_some_people_have_read_is_continued_though_others_have_not_been_told() -> None:
    """Mail was down: the promise on the other channel was broken, and nobody could release."""
    world = World(must_reach=("facebook",))
    world.ending.clear()
    first = world.state.message(1)
    said = Release(statement="still_working", actor=Actor(person="maya"))
    with as_workflow(world):
        with pytest.raises(NotNow, match="message 1, is on its way, and nobody has it yet"):
            world.releasing.refuse(said)
        ends_at(first, "twitter", PublicationState.ACCEPTED, world.now)
        ends_at(first, "facebook", PublicationState.REFUSED, world.now)
        assert not world.state.told(first)
        world.releasing.refuse(said)
        wait(world, 32)

    assert promise_of(world, 1).state is PromiseState.KEPT_BY_FALLBACK


def test_a_resolution_that_hangs_is_not_waited_for_without_end() -> None:
    world = World()
    with as_workflow(world):
        wait(world, 29)
        world.approve(world.propose(RESOLUTION, 0), 10_000, True)
        wait(world, 2)
        promise = promise_of(world, 1)
        assert (promise.open, promise.why) == (True, "Message 2, the resolution, is on its way.")
        limit = promise.due + LONGEST
        assert look_at(world.state, promise, world.state.message(2), trying=False) == limit
        wait(world, (limit - world.now) // MINUTE)

    assert (promise.state, promise.ended_at) == (PromiseState.BROKEN, limit)
    assert promise.why == "Message 2, the resolution, is still on its way."
    assert [one.number for one in world.state.messages if one.by_itself] == []


def test_each_update_on_its_way_is_waited_for() -> None:
    """An earlier one had been waited for, and the statement went out beside the next."""
    world = World()
    with as_workflow(world):
        wait(world, 29)
        world.approve(world.propose(UPDATE, 0), 2, False)
        world.meanwhile = (world.propose(UPDATE, 0), 1, True)
        wait(world, 4)

    assert (promise_of(world, 1).ended_by, promise_of(world, 1).state) == (3, PromiseState.KEPT)
    assert [one.number for one in world.state.messages if one.by_itself] == []


def test_the_reason_is_not_that_of_a_resolution_that_was_called_off() -> None:
    world = World()
    with as_workflow(world):
        world.happens("away", 200)
        wait(world, 38)
        resolution = world.propose(RESOLUTION, 0)
        world.approve(resolution, 10_000, True)
        wait(world, 1)
        assert "resolution" in promise_of(world, 1).why
        resolution.phase = MessagePhase.WITHDRAWN
        world.now += MINUTE
        world.promises.look()

    assert promise_of(world, 1).state is PromiseState.BROKEN
    assert promise_of(world, 1).why == "The statement was not out in time."


def test_a_statement_that_was_refused_does_not_stand_in_for_a_message_that_waits() -> None:
    world = World()
    with as_workflow(world):
        wait(world, 1)
        waiting = world.propose(UPDATE, 0)
        for outcome in (PublicationState.REFUSED, PublicationState.ACCEPTED):
            with pytest.raises(StopIteration) as failed:
                world.releasing.in_place_of(waiting).send(None)
            assert failed.value.value is None
            ends_at(world.state.messages[-1], "twitter", outcome, world.now)
        with pytest.raises(StopIteration):
            world.releasing.in_place_of(waiting).send(None)

    assert [one.number for one in world.state.messages if one.by_itself] == [3, 4]
