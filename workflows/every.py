"""Every workflow of ours: what a worker runs, and what recorded histories are replayed with."""

from __future__ import annotations

from workflows.broadcast import BroadcastWorkflow
from workflows.deadlines import DeadlinesWorkflow
from workflows.follow_up import FollowUpWorkflow
from workflows.incident import IncidentWorkflow
from workflows.listening import ListeningWorkflow
from workflows.notifications import ContactTestWorkflow, NotificationsWorkflow
from workflows.outbox import OutboxWorkflow
from workflows.publication import PublicationWorkflow
from workflows.reply_desk import ReplyDeskWorkflow
from workflows.surges import SurgeWorkflow

WORKFLOWS = (
    IncidentWorkflow,
    PublicationWorkflow,
    BroadcastWorkflow,
    OutboxWorkflow,
    ListeningWorkflow,
    ReplyDeskWorkflow,
    SurgeWorkflow,
    DeadlinesWorkflow,
    FollowUpWorkflow,
    NotificationsWorkflow,
    ContactTestWorkflow,
)
