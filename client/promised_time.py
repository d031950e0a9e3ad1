"""By when the next update is promised, as people type it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from client.errors import WrongInput
from domain.errors import DomainError
from domain.promises import refuse_promise

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_SPAN = re.compile(r"([0-9]{1,6})(m|h)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
_MOMENT = "%Y-%m-%d %H:%M"


def promised_time(text: str, now: datetime) -> datetime:
    """A time that was typed, in UTC: ``45m``, ``2h``, ``15:30`` or ``2026-11-28 09:00``.

    ``15:30`` is tomorrow's if today's has passed. What is counted from now is rounded up to the
    minute, because the copy shows no seconds. ``WrongInput`` if it is not a time to come.
    """
    at = typed_time(text, now)
    try:
        refuse_promise(at, now)
    except DomainError as error:
        raise WrongInput(error.what, error.explanation.next_step) from error
    return at


def typed_time(text: str, now: datetime) -> datetime:
    """A time that was typed in the same ways, in UTC, whatever it is for."""
    at = _read_time(text.strip().removesuffix("UTC").strip(), now.astimezone(UTC))
    if at is None:
        raise WrongInput(
            f"{text[:40]!r} is not a time.",
            "Write 45m or 2h, a time of day in UTC such as 15:30, or a day and a time such as "
            f"{now + timedelta(days=1):%Y-%m-%d} 09:00.",
        )
    return at


def spelled(at: datetime) -> str:
    """A time as it can be typed, with its day: the same moment whenever it is read."""
    return f"{at.astimezone(UTC):{_MOMENT}}"


def _read_time(text: str, now: datetime) -> datetime | None:
    span = _SPAN.fullmatch(text)
    if span is not None:
        # So far ahead that it is refused, without overflowing.
        ahead = min(int(span[1]), 100_000) * _UNITS[span[2]]
        return _rounded_up(now + ahead) if ahead else now
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        at = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        return at if at > now else at + timedelta(days=1)
    try:
        return datetime.strptime(text.replace("T", " "), _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _rounded_up(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)
