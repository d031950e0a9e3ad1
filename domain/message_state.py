"""One message of an incident: its revision, its gate, and its outcome at each destination."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from domain.actor import FRONTFOOT
from domain.break_glass import Review
from domain.errors import DecisionRefused, DomainError
from domain.explanation import Explanation
from domain.gate import Gate, GateState
from domain.ids import SUBSCRIBERS, ChannelName
from domain.message import MessageKind
from domain.model import unsaid
from domain.page_entry import ComponentState
from domain.publication import Destination, Outcome, PublicationState, choose_destination


class MessagePhase(StrEnum):
    """The state of a message as a whole; each of its channels has an outcome of its own.

    *in force*: reply rules that were signed, and let replies out. They are published nowhere.
    """

    WAITING = "waiting"
    REJECTED = "rejected"
    EXPIRED = "expired"
    PUBLISHING = "publishing"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    IN_FORCE = "in_force"

    @property
    def called_off(self) -> bool:
        """Whether nothing more of it is to go out: it was withdrawn, or a newer one overtook it."""
        return self in (MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED)


EDITABLE = (MessagePhase.WAITING, MessagePhase.REJECTED, MessagePhase.EXPIRED)


class UnderWay(BaseModel):
    """A publication or a broadcast that was asked for and has not ended, as far as is known.

    ``start`` is its number among all that this message has started; news of another are not about
    this one. ``started``: its workflow has been. ``called_off``: it sends nothing, and only looks
    for what may have gone out. ``halted``: it was told to stop. ``hints`` counts the news of which
    the ledger has to be asked, ``looked_up`` those of which it was.
    """

    destination: Destination
    start: int
    since: datetime
    started: bool = False
    called_off: PublicationState | None = None
    halted: PublicationState | None = None
    hints: int = 0
    looked_up: int = 0


class MessageState(BaseModel):
    """One message. ``outcomes``, ``reached`` and ``under_way`` go by the key of a destination.

    ``opened``: the ledger has the opening of its gate, so that it may go out; ``revoked``: and that
    this is over. ``next_update_by`` is what its copy promises. ``reached`` are the destinations
    that a provider has accepted it for; of a broadcast, the first batch. ``starts`` counts the
    publications and broadcasts that it has started. ``notify`` is false if the subscribers of the
    status page, ``subscriber_count`` otherwise, are not to be told. ``withdrawing``: what is public
    is still to be taken back. ``components`` are the states that its author had it set on the page.
    ``reply_channels`` are those on which a form lets something out; forms have no destinations.
    ``owner`` keeps what it promises: its author, unless named. ``released`` is the holding
    statement that it was made of, if it was. ``review`` is what was said afterwards of a gate that
    was opened out of policy.
    """

    number: int
    kind: MessageKind
    ordinal: int
    revision: int
    author: str
    proposed_at: datetime
    gate: Gate
    destinations: tuple[Destination, ...]
    retractable: tuple[ChannelName, ...] = ()
    audience_count: int = 0
    subscriber_count: int = 0
    notify: bool = True
    codes_worth: str | None = None
    next_update_by: datetime | None = None
    phase: MessagePhase = MessagePhase.WAITING
    approved_at: datetime | None = None
    fresh_until: datetime | None = None
    opened: bool = False
    revoked: bool = False
    outcomes: dict[str, Outcome] = Field(default_factory=dict)
    reached: list[str] = Field(default_factory=list)
    under_way: dict[str, UnderWay] = Field(default_factory=dict)
    starts: int = 0
    withdrawing: bool = False
    components: dict[str, ComponentState] = Field(default_factory=dict)
    reply_channels: tuple[ChannelName, ...] = ()
    review: Review | None = Field(default=None, exclude_if=unsaid)
    owner: str = ""
    released: str = Field(default="", exclude_if=unsaid)

    @property
    def by_itself(self) -> bool:
        """Whether it is a holding statement that nobody released."""
        return bool(self.released) and self.author == FRONTFOOT.person

    @property
    def digest(self) -> str:
        """What its gate is about, and what will be published."""
        return self.gate.digest

    def destination(self, channel: str, audience: str | None = None) -> Destination:
        """Where it goes on ``channel``; ``DomainError`` if it does not, or to several audiences."""
        return choose_destination(self.number, self.destinations, channel, audience)

    def outcome_at(self, destination: Destination) -> Outcome:
        """Its outcome there; *planned* if nothing has begun."""
        found = self.outcomes.get(destination.key)
        return found or Outcome.at(destination, PublicationState.PLANNED)

    def enter(self, outcome: Outcome) -> None:
        """Keep its outcome at a destination; once accepted there, the message has reached it."""
        self.outcomes[outcome.destination.key] = outcome
        if outcome.state in (PublicationState.ACCEPTED, PublicationState.PARTLY_ACCEPTED):
            self.reach(outcome.destination)

    def mark_publishing(self) -> None:
        """Mark it as going out everywhere, before anything has."""
        self.phase = MessagePhase.PUBLISHING
        for destination in self.destinations:
            self.enter(Outcome.at(destination, PublicationState.PLANNED))

    def begin(
        self, destination: Destination, since: datetime, called_off: PublicationState | None
    ) -> UnderWay:
        """Note that it is about to go out there, or to be looked for there."""
        before = self.outcome_at(destination)
        state = PublicationState.SENDING if before.uncertain else PublicationState.PLANNED
        outcome = Outcome.at(destination, state, uncertain=before.uncertain)
        self.enter(outcome.model_copy(update={"begun": before.begun}))
        self.starts += 1
        begun = UnderWay(
            destination=destination, start=self.starts, since=since, called_off=called_off
        )
        self.under_way[destination.key] = begun
        return begun

    def end(self, outcome: Outcome) -> None:
        """Keep how it ended at a destination; it is settled once it has ended at all of them."""
        self.enter(outcome)
        self.under_way.pop(outcome.destination.key, None)
        if self.phase is MessagePhase.PUBLISHING and not self.unsettled():
            self.phase = MessagePhase.SETTLED

    def supersede_unbegun(self) -> None:
        """End it, as something newer overtook it, wherever it has not begun to go out."""
        why = Explanation(what="Something newer overtook it before it was sent.")
        for destination in self.destinations:
            if not self.opened or destination.key not in self.outcomes:
                self.enter(Outcome.at(destination, PublicationState.SUPERSEDED, why))

    def reach(self, destination: Destination) -> None:
        """Record that a provider accepted it there; of a broadcast, the first batch."""
        if destination.key not in self.reached:
            self.reached.append(destination.key)

    def channels_reached(self) -> set[str]:
        """The channels on which every destination has been reached.

        Subscribers of the status page do not count: a channel that tells them alone has not told
        the customers.
        """
        counting = [one for one in self.destinations if one.audience != SUBSCRIBERS]
        missing = {one.channel for one in counting if one.key not in self.reached}
        return {one.channel for one in counting} - missing

    def public_at(self) -> list[Destination]:
        """Where it is public and can be taken back, by channel."""
        accepted = PublicationState.ACCEPTED
        return sorted(
            (
                one
                for one in self.destinations
                if one.channel in self.retractable and self.outcome_at(one).state is accepted
            ),
            key=lambda one: one.key,
        )

    def failed_posts(self) -> list[Destination]:
        """The post channels that it has not reached, as far as anybody knows."""
        failed = (PublicationState.REFUSED, PublicationState.ABANDONED, PublicationState.UNKNOWN)
        return [
            one
            for one in self.destinations
            if one.audience is None and self.outcome_at(one).state in failed
        ]

    def left_broadcasts(self) -> list[Destination]:
        """The audiences that it was not sent to, or only in part, and that could be retried."""
        return [
            one
            for one in self.destinations
            if one.audience is not None and self.outcome_at(one).state.retriable
        ]

    def busy(self) -> bool:
        """Whether any part of it is still under way anywhere, or being taken back."""
        return self.withdrawing or any(
            not outcome.state.settled for outcome in self.outcomes.values()
        )

    def unsettled(self) -> bool:
        """Whether it is still to begin, or under way, at any destination."""
        return any(not self.outcome_at(one).state.settled for one in self.destinations)

    def unknown_at(self) -> list[Destination]:
        """Where nobody knows whether it went out, by channel and audience."""
        unknown = PublicationState.UNKNOWN
        return sorted(
            (one for one in self.destinations if self.outcome_at(one).state is unknown),
            key=lambda one: one.key,
        )

    def refuse_unless(self, destination: Destination, *states: PublicationState) -> None:
        """Raise ``DomainError`` unless it is in one of ``states`` there."""
        outcome = self.outcomes.get(destination.key)
        if outcome is None or outcome.state not in states:
            now = outcome.state if outcome else "not under way"
            raise DomainError(
                f"Message {self.number} on {destination} is {now}.",
                f"This is only for a publication that is {' or '.join(states)}.",
            )

    def refuse_called_off(self) -> None:
        """Raise ``DecisionRefused`` if it was called off: its gate decides nothing any more."""
        if self.phase.called_off:
            raise DecisionRefused(
                f"Message {self.number} is {self.phase}.", "There is nothing to decide here."
            )

    def to_review(self) -> bool:
        """Whether its gate was opened out of policy, and nobody has reviewed that yet."""
        return self.gate.broken and self.review is None

    def refuse_unopened(self) -> None:
        """Raise ``DomainError`` unless the gate of exactly this revision is open."""
        if self.gate.state is GateState.REJECTED:
            raise DomainError(f"Message {self.number} has been rejected.", "Revise it first.")
        if self.gate.state is GateState.EXPIRED:
            raise DomainError(f"Message {self.number} has expired.", "Revise it first.")
        if self.gate.state is not GateState.OPEN:
            raise DomainError(
                f"Message {self.number} has not been approved: it needs {self.gate.missing()}.",
                "Have it signed first.",
            )
