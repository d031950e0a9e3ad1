"""The team's room: a chat or a mail list where each thing that happens is one line.

A room is an endpoint whose address begins with ``room://`` and names the secret that holds the
room's own address. Its lines are made of the same events as webhooks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from domain.model import Value
from domain.notification_words import worded_asking
from domain.notifications import NotificationReason
from domain.plural import plural
from domain.times import show_on_its_day
from domain.webhook_events import EventType

SCHEME = "room"


class Line(Value):
    """One line for a room, with its link; ``title`` is for what needs a subject."""

    title: str
    text: str


def room_url(secret: str) -> str:
    """The address of the room whose own address is in ``secret``."""
    return f"{SCHEME}://{secret}"


def secret_of(url: str) -> str:
    """The name of the secret that an endpoint's address names; "" if it is no room."""
    parts = urlsplit(url)
    return parts.netloc if parts.scheme == SCHEME else ""


def room_name(secret: str) -> str:
    """What the endpoint of a room is called: ``room-crew-chat``."""
    return f"room-{secret.lower().replace('_', '-')}"[:40].rstrip("-")


def line_of(payload: str) -> Line:
    """The line that tells of an event."""
    event = orjson.loads(payload)
    data: dict[str, Any] = event["data"]
    at = datetime.fromisoformat(event["timestamp"])
    incident = data.get("incident", "")
    what = _what(EventType(event["type"]), data, at)
    where = f"[{incident}] " if incident else ""
    link = f" {data['url']}" if data.get("url") else ""
    return Line(title=f"{where}Frontfoot", text=f"{where}{what}{link}")


def _what(event: EventType, data: dict[str, Any], at: datetime) -> str:
    message = data.get("message", {})
    number = f"Message {message.get('number', '')}".strip()
    by = f" by {data['by']}" if data.get("by") else ""
    match event:
        case EventType.INCIDENT_OPENED:
            return f"Incident opened{by}: {data.get('title', '')}."
        case EventType.INCIDENT_CLOSED:
            return f"Incident closed{by}."
        case EventType.MESSAGE_PROPOSED:
            return f"{number} ({_words(message.get('kind', ''))}) was proposed{by}."
        case EventType.MESSAGE_WAITING:
            return f"{number} waits for decisions."
        case EventType.MESSAGE_DECIDED:
            verdict = "approved" if data.get("verdict") == "approve" else "rejected"
            return f"{number} was {verdict}{by}."
        case EventType.MESSAGE_OUTCOME:
            return f"{number}{_place(data)}: {_words(data.get('outcome', ''))}."
        case EventType.MESSAGE_TOLD:
            return f"{number} is out."
        case EventType.PROMISE_MADE:
            due = datetime.fromisoformat(data["next_update_by"])
            return f"The next public update is promised by {show_on_its_day(due, at)}."
        case EventType.PROMISE_KEPT:
            return f"{_promise(data, at)} is out: message {data['by_message']}."
        case EventType.PROMISE_KEPT_BY_FALLBACK:
            statement = f"message {data['by_message']} says that work goes on"
            return f"{_promise(data, at)} did not come; {statement}."
        case EventType.PROMISE_MOVED:
            return f"{_promise(data, at)} was moved by message {data['by_message']}."
        case EventType.PROMISE_BROKEN:
            return f"{_promise(data, at)} did not come: the promise is broken{by}."
        case EventType.PEOPLE_ASKED:
            return _asked(data, at)
        case EventType.DESK_COVERAGE:
            return _coverage(data)
        case EventType.PING:
            return "This is a test: this room is told what happens."


def _promise(data: dict[str, Any], at: datetime) -> str:
    due = datetime.fromisoformat(data["next_update_by"])
    return f"The public update that was promised by {show_on_its_day(due, at)}"


def _asked(data: dict[str, Any], at: datetime) -> str:
    due = data.get("due")
    return worded_asking(
        NotificationReason(data["reason"]),
        data["people"],
        message=data.get("number"),
        due=None if due is None else datetime.fromisoformat(due),
        now=at,
    )


def _coverage(data: dict[str, Any]) -> str:
    ended, every = data["ended"], data["all"]
    share = f"{ended:,} of {plural(every, 'mention')} are answered or dismissed"
    return f"{share}, {every - ended:,} are open."


def _place(data: dict[str, Any]) -> str:
    channel, audience = data.get("channel", ""), data.get("audience", "")
    return f" on {channel}{f' to {audience}' if audience else ''}" if channel else ""


def _words(text: str) -> str:
    return text.replace("_", " ")
