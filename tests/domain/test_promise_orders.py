"""Whatever order people, platforms and ledgers come in: a promise has its end, and in time.

The promise clock of the workflow runs here minute by minute, without Temporal: time, the ledger and
who is asked are stand-ins, and what is published takes as long as the story says.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.signatures.proposals import ChannelCopy, MessageRendered, RenderMessage
from domain.actor import Actor
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
    """In place of ``Alarms``: who is asked is taken for done."""

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

    def __init__(self) -> None:
        self.now = NOON
        self.away_until = NOON
        self.platform = (0, True)
        self.meanwhile: tuple[MessageState, int, bool] | None = None
        self.ending: dict[int, tuple[datetime, bool]] = {}
        self.entries: list[tuple[str, str]] = []
        self.over: dict[int, datetime] = {}
        self.state = IncidentState(
            incident="story",
            title="Story",
            plan=a_plan(holding=True),
            templates="t",
            audiences=(),
            opened_by=Actor(person="maya"),
            opened_at=NOON,
            severity=Severity.MAJOR,
        )
        timeline: Any = SimpleNamespace(add=self._add, known=KnownLedger)
        lifecycle: Any = SimpleNamespace(refuse_unregistered=self._registered)
        release = Releasing(self.state, timeline, lifecycle, asyncio.Lock())
        with patch.object(promises, "Alarms", People):
            self.promises = Promises(self.state, timeline, release)
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
            channels=(ChannelCopy(channel="twitter", direct=False, length=1),),
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


@settings(max_examples=60, deadline=None)
@given(told=events, gaps=gaps)
def test_no_order_passes_a_promise_over_or_says_that_work_goes_on_after_the_end(
    told: list[tuple[Any, ...]], gaps: list[int]
) -> None:
    world = World()
    with (
        patch.object(workflow, "now", lambda: world.now),
        patch.object(workflow, "patched", lambda _: True),
        patch.object(workflow, "uuid4", uuid4),
        patch.object(releasing, "call", world.render),
    ):
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
    resolving = any(
        one.kind is RESOLUTION and one.phase is MessagePhase.PUBLISHING
        for one in world.state.messages
    )
    for one in world.state.promises:
        late = one.open and world.now > max(one.due, one.made_at) + LONGEST + 4 * MINUTE
        assert not late or resolving, one
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
