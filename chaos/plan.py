"""The plan of one round, drawn from a seed before it begins: the incident's script, and faults.

Everything random is decided here, so that a seed always gives the same script, the same faults and
the same order. The exact moment of each depends on the machine, as with real failures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from domain.message import MessageKind


class FaultAction(StrEnum):
    """What a fault does; its ``target`` says to what."""

    KILL = "kill"
    FREEZE = "freeze"
    POINT_KILL = "kill at a point"
    POINT_FREEZE = "freeze at a point"
    POINT_DELAY = "delay at a point"
    PROVIDER = "provider"
    LOCK = "ledger locked"
    FULL = "ledger full"
    CLOCK = "clock jumped"
    ATTACK = "attack"
    TEMPORAL_LOST = "Temporal's database lost"
    TERMINATED = "incident terminated"
    LEDGER_RESTORED = "ledger restored to an earlier copy"


DISASTERS = (FaultAction.TEMPORAL_LOST, FaultAction.TERMINATED, FaultAction.LEDGER_RESTORED)
"""Those that take a state away; each is carried through to its end."""

EVERYTHING = "with its publications"
"""The target of a termination that ends more than the incident's own workflow."""


class Attack(StrEnum):
    """What somebody tries who reaches Temporal, or the public port."""

    SIGNALS = "flood of signals"
    BIG_SIGNALS = "signals of two megabytes"
    UPDATES = "flood of updates"
    BY_HAND = "publication started by hand"
    RESET = "workflow reset"
    HALF_SENT = "half-sent requests"
    UNSIGNED = "unsigned deliveries"


LISTENING, REPLIES = "listening", "replies"
"""The targets of faults at points of a reading, and of a reply."""


class Point(StrEnum):
    """Moments of one attempt at which a fault can strike a worker, in their order."""

    BEFORE_ROW = "before the row"
    BEFORE_COMMIT = "before the commit"
    """Of the step that takes a batch of goodwill mail: its row and its codes are written."""

    AFTER_ROW = "after the row"
    REQUEST_LEFT = "request left"
    AFTER_ANSWER = "after the answer"
    BEFORE_COMPLETION = "before completion"


_VERBS = {
    FaultAction.POINT_KILL: "kill worker",
    FaultAction.POINT_FREEZE: "freeze worker",
    # The worker lives on, and this attempt alone is overtaken by its time-outs.
    FaultAction.POINT_DELAY: "delay attempt",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong ``at`` seconds after the message's first signature.

    ``target`` is a process, a channel, a provider or an attack; ``seconds`` how long it lasts, or
    how far the clock jumps. ``rule`` is a fault rule of the sandbox.
    """

    action: FaultAction
    target: str = ""
    at: float = 0.0
    seconds: float = 0.0
    point: Point | None = None
    rule: tuple[tuple[str, object], ...] = ()

    @property
    def name(self) -> str:
        """Its row in the summary."""
        if self.point is not None:
            return f"{_VERBS[self.action]} {self.point} ({self.target})"
        if self.action is FaultAction.PROVIDER:
            return f"{self.target} {dict(self.rule)['kind']}".replace("_", " ")
        return f"{self.action} {self.target}".strip()


class Wrong(StrEnum):
    """A decision that must not count."""

    AUTHOR = "by its author"
    NO_ROLE = "without the role"
    STRANGER = "by a stranger"
    OTHER_DIGEST = "on another digest"
    TOO_SHORT = "on four digits"
    MALFORMED = "as a signal that cannot be read"
    TWO_VALUES = "as a signal with two values"


class Revising(StrEnum):
    """Whether the message is edited before it is signed, or while it is being signed."""

    NO = "no"
    BEFORE = "before"
    RACING = "racing"


@dataclass(frozen=True, slots=True)
class Signer:
    """An approver, and whether they use the bare signal or the terminal's update."""

    who: str
    by_signal: bool


@dataclass(frozen=True, slots=True)
class MessageScript:
    """One message: who signs, which forbidden decisions are tried, and what goes wrong meanwhile.

    ``withdrawn_after``: seconds from the last signature to a withdrawal. ``paused_for``: its mail
    is paused at once, and resumed so many seconds later. ``overtaken``: the next message is
    proposed at once instead of when people have been told. ``apart``: seconds from one signature to
    the next, while which the message waits.
    """

    kind: MessageKind
    signers: tuple[Signer, ...]
    wrong: tuple[Wrong, ...] = ()
    revising: Revising = Revising.NO
    withdrawn_after: float | None = None
    paused_for: float | None = None
    overtaken: bool = False
    apart: float = 0.0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class CrowdScript:
    """How much strangers say: ``each`` of them on each of two channels in each of ``waves``.

    ``edited`` and ``deleted`` of it are changed meanwhile. ``faults`` strike while the reply rules
    are signed and while the first of it is answered.
    """

    waves: int = 3
    each: int = 10
    edited: int = 2
    deleted: int = 2
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Times:
    """How long we wait for providers: as in production, but in seconds instead of minutes.

    Their order is what matters: the longest answer is later than ``read``, and everything that a
    provider does late is done before the last look and before ``unknown_window`` closes.
    """

    read: timedelta = timedelta(seconds=4)
    looks: int = 3
    apart: timedelta = timedelta(seconds=2)
    unknown_window: timedelta = timedelta(seconds=9)


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """One round. ``deadline`` is when whatever is not settled counts as stuck."""

    seed: int
    recipients: int
    workers: int = 1
    batch_size: int = 50
    in_flight: int = 4
    messages: tuple[MessageScript, ...] = ()
    times: Times = field(default_factory=Times)
    deadline: timedelta = timedelta(seconds=150)
    crowd: CrowdScript | None = None
    blind: bool = False
    """Start workers that send again without looking: the harness must notice them."""

    @property
    def incident(self) -> str:
        """The slug of this round's incident."""
        return f"chaos-{self.seed}"
