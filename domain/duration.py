"""Durations as people write them in a playbook: ``30s``, ``10m``, ``4h``, ``1d``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SHORT_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)")
_LONGEST = timedelta(days=366)


def _duration(value: object) -> object:
    """Read ``30s``, ``10m``, ``4h`` or ``1d``; ISO 8601 and durations are pydantic's to read."""
    if not isinstance(value, str) or value.startswith("P"):
        return value
    match = _SHORT_DURATION.fullmatch(value.strip())
    if match is None:
        raise ValueError("a duration is a number and a unit: 30s, 10m, 4h or 1d")
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > _LONGEST.total_seconds():
        raise ValueError("a duration of more than a year must be a mistake: use s, m, h or d")
    return timedelta(seconds=seconds)


def _not_negative(value: timedelta) -> timedelta:
    if value < timedelta():
        raise ValueError("a duration cannot be negative")
    return value


def _spell_duration(value: timedelta) -> str:
    # Not "%g": beyond six digits (12 days) that would round, and spell what we cannot read back.
    return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    AfterValidator(_not_negative),
    PlainSerializer(_spell_duration, return_type=str, when_used="json"),
]
