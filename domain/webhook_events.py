"""Webhook events: what other systems are told when something happened, and in what form.

The form is documented in docs/webhooks.md, and others build on it: fields are added and never
renamed or removed within one ``version``. It holds no copy, no address and no reason of anybody.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum

from domain.gate import Verdict
from domain.message import MessageKind
from domain.model import Value
from domain.promise_clock import ENDED_AS
from domain.publication import PublicationState
from domain.sealing import canonical
from domain.timeline import CLOSED, OPENED, TimelineEntry
from domain.times import in_utc

VERSION = 1


class EventType(StrEnum):
    """What a webhook tells of."""

    INCIDENT_OPENED = "incident.opened"
    INCIDENT_CLOSED = "incident.closed"
    MESSAGE_PROPOSED = "message.proposed"
    MESSAGE_WAITING = "message.waiting"
    MESSAGE_DECIDED = "message.decided"
    MESSAGE_OUTCOME = "message.outcome"
    MESSAGE_TOLD = "message.told"
    PROMISE_MADE = "promise.made"
    PROMISE_KEPT = "promise.kept"
    PROMISE_KEPT_BY_FALLBACK = "promise.kept_by_fallback"
    PROMISE_MOVED = "promise.moved"
    PROMISE_BROKEN = "promise.broken"
    PING = "ping"
    # Told to the team's rooms alone.
    PEOPLE_ASKED = "people.asked"
    DESK_COVERAGE = "desk.coverage"


FOR_ROOMS = (EventType.PEOPLE_ASKED, EventType.DESK_COVERAGE)
"""Events that name people or hold numbers of a moment: no other system builds on them."""

CHOICES = tuple(one for one in EventType if one is not EventType.PING and one not in FOR_ROOMS)
"""What an endpoint may choose from; a ping is sent to whichever endpoint was asked."""


class Happening(Value):
    """One thing that happened, as far as an entry of the timeline tells it.

    ``digest`` has the first digits of the revision that the entry is about, if it names them.
    ``once`` names what happens once in the life of a message, whichever entry told it. ``by`` is
    the message by which a promise of this one ended.
    """

    type: EventType
    entry: TimelineEntry
    number: int | None = None
    digest: str = ""
    channel: str = ""
    audience: str = ""
    outcome: PublicationState | None = None
    verdict: Verdict | None = None
    once: bool = False
    by: int | None = None

    def event_id(self, incident: str) -> str:
        """Its id, the same whoever enters it, and however often: ``evt_`` and 32 digits."""
        place = f"message/{self.number}" if self.once else f"{self.entry.branch}/{self.entry.seq}"
        named = f"{incident}/{place}/{self.type}"
        return f"evt_{hashlib.sha256(named.encode()).hexdigest()[:32]}"


class MessageTold(Value):
    """The message that an event is about."""

    number: int
    kind: MessageKind
    revision: int
    digest: str
    next_update_by: datetime | None = None


_MESSAGE = re.compile(r"message (\d+)(?:: \w+| is now)?(?: ([0-9a-f]{8})\b)?")
_PLACE = re.compile(r"message \d+ (?:to|on) ([\w.-]+)(?: to ([\w.-]+))?")
_DECIDED = {"approved": Verdict.APPROVE, "rejected": Verdict.REJECT}
_OUTCOMES = {str(one): one for one in PublicationState if one.settled} | {
    "taken back": PublicationState.WITHDRAWN
}
_REACHED = (PublicationState.ACCEPTED, PublicationState.PARTLY_ACCEPTED)
_ENDED = {words: EventType(f"promise.{state}") for state, words in ENDED_AS.items()}
PROMISES = (EventType.PROMISE_MADE, *_ENDED.values())
"""Events that have the time that was promised."""

_BY = re.compile(r"message \d+ by message (\d+)")
_BY_A_PERSON = "settled"
_FIRST_BATCH = "told"


def happenings(
    entries: Iterable[TimelineEntry], *, told: Collection[int], waiting: Collection[int]
) -> list[Happening]:
    """What these entries of a timeline tell to other systems, in their order.

    ``told`` and ``waiting`` are the numbers of the messages that have reached their quorum, and of
    those that wait at their gates.
    """
    found: list[Happening] = []
    for entry in entries:
        found += _of(entry, told, waiting)
    return found


def _of(entry: TimelineEntry, told: Collection[int], waiting: Collection[int]) -> list[Happening]:
    if entry.what == OPENED:
        return [Happening(type=EventType.INCIDENT_OPENED, entry=entry)]
    if entry.what == CLOSED:
        return [Happening(type=EventType.INCIDENT_CLOSED, entry=entry)]
    about = _MESSAGE.match(entry.about)
    if about is None:
        return []
    one = Happening(
        type=EventType.MESSAGE_OUTCOME, entry=entry, number=int(about[1]), digest=about[2] or ""
    )
    found = _of_message(one)
    if one.number in waiting and entry.what in ("proposed", "revised", "approved"):
        found.append(one.model_copy(update={"type": EventType.MESSAGE_WAITING}))
    reached = entry.what == _FIRST_BATCH or any(each.outcome in _REACHED for each in found)
    if one.number in told and reached:
        once = one.model_copy(update={"once": True})
        found += [
            once.model_copy(update={"type": EventType.MESSAGE_TOLD}),
            once.model_copy(update={"type": EventType.PROMISE_MADE}),
        ]
    return found


def _of_message(one: Happening) -> list[Happening]:
    entry = one.entry
    if entry.what == "proposed":
        return [one.model_copy(update={"type": EventType.MESSAGE_PROPOSED})]
    verdict = _DECIDED.get(entry.what)
    if verdict is not None:
        decided = {"type": EventType.MESSAGE_DECIDED, "verdict": verdict}
        return [one.model_copy(update=decided)]
    if entry.what in _ENDED:
        by = _BY.match(entry.about)
        ended = {"type": _ENDED[entry.what], "by": int(by[1]) if by else None}
        return [one.model_copy(update=ended)]
    outcome, channel = _OUTCOMES.get(entry.what), ""
    place = _PLACE.match(entry.about)
    audience = place[1] if place else ""
    if entry.what == _BY_A_PERSON:
        # Of single batches, the outcome of the broadcast tells it.
        saw = place is not None and entry.about == f"{place[0]}: went out"
        outcome = PublicationState.ACCEPTED if saw else None
        channel, audience = (place[1], place[2] or "") if place else ("", "")
    elif entry.surface is None and entry.who != "frontfoot":
        channel = entry.who
    if outcome is None:
        return []
    changes: dict[str, object] = {"outcome": outcome, "channel": channel, "audience": audience}
    return [one.model_copy(update=changes)]


def payload(
    happening: Happening,
    *,
    incident: str,
    title: str,
    url: str,
    message: MessageTold | None = None,
) -> str:
    """The JSON that is sent, the same for every endpoint and at every attempt."""
    entry = happening.entry
    data: dict[str, object] = {
        "incident": incident,
        "title": title,
        "url": url,
        "entry": entry.seq,
        "by": entry.who if entry.surface is not None else "",
        "channel": happening.channel,
        "audience": happening.audience,
        "outcome": happening.outcome or "",
        "verdict": happening.verdict or "",
    }
    if message is not None:
        data["message"] = message.model_dump(mode="json", exclude={"next_update_by"})
    if happening.by is not None:
        data["by_message"] = happening.by
    if happening.type in PROMISES and message and message.next_update_by:
        data["next_update_by"] = _moment(message.next_update_by)
    return written(happening.type, entry.at, {name: one for name, one in data.items() if one != ""})


def written(type_: EventType, at: datetime, data: dict[str, object]) -> str:
    """The JSON of an event: its type, version, time and data."""
    content = {"type": type_.value, "version": VERSION, "timestamp": _moment(at), "data": data}
    return canonical(content).decode()


def _moment(at: datetime) -> str:
    return in_utc(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
