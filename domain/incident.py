"""An incident's state, and the rules about what may happen to it next.

The workflow holds one ``IncidentState`` and carries it through continue-as-new. Rules that say no
raise ``DomainError``; nothing here waits, sends, or reads a clock.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from domain.errors import DecisionRefused, DomainError
from domain.facts import missing_facts
from domain.gate import Gate, GateState
from domain.ids import ChannelName, MessageRef, Slug
from domain.message import SHORT_DIGEST, STAGE_OF, MessageKind
from domain.playbook import MessagePlan, Playbook
from domain.publication import Outcome, PublicationState
from domain.stage import ALLOWED_MOVES, Stage, refuse_move


class MessagePhase(StrEnum):
    """Where a message stands as a whole; each of its channels has an outcome of its own."""

    WAITING = "waiting"
    REJECTED = "rejected"
    PUBLISHING = "publishing"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class MessageState(BaseModel):
    """One message of the incident: its current revision, its gate, and how each channel ended."""

    number: int
    kind: MessageKind
    ordinal: int
    revision: int
    author: str
    proposed_at: datetime
    gate: Gate
    channels: tuple[ChannelName, ...]
    direct: tuple[ChannelName, ...] = ()
    retractable: tuple[ChannelName, ...] = ()
    audience_count: int = 0
    codes_worth: str | None = None
    phase: MessagePhase = MessagePhase.WAITING
    approved_at: datetime | None = None
    fresh_until: datetime | None = None
    outcomes: dict[str, Outcome] = Field(default_factory=dict)
    reached: list[ChannelName] = Field(default_factory=list)

    @property
    def digest(self) -> str:
        """What its gate is about, and what will be published."""
        return self.gate.digest

    def reach(self, channel: str) -> None:
        """Note that a provider accepted it; for mail, that the first batch was accepted."""
        if channel not in self.reached:
            self.reached.append(channel)

    def public_on(self) -> list[str]:
        """The channels where it stands in public and can be taken back, sorted."""
        return sorted(
            name
            for name in self.retractable
            if name in self.outcomes and self.outcomes[name].state is PublicationState.ACCEPTED
        )

    def unsettled(self) -> list[str]:
        """The channels on which something is still under way, sorted."""
        return sorted(
            name
            for name in self.channels
            if name not in self.outcomes or not self.outcomes[name].state.settled
        )

    def unknown_on(self) -> list[str]:
        """The channels on which nobody knows whether it went out, sorted."""
        return sorted(
            name
            for name, outcome in self.outcomes.items()
            if outcome.state is PublicationState.UNKNOWN
        )


class IncidentState(BaseModel):
    """Everything the response has to remember."""

    incident: Slug
    title: str
    plan: Playbook
    templates: str
    audience: str | None
    opened_by: str
    opened_at: datetime
    stage: Stage = Stage.IDENTIFY
    messages: list[MessageState] = Field(default_factory=list)
    facts: str | None = None
    facts_filled: tuple[str, ...] = ()
    closed_at: datetime | None = None
    waiver: str = ""

    def message(self, number: int) -> MessageState:
        """Message ``number``; ``DomainError`` if there is none."""
        for one in self.messages:
            if one.number == number:
                return one
        raise DomainError(
            f"There is no message {number} in this incident.",
            f"It has {len(self.messages)} so far; see its status for their numbers.",
        )

    def message_with(self, digest: str) -> MessageState:
        """The newest message whose digest begins with ``digest``."""
        named = digest.strip().lower()
        if len(named) >= SHORT_DIGEST:
            for one in reversed(self.messages):
                if one.digest.startswith(named):
                    return one
        raise DecisionRefused(
            "No message of this incident has that digest now: it was edited since, or the digest "
            "is wrong.",
            "Read the message as it is now and decide on the digest that is shown beside it.",
        )

    def ref_to(self, number: int, revision: int) -> MessageRef:
        """The reference to one revision of message ``number``."""
        return MessageRef(incident=self.incident, number=number, revision=revision)

    def ref(self, message: MessageState) -> MessageRef:
        """The reference to a message's current revision."""
        return self.ref_to(message.number, message.revision)

    def next_of(self, kind: MessageKind) -> tuple[int, int]:
        """The number of the next message, and which one of its ``kind`` that would be."""
        kin = sum(one.kind is kind for one in self.messages)
        return len(self.messages) + 1, kin + 1

    def plan_of(self, kind: MessageKind) -> MessagePlan:
        """The plan for ``kind``; ``DomainError`` if the playbook has none."""
        plan = self.plan.plan_for(kind)
        if plan is None:
            planned = ", ".join(sorted(self.plan.messages))
            raise DomainError(
                f"Playbook {self.plan.name} has no plan for a {kind}.",
                f"It plans {planned}. Add the kind to the playbook and open with that.",
            )
        return plan

    def told(self, message: MessageState) -> bool:
        """Whether the quorum of a message's plan has been reached."""
        plan = self.plan_of(message.kind)
        reached = set(message.reached)
        return len(reached) >= plan.quorum and set(plan.must_reach) <= reached

    def has_told(self, kind: MessageKind) -> bool:
        """Whether any message of ``kind`` has reached its quorum."""
        return any(one.kind is kind and self.told(one) for one in self.messages)

    def refuse_if_closed(self) -> None:
        """Raise ``DomainError`` if the incident is closed."""
        if self.stage is Stage.CLOSED:
            raise DomainError("The incident is closed.", "Open a new one.")

    def refuse_stranger(self, by: str) -> None:
        """Raise ``DomainError`` unless ``by`` is in the roster."""
        roster = sorted(person.id for person in self.plan.roster)
        if by not in roster:
            raise DomainError(
                f"{by[:40]!r} is not in this incident's roster.", f"It has {', '.join(roster)}."
            )

    def refuse_request(self, by: str) -> None:
        """Raise ``DomainError`` if the incident is closed, or ``by`` is not in its roster."""
        self.refuse_if_closed()
        self.refuse_stranger(by)

    def refuse_advance(self, to: Stage, by: str) -> None:
        """Raise ``DomainError`` unless ``by`` may move the incident to ``to`` now."""
        self.refuse_stranger(by)
        if to is Stage.CLOSED:
            raise DomainError("An incident is closed, not advanced.", "Use close.")
        self.refuse_stage(to)

    def refuse_stage(self, to: Stage) -> None:
        """Raise ``DomainError`` unless the incident may move to ``to`` now."""
        refuse_move(self.stage, to)
        if to in (Stage.ASSURE, Stage.RESOLVE) and not self.has_told(MessageKind.ANNOUNCEMENT):
            raise DomainError(
                f"The incident cannot move to {to}: nobody has been told yet.",
                "Publish an announcement first; it may go out before the cause is known.",
            )
        if to is Stage.MAKE_GOOD and not self.has_told(MessageKind.RESOLUTION_NOTE):
            raise DomainError(
                "The incident cannot move to make_good: people have not been told of the fix.",
                "Publish the resolution note first.",
            )

    def stage_for(self, kind: MessageKind) -> Stage:
        """The stage the incident is in once a ``kind`` is proposed; ``DomainError`` if not now."""
        self.refuse_if_closed()
        wanted = STAGE_OF[kind]
        if wanted is None or wanted is self.stage:
            if wanted is None and not self.has_told(MessageKind.ANNOUNCEMENT):
                raise DomainError(
                    "There is nothing to correct: nothing has been published yet.",
                    "Revise the message that is waiting, or propose an announcement.",
                )
            return self.stage
        if wanted not in ALLOWED_MOVES[self.stage]:
            raise DomainError(
                f"A {kind} belongs to stage {wanted}, and the incident is in {self.stage}.",
                "Propose a correction or a progress update instead, or advance the stage first.",
            )
        self.refuse_stage(wanted)
        return wanted

    def refuse_proposal(self, kind: MessageKind, by: str) -> None:
        """Raise ``DomainError`` unless ``by`` may propose a ``kind`` now."""
        self.refuse_stranger(by)
        self.plan_of(kind)
        self.stage_for(kind)
        self.refuse_unfilled(kind)

    def refuse_unfilled(self, kind: MessageKind) -> None:
        """Raise ``DomainError`` if ``kind`` needs facts that have not been filled in."""
        if kind is not MessageKind.RESOLUTION_NOTE:
            return
        missing = missing_facts(self.facts_filled)
        if missing:
            raise DomainError(
                f"A resolution note needs both the fix and the prevention, with an owner and a "
                f"date; not filled yet: {', '.join(missing)}.",
                "Fill them in with the facts command, then propose again.",
            )

    def refuse_revision(self, message: MessageState) -> None:
        """Raise ``DomainError`` if a message can no longer be edited."""
        self.refuse_if_closed()
        if message.phase not in (MessagePhase.WAITING, MessagePhase.REJECTED):
            raise DomainError(
                f"Message {message.number} is {message.phase} and can no longer be edited.",
                "Propose a correction, which goes out as a message of its own.",
            )

    def refuse_settled(self, number: int, channel: str) -> None:
        """Raise ``DomainError`` unless nobody knows whether a publication went out."""
        self._refuse_unless(number, channel, (PublicationState.UNKNOWN,))

    def refuse_not_failed(self, number: int, channel: str) -> None:
        """Raise ``DomainError`` unless a publication came to nothing, so that it can be retried."""
        failed = (PublicationState.REFUSED, PublicationState.ABANDONED)
        self._refuse_unless(number, channel, failed)

    def _refuse_unless(
        self, number: int, channel: str, states: tuple[PublicationState, ...]
    ) -> None:
        self.refuse_if_closed()
        outcome = self.message(number).outcomes.get(channel)
        if outcome is None or outcome.state not in states:
            now = outcome.state if outcome else "not under way"
            raise DomainError(
                f"Message {number} on {channel} is {now}.",
                f"This is for a publication that is {' or '.join(states)}.",
            )

    def close(self, waive: str, at: datetime) -> None:
        """End the response at ``at``; ``waive`` is why, if something was left open."""
        self.waiver = waive.strip()
        self.closed_at = at
        self.stage = Stage.CLOSED

    def refuse_close(self, waive: str) -> None:
        """Raise ``DomainError`` if closing would break something, unless waived in writing."""
        self.refuse_if_closed()
        # What was withdrawn or superseded may still be on the wire somewhere.
        busy = [
            one.number
            for one in self.messages
            if any(not outcome.state.settled for outcome in one.outcomes.values())
        ]
        if busy:
            numbers = ", ".join(map(str, busy))
            raise DomainError(
                f"Message {numbers} is still being published.",
                "Wait for it, or withdraw it; a publication under way cannot be waived.",
            )
        if waive.strip():
            return
        waiting = [one.number for one in self.messages if one.phase is MessagePhase.WAITING]
        if waiting:
            raise DomainError(
                f"Message {', '.join(map(str, waiting))} is waiting at its gate.",
                "Have it decided or withdraw it, or close with a written waiver.",
            )
        unknown = [(one.number, name) for one in self.messages for name in one.unknown_on()]
        if unknown:
            places = ", ".join(f"message {number} on {name}" for number, name in unknown)
            raise DomainError(
                f"Nobody knows whether this went out: {places}.",
                "Settle it (look at the platform, then say so), or close with a written waiver.",
            )

    def overtaken_by(self, message: MessageState) -> list[MessageState]:
        """Older progress updates that must not go out any more once ``message`` is approved."""
        if message.kind not in (MessageKind.PROGRESS_UPDATE, MessageKind.RESOLUTION_NOTE):
            return []
        return [
            one
            for one in self.messages
            if one.number < message.number
            and one.kind is MessageKind.PROGRESS_UPDATE
            and one.phase in (MessagePhase.WAITING, MessagePhase.REJECTED, MessagePhase.PUBLISHING)
        ]


def refuse_unopened(message: MessageState) -> None:
    """Raise ``DomainError`` unless the gate of exactly this revision is open."""
    if message.gate.state is GateState.REJECTED:
        raise DomainError(f"Message {message.number} has been rejected.", "Revise it first.")
    if message.gate.state is not GateState.OPEN:
        raise DomainError(
            f"Message {message.number} has not been approved: it needs {message.gate.missing()}.",
            "Have it signed first.",
        )
