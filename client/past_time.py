"""A time that has passed, as people type it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from client.errors import WrongInput

_SPAN = re.compile(r"([0-9]{1,4})(m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def past_time(text: str, now: datetime) -> datetime:
    """A time that was typed, in UTC: ``30m`` or ``2h`` or ``3d`` ago, or ``2026-11-28 09:00``.

    ``WrongInput`` if it is not a time, or still to come.
    """
    plain = text.strip().removesuffix("UTC").strip()
    span = _SPAN.fullmatch(plain)
    at = now - int(span[1]) * _UNITS[span[2]] if span else _moment(plain)
    if at is None or at > now:
        raise WrongInput(
            f"{text[:40]!r} is not a time that has passed.",
            "Write 30m, 2h or 3d for so long ago, or a day and a time in UTC such as "
            f"{now - timedelta(days=1):%Y-%m-%d} 09:00.",
        )
    return at


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
