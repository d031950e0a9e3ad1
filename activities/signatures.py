"""What workflows may ask of activities: names, arguments and results, and nothing that does I/O.

A workflow imports this module and no other of the package. Arguments carry references (incident,
message number, revision, digest), never a body, an address or a token. Names live for years in
histories and are never changed; a new field gets a default.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from domain.broadcasting import BroadcastHealth
from domain.ids import ChannelName, MessageRef, Slug
from domain.message import MessageClass, MessageKind
from domain.model import Value
from domain.playbook import Playbook
from domain.publication import PublicationState, Receipt, Sighting

Argument = TypeVar("Argument", bound=Value)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Signature(Generic[Argument, Result]):
    """One activity as a workflow sees it."""

    name: str
    argument: type[Argument]
    result: type[Result]


class Nothing(Value):
    """The result of an activity that only had to be done."""


# --- the record -----------------------------------------------------------------------------


class RegisterIncident(Value):
    """Enter an incident in the ledger."""

    incident: Slug
    title: str
    playbook: str
    audience: str | None
    opened_at: datetime


class CloseIncident(Value):
    """Mark an incident closed in the ledger."""

    incident: Slug
    at: datetime


class TimelineEntry(Value):
    """One thing that happened: number, time, past participle, who, and about what."""

    seq: int
    at: datetime
    what: str
    who: str
    about: str = ""


class RecordTimeline(Value):
    """Append entries to the ledger's timeline; those that are there already are left alone."""

    incident: Slug
    entries: tuple[TimelineEntry, ...]


# --- proposing --------------------------------------------------------------------------------


class RenderMessage(Value):
    """Render every channel's copy of one revision and store it.

    ``facts`` and ``copy_draft`` are ids of drafts in the ledger; ``plan`` is the incident's own
    snapshot and ``templates`` the digest of the stored template files.
    """

    message: MessageRef
    kind: MessageKind
    ordinal: int
    author: str
    title: str
    templates: str
    plan: Playbook
    audience: str | None = None
    facts: str | None = None
    copy_draft: str | None = None
    next_update_by: datetime | None = None
    at: datetime


class ChannelCopy(Value):
    """One channel's copy in numbers: never its words."""

    channel: ChannelName
    direct: bool
    length: int
    max_length: int | None = None
    unit: str = "characters"
    retracts: bool = False


class Rendered(Value):
    """What was stored: the digest that approvers sign, and each channel's copy in numbers."""

    digest: str
    channels: tuple[ChannelCopy, ...]
    audience_count: int = 0
    codes_worth: str | None = None


# --- publishing on a post channel -------------------------------------------------------------


class PublicationTask(Value):
    """One message on one channel, with the digest that was approved."""

    message: MessageRef
    channel: ChannelName
    digest: str


class PublishPost(Value):
    """Make attempt number ``attempt``, unless the ledger knows better."""

    task: PublicationTask
    attempt: int
    fresh_until: datetime | None = None


class Standing(Value):
    """Where a publication stands in the ledger."""

    state: PublicationState
    receipt: Receipt | None = None
    started_at: datetime | None = None
    attempt: int = 0
    reason: str = ""
    next_step: str = ""


class LookForPost(Value):
    """Look at the provider for an attempt whose outcome nobody knows; a find is entered.

    ``since``: by the server's clock, no attempt in question began earlier. The ledger has the
    moment too, by the clock of the worker that made the attempt, and that may have been wrong.
    """

    task: PublicationTask
    since: datetime | None = None


class SettlePublication(Value):
    """Enter in the ledger what was concluded about a publication."""

    task: PublicationTask
    to: PublicationState
    attempt: int = 0
    reason: str = ""
    next_step: str = ""
    receipt: Receipt | None = None


class SettleByPerson(Value):
    """Enter what a person saw at the platform about an unknown outcome, on either kind of channel.

    If it did not go out, it is planned again, or with ``otherwise`` ends in that state: nothing is
    sent by this activity. ``batches`` are the numbers of those that it speaks of; none: all.
    """

    task: PublicationTask
    direct: bool
    went_out: bool
    otherwise: PublicationState = PublicationState.PLANNED
    url: str | None = None
    batches: tuple[int, ...] = ()


# --- broadcasting on a direct channel ---------------------------------------------------------


class PlanBroadcast(Value):
    """Fix who gets the message, in which batches; doing it again changes nothing."""

    task: PublicationTask
    batch_size: int
    message_class: MessageClass


class BroadcastPlanned(Value):
    """What was fixed."""

    broadcast: int
    key: str
    batches: int
    recipients: int
    suppressed: int


class SendBatches(Value):
    """Send the batches ``first`` to ``last`` that have not gone out, one request each."""

    task: PublicationTask
    broadcast: int
    first: int
    last: int
    fresh_until: datetime | None = None


class BatchesSent(Value):
    """Where a range of batches stands in the ledger: recipients, and batches of unknown outcome.

    ``halted``: the provider refused the account itself, so that no further batch can go either.
    ``paused``: the ledger handed out nothing more, and the rest of the range is still to be sent.
    ``reached`` is the last batch that this speaks of, where the rest of the range is handed back;
    None is the end of the range. ``health`` counts the whole broadcast, not only the range.
    """

    accepted: int = 0
    refused: int = 0
    unknown_batches: int = 0
    halted: bool = False
    paused: bool = False
    reached: int | None = None
    health: BroadcastHealth = BroadcastHealth()
    reason: str = ""
    next_step: str = ""


class SettleUnknown(Value):
    """Settle the batches whose outcome is unknown by the events that name them.

    Batches that began before ``release_before`` and have no event at all may go again.
    """

    broadcast: int
    release_before: datetime | None = None
    max_attempts: int = 5


class UnknownSettled(Value):
    """What the events said: ``accepted`` recipients of the whole broadcast so far.

    ``released`` are the numbers of the batches that may go now: those whose window has closed, and
    any that a worker, after it had been given up for dead, brought back unsent. ``reason`` says
    why batches whose window has closed were not released, and ``next_step`` what a person does.
    """

    unknown_batches: int
    accepted: int
    released: tuple[int, ...] = ()
    reason: str = ""
    next_step: str = ""


class PauseBroadcast(Value):
    """Let no further batch begin, or with ``paused`` false let them begin again."""

    broadcast: int
    paused: bool


class StopBroadcast(Value):
    """Let no further batch go out."""

    broadcast: int
    to: PublicationState


REGISTER_INCIDENT = Signature("register_incident", RegisterIncident, Nothing)
CLOSE_INCIDENT = Signature("close_incident", CloseIncident, Nothing)
RECORD_TIMELINE = Signature("record_timeline", RecordTimeline, Nothing)
RENDER_MESSAGE = Signature("render_message", RenderMessage, Rendered)
PLAN_PUBLICATION = Signature("plan_publication", PublicationTask, Standing)
PUBLISH_POST = Signature("publish_post", PublishPost, Standing)
LOOK_FOR_POST = Signature("look_for_post", LookForPost, Sighting)
SETTLE_PUBLICATION = Signature("settle_publication", SettlePublication, Standing)
SETTLE_BY_PERSON = Signature("settle_by_person", SettleByPerson, Standing)
RETRACT_POST = Signature("retract_post", PublicationTask, Standing)
PLAN_BROADCAST = Signature("plan_broadcast", PlanBroadcast, BroadcastPlanned)
SEND_BATCHES = Signature("send_batches", SendBatches, BatchesSent)
SETTLE_UNKNOWN = Signature("settle_unknown", SettleUnknown, UnknownSettled)
PAUSE_BROADCAST = Signature("pause_broadcast", PauseBroadcast, Nothing)
STOP_BROADCAST = Signature("stop_broadcast", StopBroadcast, Nothing)
