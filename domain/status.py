"""The status of a response: what an incident answers to a query."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from domain.actor import Actor
from domain.break_glass import Review
from domain.delegation import Delegation
from domain.escalation import Asked, Rung
from domain.explanation import Explanation
from domain.gate import Decision, GateState, Requirement
from domain.ids import AudienceName, ChannelName, Slug
from domain.ledger import KnownLedger
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.model import Value
from domain.publication import Outcome
from domain.quarantine import Quarantine
from domain.scorecard import PromiseStatus, Scorecard
from domain.severity import Severity
from domain.stage import Stage
from domain.stopping import Stop
from domain.timeline import RecordHead


class Asking(Value):
    """Who has been asked to decide at a gate, and what comes next if nobody does.

    ``next_rung`` is None if everybody is only reminded at ``next_at``. ``nobody``: none of those
    who were asked can be reached.
    """

    since: datetime
    asked: tuple[Asked, ...] = ()
    rung: Rung | None = None
    rung_at: datetime | None = None
    next_rung: Rung | None = None
    next_at: datetime | None = None
    nobody: bool = False
    failed: bool = False


class MessageStatus(Value):
    """One message, for a person deciding what to do next.

    ``may_sign`` are those whose approval would count now: never the author's. ``next_update_by`` is
    the time by which its copy promises the next update. ``subscriber_count`` are those of the
    status page beside the audiences; ``notify`` is false if they are not to be told.
    ``withdrawing``: what is public is still to be taken back. ``requires`` is what its gate wants a
    decision to be proven with, and ``signs_as`` the roles in which each person may decide there.
    ``reply_channels`` are those on which a form lets something out. ``owner`` keeps what it
    promises. ``released`` is the holding statement that it was made of, if it was. ``turn_of`` are
    the roles whose turn it is to sign, and ``signs_for`` who has delegated theirs to whom.
    ``reasons`` are why its gate is stricter than usual; undecided at ``expires_at``, it never
    opens. ``overrides`` are the approvals of those who open it out of policy, ``broken`` says that
    they did, and ``review`` what was said of that afterwards.
    """

    number: int
    kind: MessageKind
    revision: int
    author: str
    proposed_at: datetime
    digest: str
    phase: MessagePhase
    gate: GateState
    missing: str
    decisions: tuple[Decision, ...]
    approved_at: datetime | None
    told: bool
    audience_count: int
    subscriber_count: int = 0
    notify: bool = True
    codes_worth: str | None
    outcomes: tuple[Outcome, ...]
    next_update_by: datetime | None = None
    may_sign: tuple[str, ...] = ()
    withdrawing: bool = False
    requires: Requirement = Requirement.NONE
    signs_as: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    reply_channels: tuple[ChannelName, ...] = ()
    owner: str = ""
    released: str = ""
    turn_of: tuple[str, ...] = ()
    signs_for: dict[str, str] = Field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    expires_at: datetime | None = None
    overrides: tuple[Decision, ...] = ()
    broken: bool = False
    review: Review | None = None
    asking: Asking | None = None

    @property
    def to_review(self) -> bool:
        """Whether its gate was opened out of policy, and nobody has reviewed that."""
        return self.broken and self.review is None

    @property
    def direct(self) -> tuple[str, ...]:
        """The channels on which it goes to audiences."""
        return tuple(dict.fromkeys(one.channel for one in self.outcomes if one.audience))


class IncidentStatus(Value):
    """The status of a whole incident.

    ``ledger`` is what the ledger has of it, with the end of its record; the incident writes branch
    ``record_branch`` of that. ``locked`` is why nothing goes out, if the ledger has less than it
    had. ``joined`` are those who joined after it was opened. ``stopped``: somebody has stopped
    everything. ``quarantines`` are those in force on its channels, of which it has heard, and
    ``delegations`` those in force. ``next_word_by`` is by when the public should hear from us
    again: what was promised, or else the cadence of the ``severity``; None once it is resolved.
    ``suggested_promise`` is what a message that goes out now should promise.
    """

    incident: Slug
    title: str
    stage: Stage
    opened_by: Actor
    opened_at: datetime
    closed_at: datetime | None
    audiences: tuple[AudienceName, ...]
    playbook: str
    facts: str | None
    facts_filled: tuple[str, ...]
    messages: tuple[MessageStatus, ...]
    ledger: KnownLedger = KnownLedger()
    record_branch: int = 1
    locked: Explanation | None = None
    joined: tuple[str, ...] = ()
    stopped: Stop | None = None
    quarantines: tuple[Quarantine, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    severity: Severity | None = None
    promises: tuple[PromiseStatus, ...] = ()
    scorecard: Scorecard = Scorecard()
    next_word_by: datetime | None = None
    suggested_promise: datetime | None = None

    @property
    def record(self) -> RecordHead:
        """The end of its record, as the ledger confirmed it."""
        return self.ledger.record


class Decided(Value):
    """The result of a decision.

    ``counted`` is false for one that was refused: ``explanation`` says why, and the timeline has
    it. Such a decision may name no message of the incident. ``in_force``: reply rules that let
    replies out from now on.
    """

    message: int | None
    gate: GateState | None
    missing: str
    counted: bool = True
    explanation: Explanation | None = None
    in_force: bool = False
