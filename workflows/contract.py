"""What people and machines may say to an incident, and what it answers.

The names below are the contract for everyone outside: the terminal, the console, plain
``temporal workflow signal``. They live for years in histories and never change; a new field gets
a default.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from domain.broadcasting import BroadcastAction
from domain.gate import Verdict
from domain.ids import ChannelName, MessageRef, Slug
from domain.incident import IncidentState
from domain.message import MessageClass, MessageKind
from domain.model import Value
from domain.playbook import BroadcastPlan, Looking, Playbook
from domain.publication import Outcome, PublicationState
from domain.stage import Stage
from domain.timeline import TimelineEntry

INCIDENT_WORKFLOW = "IncidentWorkflow"
PUBLICATION_WORKFLOW = "PublicationWorkflow"
BROADCAST_WORKFLOW = "BroadcastWorkflow"

# --- opening ----------------------------------------------------------------------------------


class OpenIncident(Value):
    """Open an incident with a snapshot of its plan.

    ``templates`` is the digest of the playbook's files in the ledger. ``carried`` is this
    workflow's own state, when it continues as new.
    """

    incident: Slug
    title: str
    opened_by: str
    plan: Playbook
    templates: str
    audience: str | None = None
    carried: IncidentState | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    recorded: int = 0


class Join(Value):
    """Join an incident, opening it if need be: the update of update-with-start."""

    by: str


# --- steering ---------------------------------------------------------------------------------


class Propose(Value):
    """Propose a message: from its template and the facts, or with a draft of free copy."""

    kind: MessageKind
    by: str
    copy_draft: str | None = None
    next_update_by: datetime | None = None


class Revise(Value):
    """Make a new revision of a message that is not yet being published; its decisions are void."""

    message: int
    by: str
    copy_draft: str | None = None
    next_update_by: datetime | None = None


class Decide(Value):
    """Approve or reject the message with this digest; ``digest`` may be a prefix of 8 or more.

    This is the argument of the signals ``approve`` and ``reject`` too, where ``verdict`` is the
    signal's name. Without ``message`` the digest finds it.
    """

    by: str
    digest: str
    message: int | None = None
    verdict: Verdict = Verdict.APPROVE
    reason: str = ""
    surface: str = "signal"


class RecordFacts(Value):
    """Point the incident to a new draft of its facts; ``filled`` names those with a value."""

    by: str
    facts: str
    filled: tuple[str, ...]


class Advance(Value):
    """Move to another stage."""

    to: Stage
    by: str


class Withdraw(Value):
    """Let nothing more of a message go out, and take back what can be taken back."""

    message: int
    by: str
    reason: str = ""


class SteerBroadcast(Value):
    """Pause, resume or stop the mail of one message; the other channels are left alone."""

    message: int
    by: str
    action: BroadcastAction
    channel: ChannelName
    reason: str = ""


class RetryChannel(Value):
    """Publish an approved message once more on a channel that refused it."""

    message: int
    channel: ChannelName
    by: str


class Settle(Value):
    """Say, after looking at the platform, whether a publication of unknown outcome went out.

    On a direct channel it speaks of the ``batches`` with these numbers, without any of all that
    are unknown. Single batches may be settled while the others are still on their way.
    """

    message: int
    channel: ChannelName
    by: str
    went_out: bool
    url: str | None = None
    batches: tuple[int, ...] = ()


class Close(Value):
    """Close the incident; ``waive`` is the written reason for closing with something open."""

    by: str
    waive: str = ""


# --- publications and broadcasts --------------------------------------------------------------


class PublishMessage(Value):
    """Publish one approved message on one channel."""

    message: MessageRef
    channel: ChannelName
    digest: str
    message_class: MessageClass
    looking: Looking
    broadcast: BroadcastPlan
    attempts: int
    fresh_until: datetime | None = None
    urgent: bool = False
    progress: BroadcastProgress | None = None


class BroadcastProgress(Value):
    """How far a broadcast has come, by its own account: recipients, and batches where it says so.

    ``paused`` is why it is paused, if it is. ``forgiven``: somebody resumed it after it had paused,
    so it does not pause by itself again. ``queue`` holds the batches still to hand out, as spans;
    it is what a continued run goes on with.
    """

    broadcast: int = 0
    batches: int = 0
    recipients: int = 0
    suppressed: int = 0
    accepted: int = 0
    refused: int = 0
    unknown_batches: int = 0
    started_at: datetime | None = None
    now: datetime | None = None
    told: bool = False
    paused: str = ""
    forgiven: bool = False
    queue: tuple[tuple[int, int], ...] = ()
    reason: str = ""
    next_step: str = ""

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


class Pause(Value):
    """Tell a broadcast to hand out no more batches until it is told to resume."""

    reason: str = "Paused."


class ChannelNews(Value):
    """A broadcast tells its incident how it stands, before it has ended.

    ``told``: its first batch was accepted. The outcome has a reason while it is paused.
    """

    message: int
    outcome: Outcome
    told: bool = True


PublishMessage.model_rebuild()
