"""Reads the events in one body of SendGrid's, one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson

from channels.json_list import NotAList, elements, read_damaged, read_element
from channels.sendgrid.body import BATCH_ARG, DELIVERY_ARG
from domain.delivery_events import (
    HARD_BOUNCE,
    DeliveryEvent,
    EventsUnreadable,
    UnreadableEvent,
    concerns_address,
)
from domain.publication import DeliveryState
from domain.suppression import Preference

KINDS: Mapping[str, DeliveryState | Preference] = {
    "processed": DeliveryState.PROCESSED,
    "delivered": DeliveryState.DELIVERED,
    "dropped": DeliveryState.DROPPED,
    "bounce": DeliveryState.BOUNCED,
    "spamreport": Preference.COMPLAINED,
    "unsubscribe": Preference.UNSUBSCRIBED,
    "group_unsubscribe": Preference.UNSUBSCRIBED,
    "group_resubscribe": Preference.RESUBSCRIBED,
}
"""Events about the state of a mail, or a preference of its recipient. Others (opens, clicks) are
not requested; a deferral is not an end, and one of these follows it."""

_OF_A_GROUP = "group_unsubscribe"
"""Without our marks, the group may be that of somebody else's newsletter."""

_BOUNCE_TYPES = {"bounce": HARD_BOUNCE}
"""The types of a bounce in our words; the other one, ``blocked``, may go through the next time."""

_LONGEST_ID = 200
_LONGEST_TEXT = 320
_FOUNDED = datetime(2009, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


class _WrongShape(Exception):
    """An event is not as the reference says; the text names the field at fault."""


def read_body(body: bytes, now: datetime) -> Iterator[DeliveryEvent | UnreadableEvent]:
    """The events about our mail, in order; those that cannot be read are handed on as they came.

    An event whose time cannot be read gets the time ``now``: it still proves that the mail was
    accepted. Raises ``EventsUnreadable`` if the body is no list.
    """
    try:
        listed = orjson.loads(body)
    except orjson.JSONDecodeError:
        yield from _one_by_one(body, now)
        return
    if not isinstance(listed, list):
        raise EventsUnreadable("The body is not a list of events.")
    raw: list[bytes] | None = None
    for place, found in enumerate(listed):
        try:
            event = _event_of(found, now)
        except _WrongShape as error:
            raw = raw if raw is not None else elements(body)
            yield UnreadableEvent(raw[place], str(error))
            continue
        if event is not None:
            yield event


def _one_by_one(body: bytes, now: datetime) -> Iterator[DeliveryEvent | UnreadableEvent]:
    """Read a body that no JSON reader takes as a whole."""
    try:
        listed = elements(body)
    except NotAList:
        raise EventsUnreadable("The body is not a list of events.") from None
    for raw in listed:
        damaged = None
        try:
            found = read_element(raw)
        except ValueError:
            damaged = UnreadableEvent(raw, "not valid JSON")
            found = read_damaged(raw)
        try:
            event = _event_of(found, now)
        except _WrongShape as error:
            yield damaged or UnreadableEvent(raw, str(error))
            continue
        # Our marks are plain ASCII: where they are whole, the event still proves what it says.
        if event is not None and damaged is None:
            yield event
        elif event is not None and (event.batch_key or event.delivery_key):
            yield event._replace(address=None)
        if damaged is not None:
            yield damaged


class _Marks(NamedTuple):
    batch: str | None
    delivery: str | None


def _event_of(raw: object, received_at: datetime) -> DeliveryEvent | None:
    """A SendGrid event in our form, or None if it is no concern of ours."""
    if not isinstance(raw, dict):
        raise _WrongShape("not an object")
    word = _text(raw, "event")
    kind = KINDS.get(word or "")
    if kind is None:
        return None
    marks = _Marks(_text(raw, BATCH_ARG), _text(raw, DELIVERY_ARG))
    ours = any(marks)
    reason = _reason(raw, strict=not ours) if kind is DeliveryState.BOUNCED else None
    address = None
    if concerns_address(kind, reason) and (ours or word != _OF_A_GROUP):
        address = _text(raw, "email", strict=not ours)
    if not ours and address is None:
        return None
    name = _text(raw, "sg_event_id", longest=None)
    if not name:
        raise _WrongShape("without sg_event_id")
    if len(name) > _LONGEST_ID:
        # Cut off, two of them might be taken for repeats of one another.
        name = hashlib.sha256(name.encode()).hexdigest()
    at = _moment(raw.get("timestamp"), received_at)
    return DeliveryEvent(name, kind, at, *marks, reason, address)


def _reason(raw: dict[str, object], *, strict: bool) -> str | None:
    word = _text(raw, "type", strict=strict)
    return None if word is None else _BOUNCE_TYPES.get(word, word)


def _text(
    raw: dict[str, object], name: str, *, strict: bool = True, longest: int | None = _LONGEST_TEXT
) -> str | None:
    """A field that is text, without NUL, which PostgreSQL cannot store; None if it is not there.

    Without ``strict``, None as well if it is no such text: then the event has worth without it.
    """
    value = raw.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        if strict:
            raise _WrongShape(f"{name} is not text")
        return None
    if longest is not None and len(value) > longest:
        if strict:
            raise _WrongShape(f"{name} is too long")
        return None
    return value.replace("\0", "") if "\0" in value else value


def _moment(seconds: object, received_at: datetime) -> datetime:
    """When it happened; ``received_at`` if that is unreadable, or not a time that has been."""
    try:
        at = datetime.fromtimestamp(float(seconds), UTC)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return received_at
    return at if _FOUNDED < at < received_at + _AHEAD else received_at
