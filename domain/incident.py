"""An incident's state, and what every rule about it asks.

The workflow has one ``IncidentState`` and carries it through continue-as-new. The rules about what
may happen to it next are in ``lifecycle``, ``proposing`` and ``signing``: those that say no raise
``DomainError``, and nothing waits, sends, or reads a clock.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.actor import Actor
from domain.delegation import Delegation
from domain.errors import DecisionRefused, DomainError
from domain.escalation import Escalation
from domain.explanation import Action, NextStep
from domain.facts import FactsState
from domain.gate import GatePolicy, GateState
from domain.ids import AudienceName, MessageRef, Slug
from domain.message import SHORT_DIGEST, MessageKind
from domain.message_state import MessagePhase, MessageState
from domain.model import unsaid
from domain.noise import Noise
from domain.playbook import MessagePlan, Playbook
from domain.promise_clock import Promise
from domain.quarantine import Quarantine
from domain.severity import Severity
from domain.stage import Stage
from domain.stopping import Stop


class IncidentState(BaseModel):
    """Everything the response has to remember.

    ``joined`` are those of the roster who joined after it was opened. ``noise`` counts entries
    that anybody can cause, by their kind. ``stop`` is the newest of which it has heard, and
    ``quarantines`` are those in force of which it has. Without ``severity`` it was opened before
    there were any. ``escalations`` are about gates, by what notifications call them, and
    ``delegations`` those that have not ended. ``promises`` are those that were made, the first word
    among them, ``heard`` the messages that the promise clock knows to be told, and ``words`` when
    the first and the latest update was. What the messages up to ``watched_from`` promise is not
    watched: they are of before the incident had a severity. ``followed_up``: its prevention will be
    asked for on its day. ``notified_broken``: the broken promises of which people are still
    notified, since nobody has acknowledged it and no update is out.
    """

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    incident: Slug
    title: str
    plan: Playbook
    templates: str
    audiences: tuple[AudienceName, ...]
    opened_by: Actor
    opened_at: datetime
    stage: Stage = Stage.IDENTIFY
    messages: list[MessageState] = Field(default_factory=list)
    facts: FactsState = FactsState()
    closed_at: datetime | None = None
    waiver: str = ""
    joined: tuple[str, ...] = ()
    noise: dict[str, Noise] = Field(default_factory=dict)
    stop: Stop | None = None
    severity: Severity | None = None
    quarantines: tuple[Quarantine, ...] = ()
    escalations: dict[str, Escalation] = Field(default_factory=dict)
    delegations: tuple[Delegation, ...] = ()
    promises: list[Promise] = Field(default_factory=list)
    heard: list[int] = Field(default_factory=list)
    words: list[datetime] = Field(default_factory=list)
    watched_from: int = 0
    followed_up: bool = False
    notified_broken: list[int] = Field(
        default_factory=list,
        # Its name in histories, which builds from before its renaming may have to continue.
        alias="alarms",
        exclude_if=unsaid,
    )

    def message(self, number: int) -> MessageState:
        """Message ``number``; ``DomainError`` if there is none."""
        for one in self.messages:
            if one.number == number:
                return one
        raise DomainError(
            f"There is no message {number} in this incident.",
            NextStep(
                action=Action.SHOW_STATUS,
                incident=self.incident,
                advice=f"It has {len(self.messages)} so far.",
            ),
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
        """The number of the next message, and its number among messages of its ``kind``."""
        kin = sum(one.kind is kind for one in self.messages)
        return max((one.number for one in self.messages), default=0) + 1, kin + 1

    def plan_of(self, kind: MessageKind) -> MessagePlan:
        """The plan for ``kind``; ``DomainError`` if the playbook has none."""
        plan = self.plan.plan_for(kind)
        if plan is None:
            raise self._unplanned(kind)
        return plan

    def gate_of(self, kind: MessageKind) -> GatePolicy:
        """Who signs a ``kind``; ``DomainError`` if the playbook has none."""
        gate = self.plan.gate_of(kind)
        if gate is None:
            raise self._unplanned(kind)
        return gate

    def _unplanned(self, kind: MessageKind) -> DomainError:
        planned = ", ".join(sorted(self.plan.kinds))
        lacks = f"plan for a {kind}" if kind.published else "replies"
        return DomainError(
            f"Playbook {self.plan.name} has no {lacks}.",
            f"It plans {planned}. Add the kind to the playbook, then open a new incident.",
        )

    def told(self, message: MessageState) -> bool:
        """Whether the quorum of a message's plan has been reached; forms have none."""
        if not message.kind.published:
            return False
        if message.number in self.heard:
            # Told once is told: a channel that comes back from quarantine takes nothing back.
            return True
        plan = self.plan_of(message.kind)
        lost = {one.channel for one in self.quarantines}
        if message.released:
            # It goes to the channels of its statement, and can reach no others.
            lost |= set(plan.channels) - {one.channel for one in message.destinations}
        return plan.told(message.channels_reached(), lost)

    def numbers_told(self) -> tuple[int, ...]:
        """The messages that have reached the quorum of their plans."""
        return tuple(one.number for one in self.messages if self.told(one))

    def numbers_waiting(self) -> tuple[int, ...]:
        """The messages that wait at their gates."""
        return tuple(
            one.number
            for one in self.messages
            if one.phase is MessagePhase.WAITING and one.gate.state is GateState.WAITING
        )

    def has_told(self, kind: MessageKind) -> bool:
        """Whether any message of ``kind`` has reached its quorum."""
        return any(one.kind is kind and self.told(one) for one in self.messages)

    def refuse_if_closed(self) -> None:
        """Raise ``DomainError`` if the incident is closed."""
        if self.stage is Stage.CLOSED:
            raise DomainError("The incident is closed.", "Open a new one.")

    def refuse_stranger(self, actor: Actor) -> None:
        """Raise ``DomainError`` unless ``actor`` is in the roster."""
        roster = sorted(person.id for person in self.plan.roster)
        if actor.person not in roster:
            raise DomainError(
                f"{actor.person[:40]!r} is not in this incident's roster.",
                f"It has {', '.join(roster)}.",
            )

    def refuse_unknown_owner(self, owner: str) -> None:
        """Raise ``DomainError`` unless ``owner`` of a promise is in the roster."""
        roster = sorted(person.id for person in self.plan.roster)
        if owner not in roster:
            raise DomainError(
                f"{owner[:40]!r} cannot keep a promise here: they are not in the roster.",
                f"It has {', '.join(roster)}.",
            )

    def refuse_request(self, actor: Actor) -> None:
        """Raise ``DomainError`` if the incident is closed, or ``actor`` is not in its roster."""
        self.refuse_if_closed()
        self.refuse_stranger(actor)
