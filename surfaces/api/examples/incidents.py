"""An incident and its messages: opening, proposing, correcting, closing."""

from __future__ import annotations

from surfaces.api.examples.shape import DIGEST, Example

MESSAGE: Example = {
    "incident": "spam-saturday",
    "number": 1,
    "kind": "announcement",
    "revision": 1,
    "digest": DIGEST,
    "author": "maya",
    "proposed_at": "2026-11-28T09:05:00Z",
    "phase": "waiting",
    "gate": "waiting",
    "missing": "1 more of founder or incident_lead",
    "requires": "key",
    "may_sign": ["noor", "ines"],
    "decisions": [],
    "approved_at": None,
    "told": False,
    "recipients": 10000,
    "subscribers": 12,
    "notify": True,
    "next_update_by": "2026-11-28T09:45:00Z",
    "withdrawing": False,
    "outcomes": [],
    "copies": [
        {
            "channel": "twitter",
            "audience": None,
            "subject": None,
            "text": "Some accounts posted spam. We have stopped all posting. "
            "Update 1, 28 Nov 09:05 UTC, ref 7c1e",
            "html": None,
            "link": None,
        }
    ],
}
INCIDENT: Example = {
    "slug": "spam-saturday",
    "title": "Spam was posted through some customers' accounts",
    "playbook": "site-compromised",
    "audiences": ["customers"],
    "opened_at": "2026-11-28T09:00:00Z",
    "opened_by": "maya",
    "closed_at": None,
    "stage": "acknowledge",
    "severity": 2,
    "next_word_by": "2026-11-28T09:45:00Z",
    "suggested_promise": "2026-11-28T09:50:00Z",
    "facts": ["summary", "what_happened"],
    "stopped": None,
    "locked": None,
    "messages": [{name: value for name, value in MESSAGE.items() if name != "copies"}],
    "next_steps": [{"action": "show_copy", "incident": "spam-saturday", "message": 1}],
    "notices": [],
    "as_of": "2026-11-28T09:06:00Z",
    "live": True,
    "why": None,
}
OPENING: Example = {
    "slug": "spam-saturday",
    "title": "Spam was posted through some customers' accounts",
    "playbook": "site-compromised",
    "audiences": ["customers"],
}
CLOSING: Example = {"waive": ""}
RECORDING: Example = {
    "summary": "spam was posted through some accounts",
    "doing": "we have stopped all posting",
    "based_on": None,
}
FACTS: Example = {
    "based_on": "5d0e4c7788aa19b3c2d4e5f607182930",
    "facts": {"summary": "spam was posted through some accounts"},
}
PROPOSAL: Example = {
    "kind": "announcement",
    "copy": {
        "text": "Some accounts posted spam. We have stopped all posting, and tell you more soon.",
        "subject": "Spam from some accounts",
    },
    "notify": True,
}
REVISION: Example = {"copy": {"text": "Some accounts posted spam since 08:40 UTC."}}
WITHDRAWAL: Example = {"reason": "The link in it is wrong."}
PREVIEW: Example = {
    "channel": "twitter",
    "audience": None,
    "words": MESSAGE["copies"][0],
    "length": {"length": 92, "most": 280, "unit": "characters"},
    "why_not": None,
}
EVENT: Example = {
    "number": 4,
    "branch": 1,
    "at": "2026-11-28T09:10:00Z",
    "what": "approved",
    "who": "noor",
    "surface": "api",
    "authenticated_by": "key",
    "about": "message 1 3f2a91bc as founder, proof 7d1c02aa",
}
PAGE: Example = {
    "components": [
        {
            "id": "0c1d2e3f4a5b",
            "name": "Posting",
            "description": None,
            "group": None,
            "state": "major_outage",
            "updated_at": "2026-11-28T09:12:00Z",
        }
    ],
    "incidents": [],
}

OF: dict[str, Example] = {
    "ChoosingAudiences": {"audiences": ["customers"]},
    "Closing": CLOSING,
    "Event": EVENT,
    "EventAnywhere": EVENT | {"incident": "sign-in-down"},
    "FactsShown": FACTS,
    "Incident": INCIDENT,
    "MessageWithCopies": MESSAGE,
    "Moving": {"to": "assure"},
    "OpeningIncident": OPENING,
    "Page": PAGE,
    "Preview": PREVIEW,
    "Proposal": PROPOSAL,
    "RecordingFacts": RECORDING,
    "Revision": REVISION,
    "SettingSeverity": {"severity": 1, "reason": "Payments fail too."},
    "Withdrawal": WITHDRAWAL,
}
