"""Examples for the document: one Saturday, told once. A test compares them with their schemas."""

from __future__ import annotations

from typing import Any

_DIGEST = "3f2a91bc5d0e4c7788aa19b3c2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6"
_STATEMENT = (
    f'{{"digest":"{_DIGEST}","expires":"2026-11-28T09:20:00+00:00","incident":"spam-saturday",'
    '"message":1,"nonce":"9f8e7d6c5b4a39281706f5e4d3c2b1a0","person":"noor","revision":1,'
    '"roles":["founder"],"v":1,"verdict":"approve"}'
)
_SIGNATURE = "A" * 86 + "=="

Example = dict[str, Any]

MESSAGE: Example = {
    "incident": "spam-saturday",
    "number": 1,
    "kind": "announcement",
    "revision": 1,
    "digest": _DIGEST,
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
REPLY: Example = {
    "number": 7,
    "mention": 12,
    "channel": "twitter",
    "text": "Good question, ann. Please do this: nothing to do now.",
    "saved": "my-password",
    "by": "sam",
    "second": "",
    "waits": False,
    "state": "accepted",
    "planned_at": "2026-11-28T09:10:00Z",
    "url": "https://x.com/acme/status/1862",
    "answered_at": "2026-11-28T09:10:04Z",
    "explanation": None,
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
DEADLINE: Example = {
    "regulation": "gdpr33",
    "step": "gdpr33",
    "title": "GDPR, Article 33: Notification of the authority",
    "rule": "Without undue delay and, where feasible, within 72 hours after becoming aware; later "
    "only with the reasons. It may be given in phases.",
    "told": "the data protection authority",
    "state": "open",
    "starts_from": "aware_at",
    "started_at": "2026-11-28T09:00:00Z",
    "due": "2026-12-01T09:00:00Z",
    "zone": "Europe/Berlin",
    "missing": [],
    "notified": None,
    "reason_missing": False,
}
_ADVICE = "Not legal advice: ask your lawyer which duties are yours."
DEADLINES: Example = {
    "incident": "spam-saturday",
    "as_of": "2026-11-28T10:00:00Z",
    "owner": "legal",
    "deadlines": [DEADLINE],
    "advice": _ADVICE,
}
NOTIFYING: Example = {"step": "gdpr33", "at": "2026-11-29T15:00:00Z", "reason": ""}
NOTIFIED: Example = {
    "deadline": DEADLINE
    | {
        "state": "done",
        "notified": {
            "at": "2026-11-29T15:00:00Z",
            "by": "lena",
            "reason": "",
            "recorded_at": "2026-11-29T15:02:00Z",
        },
    },
    "untold": None,
}
FACT_SHEET: Example = {
    "incident": "spam-saturday",
    "regulation": "gdpr33",
    "name": "GDPR, Article 33",
    "told": "the data protection authority",
    "source": "Regulation (EU) 2016/679, Article 33",
    "url": "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    "verified": True,
    "made_at": "2026-11-28T10:00:00Z",
    "deadlines": [DEADLINE],
    "answers": [{"asks": "the kinds of personal data", "known": {"data_kinds": "names"}}],
    "advice": _ADVICE,
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
STATING: Example = {"digest": _DIGEST, "verdict": "approve"}
STATEMENT: Example = {
    "statement": _STATEMENT,
    "to_sign": "ZnJvbnRmb290",
    "expires": "2026-11-28T09:20:00Z",
}
DECIDING: Example = {
    "digest": _DIGEST,
    "verdict": "approve",
    "proof": {
        "key": "3f7a09c2d4e81b653f7a09c2d4e81b65",
        "statement": _STATEMENT,
        "signature": _SIGNATURE,
    },
}
DECISION: Example = {"message": 1, "gate": "open", "missing": ""}
PREVIEW: Example = {
    "channel": "twitter",
    "audience": None,
    "words": MESSAGE["copies"][0],
    "length": {"length": 92, "most": 280, "unit": "characters"},
    "why_not": None,
}
STEERING: Example = {"action": "pause", "channel": "email", "reason": "The link is wrong."}
RETRYING: Example = {"channel": "twitter"}
SETTLING: Example = {
    "channel": "twitter",
    "went_out": True,
    "url": "https://x.com/feather/status/1",
}
STOPPING: Example = {"reason": "The link is wrong."}
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
CLAIM: Example = {
    "by": "maya",
    "since": "2026-11-28T09:07:00Z",
    "until": "2026-11-28T09:10:00Z",
}
MENTION: Example = {
    "number": 12,
    "channel": "twitter",
    "id": "1983456789012345678",
    "kind": "mention",
    "state": "open",
    "author": {"id": "77", "handle": "ann", "name": "Ann", "followers": 1204},
    "address_hidden": False,
    "text": "@feather are my passwords safe?",
    "cut": False,
    "language": "en",
    "conversation": "1983456789012345678",
    "reply_to": "",
    "url": "https://x.com/ann/status/1983456789012345678",
    "private": False,
    "written_at": "2026-11-28T09:06:00Z",
    "changed_at": "2026-11-28T09:06:00Z",
    "arrived_at": "2026-11-28T09:06:20Z",
    "closed_at": None,
    "reason": None,
    "words": "",
    "closed_by": "",
    "incident": "spam-saturday",
    "cluster": 3,
    "priority": "high",
    "rule": "Known to many",
    "claim": CLAIM,
}
MENTION_VERSION: Example = {
    name: MENTION[name] for name in ("text", "cut", "changed_at", "arrived_at")
}
SOURCE: Example = {
    "channel": "twitter",
    "private": False,
    "health": "listens",
    "every": 60,
    "succeeded_at": "2026-11-28T09:06:20Z",
    "item_at": "2026-11-28T09:06:20Z",
    "behind": 0,
    "problems": [],
    "notes": [],
}
LATELY: Example = {"hour": 412, "ten_minutes": 61}
COVERAGE: Example = {
    "at": "2026-11-28T10:00:00Z",
    "all": 5676,
    "open": 24,
    "answered": 5000,
    "dismissed": 652,
    "oldest_open": "2026-11-28T09:41:00Z",
    "arrived": LATELY,
    "closed": LATELY,
    "channels": [
        {
            "channel": "twitter",
            "all": 5676,
            "open": 24,
            "answered": 5000,
            "dismissed": 652,
            "oldest_open": "2026-11-28T09:41:00Z",
            "arrived": LATELY,
            "closed": LATELY,
        }
    ],
    "agents": [{"agent": "lea", "answered": 5000, "dismissed": 652, "closed": LATELY}],
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
TOKEN: Example = {
    "id": "5c1d02aa7f3e9b64",
    "name": "monitoring",
    "person": "noor",
    "scopes": ["incidents:read", "incidents:write"],
    "abilities": ["open", "propose", "steer"],
    "roles": ["founder"],
    "expires_at": "2027-02-26T09:00:00Z",
}
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
PROBLEM: Example = {
    "type": "urn:frontfoot:problem:refused",
    "title": "maya wrote this message and cannot approve it.",
    "status": 409,
    "detail": "",
    "next_step": {"advice": "Somebody else has to sign."},
    "errors": [],
}

OF: dict[str, Example] = {
    "AddingSuppression": SUPPRESSING,
    "AskingForTest": {"address": "maya@example.com", "channel": "email"},
    "Audience": AUDIENCE,
    "AudienceWithColumns": AUDIENCE | {"columns": ["name", "plan"]},
    "ChoosingAudiences": {"audiences": ["customers"]},
    "Claiming": {},
    "ClaimShown": CLAIM,
    "Closing": CLOSING,
    "AboutReply": {},
    "Answering": {"saved": "my-password", "text": ""},
    "AnsweringCluster": {"saved": "my-password", "incident": "spam-saturday"},
    "AnsweringMany": {"mentions": [12, 13], "saved": "my-password"},
    "CoverageShown": COVERAGE,
    "DeadlinesShown": DEADLINES,
    "Deciding": DECIDING,
    "DecisionTaken": DECISION,
    "Delegating": {"holder": "ines", "to": "ravi", "until": "2026-11-28T17:00:00Z"},
    "DelegationsShown": {
        "delegations": [{"holder": "ines", "to": "ravi", "until": "2026-11-28T17:00:00Z"}]
    },
    "DeletingSubscriber": DELETING,
    "DismissingMention": {"reason": "spam", "words": ""},
    "Event": EVENT,
    "EventAnywhere": EVENT | {"incident": "sign-in-down"},
    "FactSheetShown": FACT_SHEET,
    "FactsShown": FACTS,
    "Import": IMPORT,
    "Incident": INCIDENT,
    "LookingUp": LOOKING_UP,
    "MailTest": MAIL_TEST,
    "MentionDismissed": {"number": 12, "state": "dismissed"},
    "MentionMoved": {"number": 12, "cluster": 3},
    "MentionListed": MENTION,
    "MentionShown": MENTION | {"versions": [MENTION_VERSION], "draft": None},
    "MessageWithCopies": MESSAGE,
    "Moving": {"to": "assure"},
    "MovingMention": {"cluster": 3},
    "NamingCluster": {"name": "Are passwords safe"},
    "NotifiedShown": NOTIFIED,
    "OpeningIncident": OPENING,
    "Overriding": {"digest": _DIGEST, "reason": "Nobody who should sign answers."},
    "AcknowledgedNotification": ACKNOWLEDGED,
    "Page": PAGE,
    "PeopleNotified": PEOPLE_NOTIFIED,
    "Preview": PREVIEW,
    "Problem": PROBLEM,
    "Proposal": PROPOSAL,
    "Recipient": RECIPIENT,
    "RecordingFacts": RECORDING,
    "RecordingNotified": NOTIFYING,
    "RemovingSuppression": UNSUPPRESSING,
    "RepliesPlanned": {"planned": [7, 8], "left": {}},
    "ReleasingStatement": {
        "statement": "first_word_about",
        "blanks": {"what": "trouble signing in"},
        "next_update_by": "2026-11-28T09:45:00Z",
    },
    "ReplyShown": REPLY,
    "Resuming": {},
    "Quarantining": {"reason": "Posts that are not ours."},
    "Lifting": {},
    "Retrying": RETRYING,
    "Reviewing": {"note": "It could not wait; two more people can sign from now on."},
    "Revision": REVISION,
    "Settling": SETTLING,
    "SettingSeverity": {"severity": 1, "reason": "Payments fail too."},
    "SettlingReply": {"went_out": True, "url": "https://x.com/acme/status/1862"},
    "SourceShown": SOURCE,
    "StatementShown": STATEMENT,
    "Stating": STATING,
    "Steering": STEERING,
    "Stopping": STOPPING,
    "SubscriberCounts": SUBSCRIBER_COUNTS,
    "SubscriberDeleted": {"deleted": True},
    "SuppressionAdded": {"added": 1},
    "SuppressionRemoved": {"removed": 1},
    "TokenShown": TOKEN,
    "Withdrawal": WITHDRAWAL,
}
"""Each by the name of its schema."""
