"""The updates and signals of an incident, and its answers.

The names below are the contract for everybody outside: the terminal, the console, plain
``temporal workflow signal``. They live for years in histories and never change; a new field gets
a default.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from activities.signatures.posts import PublicationTask
from domain.actor import Actor
from domain.broadcasting import BroadcastAction
from domain.explanation import Explanation
from domain.gate import Verdict
from domain.ids import AudienceName, ChannelName, MessageRef, Slug
from domain.incident import IncidentState
from domain.ledger import BegunAttempt, KnownLedger
from domain.message import MessageClass, MessageKind
from domain.model import Value
from domain.page_entry import ComponentState
from domain.playbook import BroadcastPlan, Looking, Playbook
from domain.publication import Destination, Outcome, PublicationState
from domain.roster import Person, PersonId
from domain.severity import Severity
from domain.stage import Stage
from domain.timeline import TimelineEntry

INCIDENT_WORKFLOW = "IncidentWorkflow"
PUBLICATION_WORKFLOW = "PublicationWorkflow"
BROADCAST_WORKFLOW = "BroadcastWorkflow"
OUTBOX_WORKFLOW = "OutboxWorkflow"
LISTENING_WORKFLOW = "ListeningWorkflow"
REPLY_DESK_WORKFLOW = "ReplyDeskWorkflow"
SURGE_WORKFLOW = "SurgeWorkflow"
DEADLINES_WORKFLOW = "DeadlinesWorkflow"
FOLLOW_UP_WORKFLOW = "FollowUpWorkflow"
NOTIFICATIONS_WORKFLOW = "NotificationsWorkflow"
CONTACT_TEST_WORKFLOW = "ContactTestWorkflow"

# --- opening ----------------------------------------------------------------------------------


class OpenIncident(Value):
    """Open an incident with a snapshot of its plan.

    ``templates`` is the digest of the playbook's files in the ledger. ``carried`` is this
    workflow's own state, when it continues as new, and ``registered`` whether the ledger has the
    incident. ``known`` is what the ledger has of it, and ``behind`` why it may not be used, if it
    has less. ``recovered``: it was open and its workflow was lost. It takes its name over, goes on
    from ``carried``, and believes the ledger about everything that was under way. Without
    ``severity`` it was opened before there were any: nobody is reminded, and no promise is watched.
    """

    incident: Slug
    title: str
    opened_by: Actor
    plan: Playbook
    templates: str
    audiences: tuple[AudienceName, ...] = ()
    severity: Severity | None = None
    carried: IncidentState | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    recorded: int = 0
    known: KnownLedger = KnownLedger()
    behind: Explanation | None = None
    registered: bool = False
    recovered: bool = False


class Join(Value):
    """Join an incident, opening it if necessary: the update of update-with-start."""

    actor: Actor


# --- steering ---------------------------------------------------------------------------------


class Propose(Value):
    """Propose a message: from its template and the facts, or with a draft of free copy.

    ``components`` are the states that it sets on the status page. ``notify`` is false if the page's
    subscribers are not to be told. ``owner`` keeps what it promises; "": its author.
    """

    kind: MessageKind
    actor: Actor
    copy_draft: str | None = None
    next_update_by: datetime | None = None
    components: dict[str, ComponentState] = Field(default_factory=dict)
    notify: bool = True
    owner: str = ""


class Release(Value):
    """Publish a holding statement that was approved in advance, with these values in its blanks."""

    statement: str
    actor: Actor
    blanks: dict[str, str] = Field(default_factory=dict)
    next_update_by: datetime | None = None


class SetSeverity(Value):
    """Say how bad the incident is, and why that has changed."""

    severity: Severity
    actor: Actor
    reason: str = ""


class Revise(Value):
    """Make a new revision of a message that is not yet being published; its decisions are void.

    Without ``next_update_by`` it keeps its promise of the next update, unless ``promise_none``, and
    without ``notify`` it tells the subscribers of the status page as before, or not. Without
    ``components`` it keeps the states that it sets on the page.
    """

    message: int
    actor: Actor
    copy_draft: str | None = None
    next_update_by: datetime | None = None
    promise_none: bool = False
    components: dict[str, ComponentState] | None = None
    notify: bool | None = None


class Decide(Value):
    """Approve or reject the message with this digest; ``digest`` may be a prefix of 8 or more.

    Without ``message`` the digest finds it. ``proof`` is the id of its proof in the ledger: what
    ``actor`` says of a key or a passkey counts only as far as that was verified.
    """

    actor: Actor
    digest: str
    message: int | None = None
    verdict: Verdict = Verdict.APPROVE
    reason: str = ""
    proof: str = ""


class SignalledDecision(Value):
    """The one value of the signals ``approve`` and ``reject``, for any client of Temporal."""

    by: str
    digest: str
    message: int | None = None
    reason: str = ""
    proof: str = ""


class BreakGlass(Value):
    """Ask to open a gate out of policy, or agree to it as the second person; why, in writing."""

    message: int
    actor: Actor
    digest: str
    reason: str
    proof: str = ""


class ReviewGate(Value):
    """Say, with no part in it, what is to be said of a gate that was opened out of policy."""

    message: int
    actor: Actor
    note: str


class Delegate(Value):
    """Give ``to`` the roles of ``holder`` until ``until``; None: end that now."""

    holder: PersonId
    to: PersonId
    until: datetime | None
    actor: Actor


class RecordFacts(Value):
    """Point the incident to a new draft of its facts; ``filled`` names those with a value.

    ``based_on`` is the draft that its author had read, None before the first: if somebody has
    recorded another since, this one is refused. ``changed`` names the facts that differ from it.
    """

    actor: Actor
    facts: str
    filled: tuple[str, ...]
    changed: tuple[str, ...]
    based_on: str | None


class NoteNotified(Value):
    """Enter in the timeline that an authority was notified; the ledger has when, and why late."""

    actor: Actor
    step: str
    late: bool = False


class SetAudiences(Value):
    """Choose who gets the mail, in place of the audiences so far; only while nothing has begun."""

    audiences: tuple[AudienceName, ...]
    actor: Actor


class Advance(Value):
    """Move to another stage."""

    to: Stage
    actor: Actor


class Withdraw(Value):
    """Stop a message, and take back what can be taken back."""

    message: int
    actor: Actor
    reason: str = ""


class SteerBroadcast(Value):
    """Pause, resume or stop one broadcast of a message; everything else is left alone.

    Here and below, ``audience`` may be left out where the message goes to one on that channel.
    """

    message: int
    actor: Actor
    action: BroadcastAction
    channel: ChannelName
    audience: AudienceName | None = None
    reason: str = ""


class RetryChannel(Value):
    """Publish an approved message once more on a channel that refused it."""

    message: int
    actor: Actor
    channel: ChannelName
    audience: AudienceName | None = None


class Settle(Value):
    """Enter, after looking at the platform, whether a publication of unknown outcome went out.

    On a direct channel it covers the ``batches`` with these numbers; if there are none, all that
    are unknown. Single batches may be settled while the others are still on their way.
    """

    message: int
    actor: Actor
    channel: ChannelName
    audience: AudienceName | None = None
    went_out: bool
    url: str | None = None
    batches: tuple[int, ...] = ()


class Close(Value):
    """Close the incident; ``waive`` is the written reason for closing with something open."""

    actor: Actor
    waive: str = ""


class Reconciled(Value):
    """A known outcome of a message, after the ledger was compared with what went out."""

    message: int
    outcome: Outcome


class Reconcile(Value):
    """Enter what a comparison of the ledger with what went out has found.

    ``seen`` is what a person has said of batches. Once nothing is open, ``generation`` names the
    ledger to go on with, and ``outcomes`` are what is known now; until then it is "".
    """

    actor: Actor
    generation: str = ""
    outcomes: tuple[Reconciled, ...] = ()
    seen: tuple[str, ...] = ()


# --- publications and broadcasts --------------------------------------------------------------


class PublishMessage(Value):
    """Publish one approved message at one destination.

    What has not gone out by ``fresh_until`` is too old. A broadcast of which nothing has gone out
    by ``begin_by`` is not begun any more.
    ``called_off``: send nothing. What may have gone out is looked for, and the rest ends so.
    ``start`` is repeated in all news. ``post`` and ``progress`` are the workflow's own state, when
    it continues as new. ``known``: what the ledger has of the incident, unless it is an earlier
    copy.
    """

    message: MessageRef
    destination: Destination
    digest: str
    message_class: MessageClass
    looking: Looking
    broadcast: BroadcastPlan
    attempts: int
    fresh_until: datetime | None = None
    begin_by: datetime | None = None
    urgent: bool = False
    called_off: PublicationState | None = None
    start: int = 0
    post: PostRun | None = None
    progress: BroadcastRun | None = None
    known: KnownLedger = KnownLedger()

    def task(self) -> PublicationTask:
        """The part of it that activities get."""
        return PublicationTask(
            message=self.message,
            channel=self.destination.channel,
            audience=self.destination.audience,
            digest=self.digest,
            known=self.known,
        )


class PostRun(Value):
    """How far the publication of a post has come: its attempts, for a continued run.

    ``since`` is when its first run started; ``wait_until`` is when the next attempt is due.
    """

    since: datetime
    attempts: int = 0
    lost: int = 0
    in_a_row: int = 0
    wait_until: datetime | None = None


class AsideBatch(Value):
    """A batch that the provider would not take in ``tries`` attempts, though it may take others.

    ``until`` is when to try it again; None: once others have been tried. ``certain``: the answer
    was about its recipients. ``others_taken``: the provider accepted others since the last try.
    """

    number: int
    tries: int
    until: datetime | None = None
    certain: bool = False
    others_taken: bool = False


class BroadcastRun(Value):
    """How far a broadcast's workflow has come: recipients, and batches where it says so.

    ``not_sent`` is known once it has ended. ``paused`` is why it is paused, if it is;
    ``waits_until`` is when the provider's limit, met ``throttles`` times in a row, lets it go on,
    and ``limit`` what was told of it. ``threshold_overridden``: somebody resumed it after it
    had paused, so it does not pause by itself again. ``queue`` has the batches still to hand out,
    as spans, for a continued run; ``halted``, ``refusal`` (why nothing more can go out) and
    ``unknown_until`` (how long events are waited for) are for one, too. ``generation`` names the
    ledger that has its plan, ``held`` is why everything of the incident is stopped, asked for
    ``holds`` times and again at ``held_until``, and ``newest`` is the batch that it entered last
    as begun. No batch after ``handed_out`` was ever handed out.
    """

    broadcast: int = 0
    batches: int = 0
    recipients: int = 0
    suppressed: int = 0
    elsewhere: int = 0
    accepted: int = 0
    refused: int = 0
    not_sent: int = 0
    unknown_batches: int = 0
    started_at: datetime | None = None
    now: datetime | None = None
    told: bool = False
    paused: str = ""
    threshold_overridden: bool = False
    throttles: int = 0
    waits_until: datetime | None = None
    limit: Explanation | None = None
    queue: tuple[tuple[int, int], ...] = ()
    aside: tuple[AsideBatch, ...] = ()
    explanation: Explanation | None = None
    halted: PublicationState | None = None
    refusal: Explanation | None = None
    unknown_until: datetime | None = None
    generation: str = ""
    newest: BegunAttempt | None = None
    handed_out: int = 0
    batch_size: int = 0
    held: Explanation | None = None
    held_until: datetime | None = None
    holds: int = 0

    def per_second(self) -> float:
        """Recipients accepted per second since the start; zero before anything was."""
        if self.started_at is None or self.now is None:
            return 0.0
        seconds = (self.now - self.started_at).total_seconds()
        return self.accepted / seconds if seconds > 0 else 0.0


class Halt(Value):
    """Tell a publication or a broadcast to stop: withdrawn, or overtaken by a newer message."""

    to: Literal[PublicationState.WITHDRAWN, PublicationState.SUPERSEDED] = (
        PublicationState.WITHDRAWN
    )


class PauseSending(Value):
    """Tell a broadcast to hand out no more batches until it is told to resume."""

    reason: str = "Paused."


class ChannelNews(Value):
    """A publication or a broadcast reports its state to its incident, and at last that it ended.

    It is a hint, which anybody who reaches Temporal could send: what has ended, and who was told,
    is read from the ledger. ``start`` is that of its order. ``told``: the first batch was accepted.
    The outcome has an explanation while a broadcast is paused, or ``waits`` for the provider's
    limit, while a post waits for the provider, and while a lost answer is looked for.
    """

    message: int
    outcome: Outcome
    start: int = 0
    told: bool = False
    waits: bool = False


# --- standing workflows: other systems are told, channels are listened to -----------------------


class FollowUp(Value):
    """Ask for the prevention of an incident on the day that its facts name.

    ``otherwise`` is asked if they name nobody of the ``roster``. ``message`` is the resolution.
    """

    incident: Slug
    roster: tuple[Person, ...]
    otherwise: PersonId
    severity: Severity
    message: int


class SendOutbox(Value):
    """Send the endpoint of that name what waits for it. Every signal means: more was entered."""

    endpoint: str


class Listen(Value):
    """Listen to the channel of that name, or to its ``private`` messages.

    Every signal means: read it now.
    """

    channel: ChannelName
    private: bool = False


class AnswerMentions(Value):
    """Send the replies on the channel of that name. Every signal means: there may be some now."""

    channel: ChannelName


class SendPeopleNotifications(Value):
    """Notify our own people of what waits for them. Every signal means: more was entered."""


class TestEverybody(Value):
    """Send everybody a contact test."""


PublishMessage.model_rebuild()
