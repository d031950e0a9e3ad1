"""The plan made beforehand: who speaks and signs, where each message goes, and how fast.

A playbook is a folder that a comms person can edit: ``playbook.yaml`` (this model) and one
template file for each message and channel. The plan travels with the incident as a snapshot, so
that editing the folder during an incident changes nothing silently.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime, timedelta

from pydantic import Field, model_validator

from domain.desk_shifts import DeskPlan, desk_problems
from domain.duration import Duration
from domain.escalation import DEFAULT_LADDERS, Ladder, escalation_problems
from domain.facts import COPY_FACTS, FactName, FactText
from domain.gate_check import gate_problems
from domain.gate_policy import GatePolicy, Requirement
from domain.ids import SUBSCRIBERS, ChannelName
from domain.message import CLASS_OF, STAGE_OF, MessageClass, MessageKind
from domain.model import Written
from domain.offer import OfferTerms
from domain.page_entry import PagePlan
from domain.plan_problems import PlanProblem, refuse
from domain.playbook_briefing import BriefingPlan
from domain.playbook_holding import HoldingPlan, holding_problems
from domain.playbook_promises import PromisesPlan
from domain.playbook_replies import RepliesPlan, reply_problems
from domain.priorities import MentionsPlan
from domain.public_text import PublicLine, PublicLink
from domain.regulations.applying import RegulationsPlan
from domain.roster import Person, Role
from domain.severity import UNLESS_SAID, Severity
from domain.suggest import did_you_mean
from domain.voice import SpokenVoice, VoicePlan

PAGE_CHANNEL = "website"
"""The post channel that is the status page."""

_FORMS = {MessageKind.REPLY_RULES: "replies", MessageKind.HOLDING_STATEMENTS: "holding"}
"""The kinds that are no message to the public, with the parts of the playbook that plan them."""


class MessagePlan(Written):
    """How one kind of message is handled: where it goes, who signs it, what it must not do.

    ``quorum`` is the measure of "told": how many of ``channels`` must have accepted,
    ``must_reach`` among them. What has not gone out ``fresh_for`` after its approval is superseded:
    stale news is worse than none. ``subscribers`` says whether those of the status page are told;
    None: if the message goes to the page. ``people_concerned``: it tells people of a breach of
    their data, so it needs nature, contact, consequences and measures.
    """

    channels: tuple[ChannelName, ...] = Field(min_length=1)
    gate: GatePolicy
    quorum: int = Field(default=1, ge=1)
    must_reach: tuple[ChannelName, ...] = ()
    message_class: MessageClass | None = None
    fresh_for: Duration = timedelta(hours=12)
    subscribers: bool | None = None
    people_concerned: bool = False

    @model_validator(mode="after")
    def _quorum_can_be_met(self) -> MessagePlan:
        problems = []
        if SUBSCRIBERS in self.channels:
            detail = f"names {SUBSCRIBERS}, which is an audience and not a channel"
            step = f"Write `{SUBSCRIBERS}: true` beside `channels`."
            problems.append(PlanProblem(("channels",), detail, step))
        if len(set(self.channels)) != len(self.channels):
            problems.append(PlanProblem(("channels",), "names one channel twice"))
        if self.quorum > len(self.channels):
            detail = f"is {self.quorum}, but the message goes to {len(self.channels)} channels"
            problems.append(PlanProblem(("quorum",), detail))
        for stranger in sorted(set(self.must_reach) - set(self.channels)):
            detail = f"names {stranger}, and the message does not go there"
            problems.append(PlanProblem(("must_reach",), detail))
        refuse(problems)
        return self

    def told(self, reached: Set[str], lost: Set[str] = frozenset()) -> bool:
        """Whether people have been told once the channels ``reached`` have it.

        Of channels that are ``lost`` to somebody else none is needed; what they have counts.
        Without any other channel nobody is told.
        """
        left = set(self.channels) - lost
        if not left:
            return False
        quorum = min(self.quorum, len(left))
        return len(reached) >= quorum and set(self.must_reach) - lost <= reached

    def class_of(self, kind: MessageKind) -> MessageClass:
        """The class of a message of this kind, unless the plan says otherwise."""
        return self.message_class or CLASS_OF[kind]


class BroadcastPlan(Written):
    """How mail goes out: batch size, how many batches at once, and how long to wait for events.

    It pauses by itself, and says so, once more than ``pause_above`` of those reached so far were
    refused or have bounced, as a share from 0 to 1; not before ``pause_after`` recipients.
    """

    batch_size: int = Field(default=1000, ge=1, le=1000)
    in_flight: int = Field(default=8, ge=1, le=64)
    unknown_window: Duration = timedelta(minutes=10)
    pause_above: float = Field(default=0.1, gt=0, le=1)
    pause_after: int = Field(default=1000, ge=1)


class SubscribersPlan(Written):
    """How the subscribers of the status page are told: by mail on the direct ``channel``."""

    channel: ChannelName


class Looking(Written):
    """How we look for a post whose answer was lost: this many times, this far apart.

    A timeline may lag behind what was accepted, so one absence proves little.
    """

    looks: int = Field(default=3, ge=2, le=10)
    apart: Duration = timedelta(seconds=20)


class Playbook(Written):
    """A whole plan."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")
    title: PublicLine
    company: PublicLine
    roster: tuple[Person, ...] = Field(min_length=1)
    voices: dict[ChannelName, VoicePlan] = Field(default_factory=dict)
    messages: dict[MessageKind, MessagePlan]
    broadcast: BroadcastPlan = BroadcastPlan()
    looking: Looking = Looking()
    attempts: int = Field(default=5, ge=1, le=50)
    offer: OfferTerms | None = None
    page: PagePlan = PagePlan()
    link: PublicLink | None = Field(default=None, pattern=r"^https://\S+$")
    facts: dict[FactName, FactText] = Field(default_factory=dict)
    subscribers: SubscribersPlan | None = None
    replies: RepliesPlan | None = None
    mentions: MentionsPlan = MentionsPlan()
    briefing: BriefingPlan = BriefingPlan()
    desk: DeskPlan = DeskPlan()
    regulations: RegulationsPlan = RegulationsPlan()
    escalation: dict[Severity, Ladder] = Field(default_factory=dict)
    severity: Severity = UNLESS_SAID
    promises: PromisesPlan = PromisesPlan()
    holding: HoldingPlan | None = None

    @model_validator(mode="after")
    def _plan_holds_together(self) -> Playbook:
        refuse(
            [
                *self._roster_problems(),
                *self._gate_problems(),
                *escalation_problems(self.escalation),
                *self._subscriber_problems(),
                *self._voice_problems(),
                *self._reply_problems(),
                *desk_problems(self.desk, self.roster),
                *self._holding_problems(),
            ]
        )
        return self

    def speaking(self, channel: str, kind: MessageKind, at: datetime) -> SpokenVoice | None:
        """Who speaks on a channel in a message of this kind that is written at that moment."""
        plan = self.voices.get(channel)
        return plan.speaking(STAGE_OF.get(kind), at) if plan is not None else None

    def speakers(self, kind: MessageKind, at: datetime) -> tuple[Role, ...]:
        """The roles in whose voices it speaks: each writes it or signs it."""
        plan = self.plan_for(kind)
        voices = [self.speaking(name, kind, at) for name in plan.channels] if plan else []
        return tuple(dict.fromkeys(one.spoken_by for one in voices if one and one.spoken_by))

    @property
    def channels(self) -> frozenset[str]:
        """Every channel on which something of this plan goes out."""
        found = {name for one in self.messages.values() for name in one.channels}
        return frozenset(found | {self.subscribers.channel} if self.subscribers else found)

    def requiring(self, least: Requirement) -> Playbook:
        """The same plan, with gates where nobody signs with less than ``least``."""
        messages = {
            kind: message.model_copy(update={"gate": message.gate.requiring(least)})
            for kind, message in self.messages.items()
        }
        replies = self.replies
        if replies is not None:
            replies = replies.model_copy(update={"gate": replies.gate.requiring(least)})
        holding = self.holding
        if holding is not None:
            holding = holding.model_copy(update={"gate": holding.gate.requiring(least)})
        changes = {"messages": messages, "replies": replies, "holding": holding}
        return self.model_copy(update=changes)

    def without_words(self) -> Playbook:
        """The same plan as it travels with an incident.

        What would be said stays in the files, and how people are reached.
        """
        replies = self.replies
        if replies is not None:
            replies = replies.model_copy(update={"saved": ()})
        holding = self.holding.without_words() if self.holding else None
        changes = {"replies": replies, "briefing": BriefingPlan(), "holding": holding}
        return self.model_copy(update=changes)

    def _roster_problems(self) -> list[PlanProblem]:
        ids = [person.id for person in self.roster]
        return [
            PlanProblem(("roster", place, "id"), f"names {one}, who is in the roster already")
            for place, one in enumerate(ids)
            if one in ids[:place]
        ]

    def _gate_problems(self) -> list[PlanProblem]:
        problems = [
            problem
            for kind, plan in self.messages.items()
            for problem in gate_problems(("messages", kind.value, "gate"), plan.gate, self.roster)
        ]
        if MessageKind.GOODWILL_OFFER in self.messages and self.offer is None:
            place = ("messages", MessageKind.GOODWILL_OFFER.value)
            problems.append(PlanProblem(place, "is planned, but there is no offer to make"))
        return problems

    def _subscriber_problems(self) -> list[PlanProblem]:
        if self.subscribers is not None:
            return []
        step = f"Add `{SUBSCRIBERS}:` with the `channel` that writes to them."
        return [
            PlanProblem(
                ("messages", kind.value, SUBSCRIBERS),
                "is true, but no channel writes to them",
                step,
            )
            for kind, plan in self.messages.items()
            if plan.subscribers
        ]

    def _voice_problems(self) -> list[PlanProblem]:
        held = {role for person in self.roster for role in person.roles}
        return [
            PlanProblem(
                ("voices", channel, "spoken_by"),
                f"names {one.spoken_by}, which nobody in the roster is",
                did_you_mean(one.spoken_by, held),
            )
            for channel, voice in self.voices.items()
            for one in voice.every()
            if one.spoken_by and one.spoken_by not in held
        ]

    def _holding_problems(self) -> list[PlanProblem]:
        if self.holding is None:
            return []
        return holding_problems(self.holding, self.roster)

    def _reply_problems(self) -> list[PlanProblem]:
        problems = []
        for kind, part in _FORMS.items():
            if kind in self.messages:
                step = f"Plan them in `{part}:`, beside `messages:`."
                detail = "are no message to the public"
                problems.append(PlanProblem(("messages", kind.value), detail, step))
        if self.replies is not None:
            problems += reply_problems(self.replies, self.roster)
        return problems

    def tells_subscribers(self, kind: MessageKind) -> bool:
        """Whether the subscribers of the status page get messages of ``kind``."""
        if self.subscribers is None or kind not in self.messages:
            return False
        plan = self.messages[kind]
        return PAGE_CHANNEL in plan.channels if plan.subscribers is None else plan.subscribers

    def signers(self, kind: MessageKind) -> list[str]:
        """The ids of those in the roster who may sign messages of ``kind``, in roster order."""
        gate = self.gate_of(kind)
        roles = set(gate.roles) if gate is not None else set()
        return [person.id for person in self.roster if roles & set(person.roles)]

    def ladder_for(self, severity: Severity) -> Ladder:
        """How people are asked at a gate in an incident of ``severity``."""
        return self.escalation.get(severity) or DEFAULT_LADDERS[severity]

    def plan_for(self, kind: MessageKind) -> MessagePlan | None:
        """The plan of one kind of public message, or None if this playbook has none."""
        return self.messages.get(kind)

    def gate_of(self, kind: MessageKind) -> GatePolicy | None:
        """Who signs a message of ``kind``; None if this playbook has none of it."""
        if kind is MessageKind.REPLY_RULES:
            return self.replies.gate if self.replies else None
        if kind is MessageKind.HOLDING_STATEMENTS:
            return self.holding.gate if self.holding else None
        plan = self.messages.get(kind)
        return plan.gate if plan else None

    @property
    def fact_names(self) -> frozenset[str]:
        """The names of all facts that there may be: those of every incident, and the plan's own."""
        return frozenset({*COPY_FACTS, *self.facts})

    @property
    def kinds(self) -> tuple[MessageKind, ...]:
        """The kinds of message that can be proposed: the public ones, then the forms."""
        return (*self.messages, *(one for one in _FORMS if self.gate_of(one) is not None))
