"""Legal deadlines."""

from __future__ import annotations

from surfaces.api.examples.shape import Example

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

OF: dict[str, Example] = {
    "DeadlinesShown": DEADLINES,
    "FactSheetShown": FACT_SHEET,
    "NotifiedShown": NOTIFIED,
    "RecordingNotified": NOTIFYING,
}
