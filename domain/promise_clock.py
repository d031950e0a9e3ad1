"""The promise clock: each "next update by T" that people were told, and what became of it.

A promise is a fact about the public: it begins when copy with a time is out, and ends only by what
is out, or by the time. Nobody can edit it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer

from domain.ids import ChannelName
from domain.message_kind import MessageKind
from domain.playbook_promises import PromisesPlan
from domain.roster import PersonId

FIRST_WORD_NUMBER = 0
"""``number`` of the first word, which we promise to ourselves and to nobody else."""

ABOUT_FIRST_WORD = "promise/first_word"
"""Its name in notifications."""

KEEPING = frozenset(
    {
        MessageKind.ANNOUNCEMENT,
        MessageKind.PROGRESS_UPDATE,
        MessageKind.RESOLUTION_NOTE,
        MessageKind.GOODWILL_OFFER,
    }
)
"""The kinds of message that are an update. A correction moves a promise, if it names a new time."""

_LONGEST_REASON = 80

UNDER_WAY_WAIT = timedelta(minutes=2)
"""How long the fallback waits for an update that was approved and is on its way."""


class PromiseState(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    KEPT = "kept"
    KEPT_BY_FALLBACK = "kept_by_fallback"
    MOVED = "moved"
    BROKEN = "broken"


ENDED_AS: Mapping[PromiseState, str] = {
    PromiseState.KEPT: "promise kept",
    PromiseState.KEPT_BY_FALLBACK: "promise kept by fallback",
    PromiseState.MOVED: "promise moved",
    PromiseState.BROKEN: "promise broken",
}
"""What the timeline calls the end of a promise."""

LATE, BROKEN = "late", "broken"
"""Steps at which everybody is told, beside the rungs."""


class Rung(StrEnum):
    """What is done about a promise that comes near, in this order."""

    REMIND = "remind"
    DEPUTY = "deputy"
    EVERYBODY = "everybody"
    FALLBACK = "fallback"


class Promise(BaseModel):
    """One promise. ``number`` is the message that made it, on ``channels``; 0 is the first word.

    ``climbed`` are the rungs that were taken or passed. ``ended_by`` is the message that ended it,
    if one did, and ``why`` says why it was broken or, while it is open, late. ``answered`` are
    those who took it on. The fallback has waited since ``held_since`` for an update that is on its
    way, or goes out since ``fallback_at`` as message ``fallback``. If it could not be published
    since ``tried_at``, that is tried again at ``again_at``, also after the promise was broken.
    ``in_a_row`` counts for incidents of before statements were counted by messages.
    """

    number: int
    owner: PersonId
    made_at: datetime
    due: datetime
    channels: tuple[ChannelName, ...] = ()
    state: PromiseState = PromiseState.OPEN
    climbed: tuple[Rung, ...] = ()
    in_a_row: int = 0
    held_since: datetime | None = None
    fallback: int | None = None
    fallback_at: datetime | None = None
    tried_at: datetime | None = None
    again_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: int | None = None
    why: str = ""
    answered: tuple[PersonId, ...] = ()

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # There may be 150 of them in a state that travels as one argument.
        fields = type(self).model_fields
        kept: dict[str, Any] = handler(self)
        return {
            name: value
            for name, value in kept.items()
            if getattr(self, name) != fields[name].get_default()
        }

    @property
    def public(self) -> bool:
        """Whether anybody outside was told."""
        return self.number != FIRST_WORD_NUMBER

    @property
    def open(self) -> bool:
        """Whether it is still to be kept."""
        return self.state is PromiseState.OPEN

    @property
    def about(self) -> str:
        """Its name in notifications."""
        return f"promise/{self.number}" if self.public else ABOUT_FIRST_WORD

    @property
    def about_broken(self) -> str:
        """The name in notifications of that it was broken: that goes on when asking has ended."""
        return f"{self.about}/{BROKEN}"

    @property
    def in_words(self) -> str:
        """What the timeline calls it."""
        return f"message {self.number}" if self.public else "the first word"

    def late_by(self) -> timedelta:
        """How long after the promised time it ended; zero if it did not."""
        late = self.ended_at - self.due if self.ended_at else timedelta()
        return max(late, timedelta())

    def at(self, rung: Rung, plan: PromisesPlan) -> datetime:
        """When ``rung`` is due."""
        match rung:
            case Rung.REMIND:
                return self.due - plan.remind
            case Rung.DEPUTY:
                return self.due - plan.deputy
            case Rung.EVERYBODY:
                return self.due
            case Rung.FALLBACK:
                return self.due + plan.grace

    def skip_passed(self, plan: PromisesPlan) -> None:
        """Leave out what would have had to happen before it was made: it was made for soon.

        The fallback never: somebody may find out late that a message did go out, after its time.
        """
        passed = [one for one in list(Rung)[:-1] if self.at(one, plan) <= self.made_at]
        self.climbed = tuple(dict.fromkeys((*self.climbed, *passed)))

    def due_rung(self, now: datetime, plan: PromisesPlan) -> Rung | None:
        """The last rung whose time has come and that was not taken; those before it are passed.

        A worker that was down does not remind anybody of what is overdue: it says that.
        """
        left = [one for one in Rung if one not in self.climbed and self.at(one, plan) <= now]
        return left[-1] if self.open and left else None

    def next_at(self, plan: PromisesPlan) -> datetime | None:
        """When something is to be done next; None if nothing is any more."""
        if not self.open:
            return self.again_at
        left = [self.at(one, plan) for one in list(Rung)[:-1] if one not in self.climbed]
        if Rung.FALLBACK not in self.climbed:
            waits = [self.at(Rung.FALLBACK, plan)]
            waits += [self.held_since + UNDER_WAY_WAIT] if self.held_since else []
            waits += [self.again_at] if self.again_at else []
            left.append(max(waits))
        breaks = self.breaks_at(plan)
        return min([*left, *([breaks] if breaks else [])], default=None)

    def breaks_at(self, plan: PromisesPlan) -> datetime | None:
        """When it is broken if its fallback is not out by then; None while none was tried."""
        begun = self.tried_at or self.fallback_at
        return begun + plan.grace if begun else None

    def resolved_at_most(self, plan: PromisesPlan) -> datetime:
        """Until when a resolution that is on its way is waited for: as long as for a statement."""
        return max(self.due, self.made_at) + 2 * plan.grace

    def fallback_failed(self, now: datetime, plan: PromisesPlan) -> bool:
        """Whether the fallback should have been out by now."""
        breaks = self.breaks_at(plan)
        return breaks is not None and now >= breaks

    def goes_out_as(self, message: int, at: datetime) -> None:
        """Note that its fallback is being published."""
        self.fallback, self.fallback_at, self.again_at = message, at, None

    def try_again(self, began: datetime, at: datetime) -> None:
        """Note that its fallback could not be published, and is tried again ``at``."""
        self.tried_at, self.again_at = self.tried_at or began, at

    def remark(self, why: str) -> bool:
        """Keep why it is late; whether that is the first reason."""
        first, self.why = not self.why, why[:_LONGEST_REASON]
        return first

    def climb(self, rung: Rung) -> None:
        """Note that ``rung`` was taken, and with it those before."""
        before = list(Rung)[: list(Rung).index(rung) + 1]
        self.climbed = tuple(one for one in Rung if one in self.climbed or one in before)

    def end(self, state: PromiseState, at: datetime, by: int | None = None, why: str = "") -> None:
        """Enter what became of it; the first answer counts."""
        if self.open:
            self.state, self.ended_at, self.ended_by = state, at, by
            self.why = why[:_LONGEST_REASON]

    def forget(self) -> None:
        """Keep of one that has ended only what became of it."""
        self.channels, self.climbed, self.in_a_row = (), (), 0
        self.held_since = self.fallback = self.fallback_at = self.tried_at = self.again_at = None

    def answered_by(self, person: PersonId) -> None:
        """Note that somebody has taken it on."""
        self.answered = tuple(dict.fromkeys((*self.answered, person)))


def open_promises(promises: Sequence[Promise]) -> list[Promise]:
    """Those that are to be kept, the earliest first."""
    return sorted((one for one in promises if one.open), key=lambda one: (one.due, one.number))


def state_when_told(
    promise: Promise, kind: MessageKind, names: datetime | None, at: datetime, *, fallback: bool
) -> PromiseState | None:
    """What a newer message that is out since ``at`` makes of an open promise; None: nothing.

    An update keeps it. A correction that ``names`` a time moves it, before its own has passed.
    """
    if kind in KEEPING:
        return PromiseState.KEPT_BY_FALLBACK if fallback else PromiseState.KEPT
    if kind is MessageKind.CORRECTION and names is not None and at <= promise.due:
        return PromiseState.MOVED
    return None


def is_about_first_word(about: str) -> bool:
    """Whether a notification of that name is about the first word, also that it was broken."""
    return about in (ABOUT_FIRST_WORD, f"{ABOUT_FIRST_WORD}/{BROKEN}")
