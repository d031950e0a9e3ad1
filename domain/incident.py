"""An incident's state, and the rules about what may happen to it next.

The workflow has one ``IncidentState`` and carries it through continue-as-new. Rules that say no
raise ``DomainError``; nothing here waits, sends, or reads a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from domain.actor import Actor
from domain.cadence import first_word_by, next_word_by, suggested_promise
from domain.delegation import Delegation, delegated
from domain.errors import DecisionRefused, DomainError
from domain.escalation import Escalation
from domain.explanation import Action, NextStep
from domain.facts import FactsState, missing_facts, missing_for_people
from domain.gate import GatePolicy, GateState, Standing, standing
from domain.ids import AudienceName, MessageRef, Slug
from domain.limits import MOST_MESSAGES
from domain.message import SHORT_DIGEST, STAGE_OF, MessageKind
from domain.message_state import MessagePhase, MessageState
from domain.model import unsaid
from domain.noise import Noise
from domain.playbook import MessagePlan, Playbook
from domain.promise_clock import Promise, PromiseState, open_promises
from domain.quarantine import Quarantine
from domain.roster import roles_of
from domain.severity import Severity
from domain.stage import ALLOWED_MOVES, Stage, refuse_move
from domain.stopping import Stop
from domain.times import show_moment

_EDITABLE = (MessagePhase.WAITING, MessagePhase.REJECTED, MessagePhase.EXPIRED)


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
    asked for on its day. ``alarms`` are the broken promises of which people are told: nobody has
    heard, and no update is out.
    """

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
    alarms: list[int] = Field(default_factory=list, exclude_if=unsaid)

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

    def may_sign(self, message: MessageState) -> tuple[str, ...]:
        """Who may approve ``message`` now: never its author, nobody twice, and in their turn."""
        gate = message.gate
        if gate.state is not GateState.WAITING:
            return ()
        decided = {name for one in gate.decisions for name in (one.actor.person, one.authority)}
        now = set(gate.roles_now())
        return tuple(
            person.id
            for person in self.plan.roster
            if person.id != message.author
            and person.id not in decided
            and now & set(self.stands_as(message, person.id).roles)
        )

    def stands_as(self, message: MessageState, person: str) -> Standing:
        """As what somebody decides on ``message``: roles of their own, or delegated ones."""
        roles = roles_of(self.plan.roster)
        return standing(message.gate, person, roles, delegated(self.delegations, roles))

    def signs_as(self, message: MessageState) -> dict[str, tuple[str, ...]]:
        """The roles in which each person may decide on ``message``, for those who have one."""
        found = {one.id: self.stands_as(message, one.id).roles for one in self.plan.roster}
        return {person: here for person, here in found.items() if here}

    def signs_for(self, message: MessageState) -> dict[str, str]:
        """Who has delegated to each person the roles in which they may decide on ``message``."""
        found = {one.id: self.stands_as(message, one.id) for one in self.plan.roster}
        return {person: one.on_behalf_of for person, one in found.items() if one.on_behalf_of}

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

    def refuse_advance(self, to: Stage, actor: Actor) -> None:
        """Raise ``DomainError`` unless ``actor`` may move the incident to ``to`` now."""
        self.refuse_stranger(actor)
        if to is Stage.CLOSED:
            raise DomainError(
                "An incident is closed, not advanced.",
                NextStep(action=Action.CLOSE, incident=self.incident),
            )
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
        if not kind.published:
            return self.stage
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
                self._to_propose_instead(),
            )
        self.refuse_stage(wanted)
        return wanted

    def proposable(self) -> list[MessageKind]:
        """The kinds of message that the plan, the stage and the facts allow now."""
        kinds = [kind for kind in self.plan.kinds if self._is_proposable(kind)]
        # Those are approved before there is an incident.
        return [kind for kind in kinds if kind is not MessageKind.HOLDING_STATEMENTS]

    def _is_proposable(self, kind: MessageKind) -> bool:
        wanted = STAGE_OF[kind]
        if not kind.published:
            return True
        if wanted is None:
            return self.has_told(MessageKind.ANNOUNCEMENT)
        try:
            self.refuse_unfilled(kind)
            if wanted is not self.stage:
                self.refuse_stage(wanted)
        except DomainError:
            return False
        return True

    def _to_propose_instead(self) -> NextStep:
        kinds = self.proposable()
        if not kinds:
            return NextStep(action=Action.SHOW_STATUS, incident=self.incident)
        return NextStep(
            action=Action.PROPOSE,
            incident=self.incident,
            about=kinds[0].value,
            advice=f"What can be proposed now: {', '.join(kinds)}.",
        )

    def refuse_proposal(self, kind: MessageKind, actor: Actor) -> None:
        """Raise ``DomainError`` unless ``actor`` may propose a ``kind`` now."""
        self.refuse_stranger(actor)
        self.gate_of(kind)
        self.stage_for(kind)
        if len(self.messages) >= MOST_MESSAGES:
            raise DomainError(
                f"This incident has {MOST_MESSAGES} messages, and no incident has more.",
                "Close it and open another one.",
            )
        self.refuse_unfilled(kind)

    def refuse_unfilled(self, kind: MessageKind) -> None:
        """Raise ``DomainError`` if ``kind`` needs facts that have not been filled in."""
        plan = self.plan.plan_for(kind)
        untold = missing_for_people(self.facts.filled) if plan and plan.people_concerned else []
        if untold:
            raise people_not_told(kind, untold, self.incident)
        if kind is not MessageKind.RESOLUTION_NOTE:
            return
        missing = missing_facts(self.facts.filled)
        if missing:
            raise DomainError(
                f"A resolution note needs both the fix and the prevention, with an owner and a "
                f"date; not filled yet: {', '.join(missing)}.",
                NextStep(action=Action.RECORD_FACTS, incident=self.incident),
            )

    def refuse_revision(self, message: MessageState) -> None:
        """Raise ``DomainError`` if a message can no longer be edited."""
        self.refuse_if_closed()
        if message.phase is MessagePhase.IN_FORCE:
            raise DomainError(
                f"Message {message.number} is in force and can no longer be edited.",
                NextStep(
                    action=Action.PROPOSE,
                    incident=self.incident,
                    about=message.kind.value,
                    advice="Propose them anew: once signed, those replace these.",
                ),
            )
        if message.phase not in _EDITABLE:
            raise DomainError(
                f"Message {message.number} is {message.phase} and can no longer be edited.",
                "Propose a correction, which goes out as a message of its own.",
            )

    def refuse_audiences(self, actor: Actor) -> None:
        """Raise ``DomainError`` if ``actor`` may not choose other audiences now."""
        self.refuse_request(actor)
        begun = [one.number for one in self.messages if one.outcomes]
        if begun:
            raise DomainError(
                f"Message {', '.join(map(str, begun))} has begun to go out, so the audiences stay "
                f"as they are: {', '.join(self.audiences) or 'none'}.",
                "Open another incident for other recipients.",
            )

    def close(self, waive: str, at: datetime) -> None:
        """End the response at ``at``; ``waive`` is why, if something was left open."""
        self.waiver = waive.strip()
        self._end_promises(at)
        self.closed_at = at
        self.stage = Stage.CLOSED

    def refuse_close(self, waive: str) -> None:
        """Raise ``DomainError`` if something is open, unless it is waived in writing."""
        self.refuse_if_closed()
        # What was withdrawn or superseded may still be on the wire somewhere.
        busy = [one.number for one in self.messages if one.busy()]
        if busy:
            numbers = ", ".join(map(str, busy))
            raise DomainError(
                f"Message {numbers} is still being published.",
                "Wait for it, or withdraw it; a publication under way cannot be waived.",
            )
        if waive.strip():
            return
        self._refuse_promised()
        waiting = [one.number for one in self.messages if one.phase is MessagePhase.WAITING]
        if waiting:
            raise DomainError(
                f"Message {', '.join(map(str, waiting))} is waiting at its gate.",
                "Have it decided or withdraw it, or close with a written waiver.",
            )
        broken = [one.number for one in self.messages if one.to_review()]
        if broken:
            raise DomainError(
                f"The gate of message {', '.join(map(str, broken))} was opened out of policy, and "
                "nobody has reviewed that.",
                NextStep(
                    action=Action.REVIEW,
                    incident=self.incident,
                    message=broken[0],
                    advice="Somebody who had no part in it writes what was found; or close with a "
                    "written waiver.",
                ),
            )
        unknown = [(one.number, place) for one in self.messages for place in one.unknown_at()]
        if unknown:
            places = ", ".join(f"message {number} on {place}" for number, place in unknown)
            raise DomainError(
                f"Nobody knows whether this went out: {places}.",
                "Settle it (look at the platform, then say so), or close with a written waiver.",
            )

    def next_word_by(self) -> datetime | None:
        """By when the public should hear from us again; None once it is resolved, or closed.

        What was promised, the earliest first; without a promise, the cadence of the severity.
        """
        if self.severity is None or self.stage is Stage.CLOSED:
            return None
        promised = open_promises(self.promises)
        if promised:
            return promised[0].due
        if not self.words:
            return None if self.watched_from else first_word_by(self.severity, self.opened_at)
        if self.has_told(MessageKind.RESOLUTION_NOTE):
            return None
        return next_word_by(self.severity, min(self.words), max(self.words), len(self.words))

    def suggested_promise(self, now: datetime) -> datetime | None:
        """What a message that goes out about ``now`` should promise; None once it is resolved."""
        if self.severity is None or self.has_told(MessageKind.RESOLUTION_NOTE):
            return None
        first = min(self.words, default=None)
        return suggested_promise(self.severity, now, first, len(self.words))

    def _refuse_promised(self) -> None:
        promised = [one for one in open_promises(self.promises) if one.public]
        if promised:
            raise DomainError(
                f"People were promised an update by {show_moment(promised[0].due)}, in message "
                f"{promised[0].number}.",
                "Publish it, or close with a written waiver: then the promise counts as broken.",
            )

    def _end_promises(self, at: datetime) -> None:
        for one in open_promises(self.promises):
            one.end(PromiseState.BROKEN, at, why="The incident was closed with a waiver.")

    def overtaken_by(self, message: MessageState) -> list[MessageState]:
        """Older messages that must let nothing out any more once ``message`` is approved.

        Progress updates, after a newer one or the resolution note; forms, after newer ones. That
        work goes on overtakes nothing: somebody may be about to sign what says more.
        """
        if message.released:
            return []
        if not message.kind.published:
            ended = (MessagePhase.WITHDRAWN, MessagePhase.SUPERSEDED)
            return [
                one
                for one in self.messages
                if one.number < message.number
                and one.kind is message.kind
                and one.phase not in ended
            ]
        if message.kind not in (MessageKind.PROGRESS_UPDATE, MessageKind.RESOLUTION_NOTE):
            return []
        return [
            one
            for one in self.messages
            if one.number < message.number
            and one.kind is MessageKind.PROGRESS_UPDATE
            and one.phase in (*_EDITABLE, MessagePhase.PUBLISHING)
        ]


def people_not_told(kind: MessageKind, missing: Sequence[str], incident: str) -> DomainError:
    """Why a message to people concerned cannot be written yet."""
    return DomainError(
        f"This {kind.value.replace('_', ' ')} tells people of a breach of their data, and these "
        f"facts are not known yet: {'; '.join(missing)}.",
        NextStep(
            action=Action.RECORD_FACTS,
            incident=incident,
            advice="Record them, then propose it again.",
        ),
        means="The playbook says so (`people_concerned`). Nothing was changed.",
    )
