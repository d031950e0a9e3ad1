"""The days on which copy is tried: with short facts, with the longest sensible ones, with none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.facts import COPY_FACTS

SUMMARY, SHORT_TEXT, TEXT = 90, 40, 300
"""The longest that is sensible: a summary or title, a name or a time, any other fact."""

NOON = datetime(2026, 9, 29, 12, 0, tzinfo=UTC)
# The day and the month with the longest names.
_FAR = datetime(2026, 9, 30, 23, 59, tzinfo=UTC)
_SOON = NOON.replace(hour=13)
_LENGTHS = {"summary": SUMMARY, "started": SHORT_TEXT, "prevention_owner": SHORT_TEXT}


@dataclass(frozen=True)
class Day:
    """What is known on a day when the copy is written."""

    title: str
    facts: Mapping[str, str]
    ordinal: int
    next_update_by: datetime | None
    not_ours: tuple[str, ...] = ()


def _words(length: int) -> str:
    return ("something that we know " * (length // 23 + 1))[: length - 1] + "."


_FACTS = [name for name in COPY_FACTS if name != "prevention_due"]
_DAY = {"prevention_due": "30 September 2026"}
SHORT = Day("x", {**dict.fromkeys(_FACTS, "x"), **_DAY}, 1, _SOON)
LONG = Day(
    _words(SUMMARY),
    {**{name: _words(_LENGTHS.get(name, TEXT)) for name in _FACTS}, **_DAY},
    99,
    _FAR,
    # Two with names as long as any of ours.
    ("a_channel", "b_channel"),
)
NOTHING = Day(_words(SUMMARY), {}, 99, None)
