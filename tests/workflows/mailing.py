"""The ledger and the provider of a broadcast, in memory, with batches as the unit."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from activities.signatures.broadcasts import (
    BatchesSent,
    BroadcastPlanned,
    PlanBroadcast,
    ProviderLimit,
    PutAside,
    SendBatches,
    StopBroadcast,
)
from activities.signatures.outcomes import OutcomeRead
from activities.signatures.posts import PublicationStatus, PublicationTask
from activities.signatures.settling import SettleByPerson, SettleUnknown, UnknownSettled
from domain.broadcasting import BroadcastHealth
from domain.explanation import Explanation, explained
from domain.publication import Outcome, PublicationState

S = PublicationState
_CLOSED = explained("The account is closed.", "Have it opened, then retry the channel.")
_REFUSED = Explanation(what="The provider refused a batch.")
_TOO_MANY = explained("Too many requests.", "It will be tried again.")
_NOT_SENT = (S.PLANNED, S.REFUSED, S.WITHDRAWN, S.SUPERSEDED)


class Answer(StrEnum):
    """What the provider does with one batch instead of accepting it."""

    LOST_AFTER_SENDING = "lost after sending"
    LOST_BEFORE_SENDING = "lost before sending"
    THROTTLES = "throttles"
    DEFERS = "defers"
    ACCOUNT_CLOSED = "account closed"
    REFUSES = "refuses"


@dataclass
class Pass:
    """What one pass over a range has come to."""

    taken: int = 0
    halted: bool = False
    aside: PutAside | None = None
    limit: ProviderLimit | None = None
    reached: int | None = None
    explanation: Explanation | None = None


class Mailing:
    """One broadcast. ``sent`` is what recipients got: the numbers of batches, in order."""

    def __init__(self) -> None:
        self.recipients = 0
        self.batch_size = 10
        self.suppressed = 0
        self.states: dict[int, PublicationState] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.tries: dict[int, int] = defaultdict(int)
        self.began: dict[int, datetime] = {}
        self.sent: list[int] = []
        self.ranges: list[tuple[int, int]] = []
        # How many batches had been sent when each range began.
        self.sent_before: list[int] = []
        self.throttles: list[int] = []
        self.at_once: list[int] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.asked = 0
        self.stopped: PublicationState | None = None
        self.paused = False
        self.health = BroadcastHealth()
        self.hands_back_after: int | None = None
        self.kept_back: Explanation | None = None
        self.throttled_for = timedelta(milliseconds=50)
        self._answers: dict[int, deque[Answer]] = defaultdict(deque)
        self._proven: set[int] = set()
        self._brought_back: set[int] = set()
        self._held: asyncio.Event | None = None
        self._free = 0
        self.reached = asyncio.Event()

    # --- scripting ----------------------------------------------------------------------------

    def batch(self, number: int, *answers: Answer) -> None:
        """What the provider answers to the next attempts at one batch."""
        self._answers[number].extend(answers)

    def forget_answers(self) -> None:
        """The provider accepts everything from now on."""
        self._answers.clear()

    def forget_batches(self) -> None:
        """The next message is another broadcast."""
        self.states.clear()
        self.tries.clear()

    def event_proves(self, number: int) -> None:
        """The provider sends an event that names this batch: it did go out."""
        self._proven.add(number)

    def is_brought_back(self, number: int) -> None:
        """A worker that had been given up for dead comes back: this batch never left it."""
        self._brought_back.add(number)

    def holds(self, after: int = 0) -> asyncio.Event:
        """Every batch after ``after`` waits on the wire until the returned event is set."""
        self._held, self._free = asyncio.Event(), after
        return self._held

    # --- what activities do -------------------------------------------------------------------

    def outcome_of(self, task: PublicationTask) -> OutcomeRead:
        """What the ledger has of it."""
        outcome = self.outcomes.get(task.message.number)
        return OutcomeRead(
            outcome=outcome or Outcome.at(task.destination, S.SENDING),
            known=bool(self.states),
            reached=S.ACCEPTED in self.states.values(),
        )

    def plan(self, order: PlanBroadcast, broadcast: int) -> BroadcastPlanned:
        """Fix the batches; doing it again changes nothing."""
        self.outcomes.pop(order.task.message.number, None)
        self.batch_size = order.batch_size
        count = -(-self.recipients // order.batch_size)
        for number in range(1, count + 1):
            if self.states.get(number) in (None, S.REFUSED):
                self.states[number] = S.PLANNED
        return BroadcastPlanned(
            broadcast=broadcast,
            key="k",
            batches=count,
            recipients=self.recipients,
            suppressed=self.suppressed,
            tried=tuple(n for n, s in self.states.items() if s is S.PLANNED and self.tries[n]),
        )

    async def send(self, order: SendBatches, held: Explanation | None = None) -> BatchesSent:
        """Send what of the range the ledger hands out, or of as much as is not handed back."""
        self.ranges.append((order.first, order.last))
        self.sent_before.append(len(self.sent))
        self.throttles.append(order.throttles)
        self.at_once.append(order.at_once)
        if held is not None:
            return BatchesSent(paused=True, held=held)
        reached = None
        if self.hands_back_after is not None:
            reached = min(order.last, order.first + self.hands_back_after - 1)
            order = order.model_copy(update={"last": reached})
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            # A round trip to the provider, so that ranges overlap as they do in life.
            await asyncio.sleep(0.01)
            ended = await self._range(order)
            paused = self.paused and S.PLANNED in self._states_of(order)
        finally:
            self.in_flight -= 1
        if ended.reached is not None:
            reached = ended.reached
        numbers = range(order.first, (order.last if reached is None else reached) + 1)
        states = [self.states[number] for number in numbers]
        return BatchesSent(
            accepted=sum(self._size(n) for n in numbers if self.states[n] is S.ACCEPTED),
            refused=sum(self._size(n) for n in numbers if self.states[n] is S.REFUSED),
            unknown_batches=states.count(S.UNKNOWN),
            halted=ended.halted,
            paused=paused,
            reached=reached,
            taken=ended.taken,
            aside=ended.aside,
            limit=ended.limit,
            health=self.health,
            explanation=ended.explanation,
        )

    async def _range(self, order: SendBatches) -> Pass:
        ended = Pass()
        for number in range(order.first, order.last + 1):
            if self.states[number] is not S.PLANNED or self.paused:
                continue
            self.states[number], self.began[number] = S.SENDING, datetime.now(UTC)
            self.tries[number] += 1
            self.reached.set()
            if self._held is not None and number > self._free:
                await self._held.wait()
            answers = self._answers[number]
            self._answer(number, answers.popleft() if answers else None, order, ended)
            if ended.halted or ended.reached is not None:
                break
        return ended

    def _answer(self, number: int, answer: Answer | None, order: SendBatches, ended: Pass) -> None:
        match answer:
            case None:
                self.sent.append(number)
                self.states[number] = S.ACCEPTED
                ended.taken += 1
            case Answer.LOST_AFTER_SENDING:
                self.sent.append(number)
                self.states[number] = S.UNKNOWN
            case Answer.LOST_BEFORE_SENDING:
                self.states[number] = S.UNKNOWN
            case Answer.REFUSES | Answer.DEFERS:
                ended.explanation, ended.reached = _REFUSED, number
                self.states[number] = S.REFUSED if order.last_try else S.PLANNED
                if not order.last_try:
                    deferred = answer is Answer.DEFERS
                    until = datetime.now(UTC) + self.throttled_for if deferred else None
                    ended.aside = PutAside(number=number, until=until)
            case Answer.ACCOUNT_CLOSED:
                self.states[number] = S.PLANNED
                ended.halted, ended.explanation = True, _CLOSED
            case Answer.THROTTLES:
                self.states[number] = S.PLANNED
                ended.reached, ended.explanation = number - 1, _TOO_MANY
                until = datetime.now(UTC) + self.throttled_for
                ended.limit = ProviderLimit(until=until, times=order.throttles + 1)

    def settle_unknown(self, order: SettleUnknown) -> UnknownSettled:
        """Settle by events; release what is old enough and has none."""
        self.asked += 1
        for number, state in self.states.items():
            if state is S.UNKNOWN and number in self._proven:
                self.states[number] = S.ACCEPTED
            elif (state is S.UNKNOWN and number in self._brought_back) or (
                state is S.UNKNOWN
                and order.release_before is not None
                and self.tries[number] < order.max_attempts
                and not self.kept_back
            ):
                self.states[number] = S.PLANNED
        return UnknownSettled(
            unknown_batches=list(self.states.values()).count(S.UNKNOWN),
            accepted=sum(self._size(n) for n, s in self.states.items() if s is S.ACCEPTED),
            not_sent=sum(self._size(n) for n, s in self.states.items() if s in _NOT_SENT),
            released=tuple(n for n, s in self.states.items() if s is S.PLANNED),
            kept_back=self.kept_back,
        )

    def settle_by_person(self, order: SettleByPerson) -> PublicationStatus:
        """Enter what a person saw about every batch of unknown outcome, or about some."""
        end = S.ACCEPTED if order.went_out else order.otherwise
        for number, state in self.states.items():
            if state is S.UNKNOWN and number in (order.batches or self.states):
                self.states[number] = end
        left = end is not S.PLANNED and S.UNKNOWN in self.states.values()
        return PublicationStatus(state=S.UNKNOWN if left else end)

    def stop(self, order: StopBroadcast) -> None:
        """Call off what has not begun; what comes back unsent later is planned again."""
        self.stopped = order.to
        for number, state in self.states.items():
            if state is S.PLANNED:
                self.states[number] = order.to

    def withdraw(self) -> PublicationStatus:
        """Call off what a broadcast that has ended left."""
        for number, state in self.states.items():
            if state in (S.PLANNED, S.REFUSED):
                self.states[number] = S.WITHDRAWN
        sent = sum(self._size(n) for n, s in self.states.items() if s is S.ACCEPTED)
        why = f"Stopped with {sent} of {self.recipients} recipients accepted."
        return PublicationStatus(state=S.WITHDRAWN, explanation=Explanation(what=why))

    def _states_of(self, order: SendBatches) -> list[PublicationState]:
        return [self.states[number] for number in range(order.first, order.last + 1)]

    def _size(self, number: int) -> int:
        return min(self.batch_size, self.recipients - (number - 1) * self.batch_size)
