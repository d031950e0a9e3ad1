"""Facts that are no texts, as people type them: moments with a zone, yes or no, how many."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer

from domain.times import in_utc

HOW_TO_TYPE_A_TIME = (
    "needs a day, a time and a zone, such as 2026-11-28 09:00 UTC or 2026-11-28 10:00 Europe/Berlin"
)
_FIRST_YEAR, _LAST_YEAR = 1990, 2190
_YES, _NO = ("yes", "true"), ("no", "false")


def read_moment(value: object) -> datetime | None:
    """A typed moment in UTC; None for an empty text.

    It has ``UTC``, an offset or the name of a zone: without one it would mean something else to
    each reader. ``ValueError`` says how to type it. Of an hour that a zone has twice it is the
    first, because whatever counts from it then ends sooner.
    """
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, datetime | str):
        raise ValueError(HOW_TO_TYPE_A_TIME)
    try:
        at = in_utc(value) if isinstance(value, datetime) else _with_zone(value.strip())
    # An unknown zone is a KeyError, and a name such as "../UTC" a ValueError.
    except (ValueError, KeyError, OSError, OverflowError) as error:
        raise ValueError(HOW_TO_TYPE_A_TIME) from error
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise ValueError(f"must be between {_FIRST_YEAR} and {_LAST_YEAR}")
    return at


def _with_zone(text: str) -> datetime:
    stem, _, zone = text.rpartition(" ")
    if not zone[:1].isalpha():
        return in_utc(datetime.fromisoformat(text))
    if ":" not in stem:
        raise ValueError("no time of day")
    wall = datetime.fromisoformat(stem)
    if wall.tzinfo is not None:
        raise ValueError("two zones")
    at = wall.replace(tzinfo=UTC if zone.upper() == "UTC" else ZoneInfo(zone)).astimezone(UTC)
    if at.astimezone(ZoneInfo(zone) if zone.upper() != "UTC" else UTC).replace(tzinfo=None) != wall:
        raise ValueError("the clocks skip this hour there")
    return at


def spell_moment(at: datetime) -> str:
    """``2026-11-28 09:00 UTC``, which is read back as the same moment."""
    utc = in_utc(at)
    exact = "" if not (utc.second or utc.microsecond) else f":{utc:%S}"
    exact += f".{utc.microsecond:06d}" if utc.microsecond else ""
    return f"{utc:%Y-%m-%d %H:%M}{exact} UTC"


def _yes_or_no(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    if not text:
        return None
    if text not in _YES + _NO:
        raise ValueError("is answered with yes or no")
    return text in _YES


def _count(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip().replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ValueError("is a number, such as 1200; write nothing if it is not known yet")
    return int(text)


Moment = Annotated[
    datetime | None,
    BeforeValidator(read_moment),
    PlainSerializer(lambda at: at and spell_moment(at), when_used="json"),
]
YesNo = Annotated[
    bool | None,
    BeforeValidator(_yes_or_no),
    PlainSerializer(lambda one: None if one is None else _spell(one), when_used="json"),
]
Count = Annotated[
    Annotated[int, Field(ge=0)] | None,
    BeforeValidator(_count),
    PlainSerializer(lambda one: None if one is None else str(one), when_used="json"),
]


def _spell(one: bool) -> str:
    return "yes" if one else "no"
