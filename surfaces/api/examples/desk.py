"""What people say, and what is answered."""

from __future__ import annotations

from surfaces.api.examples.shape import Example

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

OF: dict[str, Example] = {
    "AboutReply": {},
    "Answering": {"saved": "my-password", "text": ""},
    "AnsweringCluster": {"saved": "my-password", "incident": "spam-saturday"},
    "AnsweringMany": {"mentions": [12, 13], "saved": "my-password"},
    "Claiming": {},
    "ClaimShown": CLAIM,
    "CoverageShown": COVERAGE,
    "DismissingMention": {"reason": "spam", "words": ""},
    "MentionDismissed": {"number": 12, "state": "dismissed"},
    "MentionListed": MENTION,
    "MentionMoved": {"number": 12, "cluster": 3},
    "MentionShown": MENTION | {"versions": [MENTION_VERSION], "draft": None},
    "MovingMention": {"cluster": 3},
    "NamingCluster": {"name": "Are passwords safe"},
    "RepliesPlanned": {"planned": [7, 8], "left": {}},
    "ReplyShown": REPLY,
    "SettlingReply": {"went_out": True, "url": "https://x.com/acme/status/1862"},
    "SourceShown": SOURCE,
}
