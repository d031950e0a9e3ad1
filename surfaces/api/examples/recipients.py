"""Audiences, subscribers, suppressions, and one recipient."""

from __future__ import annotations

from surfaces.api.examples.shape import Example

AUDIENCE: Example = {
    "name": "customers",
    "recipients": 10000,
    "imported_at": "2026-11-28T08:59:00Z",
}
SUBSCRIBER_COUNTS: Example = {"confirmed": 12, "choosing": 3, "unsubscribed": 1, "waiting": 2}
LOOKING_UP: Example = {"address": "ann@example.com"}
RECIPIENT: Example = {
    "known": True,
    "audiences": ["customers"],
    "arrivals": [
        {
            "about": "message 1 (announcement) on email to customers",
            "answer": "yes: delivered",
            "state": "delivered",
        }
    ],
    "moments": [
        {
            "at": "2026-11-28T09:12:00Z",
            "what": "message 1 (announcement) on email to customers: the provider accepted it",
        }
    ],
    "codes": [],
    "suppressed": [],
}
SUPPRESSING: Example = {
    "address": "ann@example.com",
    "reason": "requested",
    "why": "She asked support.",
}
UNSUPPRESSING: Example = {"address": "ann@example.com", "why": "She asked to be written to again."}
DELETING: Example = {"address": "ann@example.com", "why": "She asked for it."}
IMPORT: Example = {
    "id": "3f7a09c2d4e81b65",
    "kind": "audience",
    "name": "customers",
    "state": "done",
    "percent": 100,
    "asked_at": "2026-11-28T08:58:00Z",
    "ended_at": "2026-11-28T08:58:01Z",
    "added": 9998,
    "already_there": 0,
    "usable": 9998,
    "rejected": 2,
    "reasons": [{"reason": "It needs an @.", "rows": 2}],
    "notices": [],
    "failure": None,
}
MAIL_TEST: Example = {
    "revision": 1,
    "channel": "email",
    "audience": None,
    "asked_at": "2026-11-28T09:05:00Z",
    "state": "accepted",
    "why": "",
}

OF: dict[str, Example] = {
    "AddingSuppression": SUPPRESSING,
    "AskingForTest": {"address": "maya@example.com", "channel": "email"},
    "Audience": AUDIENCE,
    "AudienceWithColumns": AUDIENCE | {"columns": ["name", "plan"]},
    "DeletingSubscriber": DELETING,
    "Import": IMPORT,
    "LookingUp": LOOKING_UP,
    "MailTest": MAIL_TEST,
    "Recipient": RECIPIENT,
    "RemovingSuppression": UNSUPPRESSING,
    "SubscriberCounts": SUBSCRIBER_COUNTS,
    "SubscriberDeleted": {"deleted": True},
    "SuppressionAdded": {"added": 1},
    "SuppressionRemoved": {"removed": 1},
}
