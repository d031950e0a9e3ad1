"""The names of the workflows, as Temporal has them."""

from __future__ import annotations

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
