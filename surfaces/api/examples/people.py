"""Our own people: who stands in for whom, what they were told of, their tokens."""

from __future__ import annotations

from surfaces.api.examples.shape import Example

ACKNOWLEDGED: Example = {
    "code": "K7QX-M2PD",
    "before": False,
    "things": [
        {
            "incident": "spam-saturday",
            "about": "gate/3/2",
            "reason": "decide",
            "message": 3,
            "state": "acknowledged",
            "acknowledged_at": "2026-11-28T03:09:00Z",
            "ending": "",
            "ended_by": "",
            "ended_at": None,
        }
    ],
}
TOKEN: Example = {
    "id": "5c1d02aa7f3e9b64",
    "name": "monitoring",
    "person": "noor",
    "scopes": ["incidents:read", "incidents:write"],
    "abilities": ["open", "propose", "steer"],
    "roles": ["founder"],
    "expires_at": "2027-02-26T09:00:00Z",
}

PEOPLE_NOTIFIED: Example = {
    "incident": "spam-saturday",
    "as_of": "2026-11-28T03:12:00Z",
    "people": [
        {
            "person": "noor",
            "about": "gate/3/2",
            "reason": "decide",
            "subject": "Decision on message 3",
            "message": 3,
            "due": "2026-11-28T03:20:00Z",
            "state": "acknowledged",
            "since": "2026-11-28T03:07:00Z",
            "attempts": [
                {
                    "method": "browser",
                    "at": "2026-11-28T03:07:02Z",
                    "ended": "handed_over",
                    "in_words": "It was handed over.",
                }
            ],
            "handed_at": "2026-11-28T03:07:02Z",
            "acknowledged_at": "2026-11-28T03:09:00Z",
            "ending": "",
            "ended_by": "",
            "ended_at": None,
        }
    ],
    "more": False,
}

OF: dict[str, Example] = {
    "PeopleNotified": PEOPLE_NOTIFIED,
    "AcknowledgedNotification": ACKNOWLEDGED,
    "Delegating": {"holder": "ines", "to": "ravi", "until": "2026-11-28T17:00:00Z"},
    "DelegationsShown": {
        "delegations": [{"holder": "ines", "to": "ravi", "until": "2026-11-28T17:00:00Z"}]
    },
    "TokenShown": TOKEN,
}
