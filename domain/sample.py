"""Samples: a message's copy mailed to one person on duty, marked as a test and never counted."""

from __future__ import annotations

import hashlib

from domain.message import Copy

SAMPLES_KEY = hashlib.sha256(b"samples").hexdigest()[:16]
"""What stands for the key of a broadcast in samples."""

MARK = "[TEST] "
MOST_AN_HOUR = 10
"""The most samples that one person has mailed within an hour."""

_LINK = "https://example.invalid/test"


def as_sample(copy: Copy) -> Copy:
    """The copy with a subject that says that it is a test."""
    return copy.model_copy(update={"subject": f"{MARK}{copy.subject or 'Message'}"})


def sample_values(copy: Copy) -> dict[str, str]:
    """What stands for the values of a recipient: no code is issued, and no link works."""
    return {
        name: _LINK if name.endswith("url") else f"TEST-{name.upper()}"
        for name in copy.personal_fields()
    }
