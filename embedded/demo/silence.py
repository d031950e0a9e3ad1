"""An owner who goes silent: what they promised in public is kept all the same, and by whom.

They publish words that were approved in advance, promise the next ones, and do not come back. What
became of it is counted in our record, in the sandbox's own books, and on the status page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from client.engine import Engine
from client.publications import list_publications
from client.stack.page_records import updates_on
from client.stack.sandbox_records import posts_by_publication
from client.timeline import read_timeline
from domain.holding import STILL_WORKING
from domain.model import Value
from domain.playbook import PAGE_CHANNEL
from domain.promise_clock import PromiseState
from domain.publication import PublicationState
from domain.status import IncidentStatus
from embedded.demo.phones import rings
from embedded.demo.story import INCIDENT

OWNER = "dana"
RELEASED = "posting_stopped"
CHANNELS = ("facebook", "twitter", "website")
STATEMENT: Mapping[str, Any] = {
    "name": RELEASED,
    "kind": "progress_update",
    "channels": list(CHANNELS),
    "released_by": ["comms_lead"],
    "text": "We have stopped all posting while we look for the cause. "
    "The next update follows by {{ next_update_by }}.",
}
"""What the owner publishes, beside the statements that the playbook comes with."""

_REMIND = timedelta(seconds=14)
CLOCK = {"remind": f"{_REMIND.seconds}s", "deputy": "9s", "grace": "12s"}
"""The playbook's minutes in seconds; the promised time itself is a whole minute."""

_SOON = timedelta(seconds=30)
_ASKED = "promise near"


def next_minute(now: datetime) -> datetime:
    """The next whole minute that leaves time for every step before it."""
    at = now + _SOON
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


class Silence(Value):
    """What became of a promise whose owner did nothing more about it.

    Message ``promised`` made it. ``asked`` has the people of each step, by our record, and ``rang``
    whose phones did before its time, by the sandbox. Message ``fallback`` went out by itself:
    ``ours`` are the channels that took it by the ledger, and ``copies`` counts it in public.
    ``kept_by`` is the message that kept what that one promised in turn.
    """

    owner: str = ""
    promised: int = 0
    due: datetime | None = None
    state: PromiseState | None = None
    asked: tuple[str, ...] = ()
    rang: tuple[str, ...] = ()
    fallback: int = 0
    ours: tuple[str, ...] = ()
    copies: Mapping[str, int] = {}
    kept_by: int = 0

    def wrong(self) -> list[str]:
        """What is not as it was to be, in words."""
        if not self.promised:
            return ["no owner of a promise went silent"]
        found = []
        if self.owner not in self.rang or not any(one == self.owner for one in self.asked):
            found.append(f"{self.owner} was not reminded of what message {self.promised} promises")
        if all(one == self.owner for one in self.asked):
            found.append(f"nobody was asked in place of {self.owner}")
        if self.state is not PromiseState.KEPT_BY_FALLBACK or not self.fallback:
            found.append(f"what {self.owner} promised in message {self.promised} is {self.state}")
            return found
        if self.ours != CHANNELS:
            found.append(f"by the ledger, message {self.fallback} is on {', '.join(self.ours)}")
        found += [
            f"message {self.fallback} is on {channel} {times} times, and not once"
            for channel, times in self.copies.items()
            if times != 1
        ]
        if not self.kept_by:
            found.append(f"nobody kept what message {self.fallback} promised")
        return found


async def count_silence(
    engine: Engine, sandbox: httpx.AsyncClient, page: httpx.AsyncClient, status: IncidentStatus
) -> Silence:
    """Count it, once all of it is over."""
    released = next((one for one in status.messages if one.released == RELEASED), None)
    promises = {one.number: one for one in status.promises}
    if released is None or released.number not in promises:
        return Silence()
    promise = promises[released.number]
    made = Silence(
        owner=promise.owner,
        promised=promise.number,
        due=promise.due,
        state=promise.state,
        asked=tuple(await steps_of(engine, promise.number)),
        rang=tuple(sorted(await rings(sandbox, promise.due - _REMIND, promise.due))),
    )
    number = promise.ended_by or 0
    fallback = next((one for one in status.messages if one.number == number), None)
    if fallback is None or fallback.released != STILL_WORKING or fallback.decisions:
        return made
    next_one = promises.get(number)
    kept = next_one is not None and next_one.state is PromiseState.KEPT
    rows = [one for one in await list_publications(engine, INCIDENT) if one.number == number]
    taken = sorted(one.channel for one in rows if one.state is PublicationState.ACCEPTED)
    keys = {one.channel: one.key for one in rows}
    posts = await posts_by_publication(engine, INCIDENT, sandbox)
    copies = {
        channel: posts[number, channel].public for channel in CHANNELS if (number, channel) in posts
    }
    copies[PAGE_CHANNEL] = (await updates_on(page))[keys.get(PAGE_CHANNEL, "")]
    return made.model_copy(
        update={
            "fallback": number,
            "ours": tuple(taken),
            "copies": copies,
            "kept_by": next_one.ended_by if next_one is not None and kept else 0,
        }
    )


async def steps_of(engine: Engine, number: int) -> list[str]:
    """Whom each step about a promise has asked, as the record says it."""
    about = f"message {number}: asked "
    return [
        one.about.removeprefix(about)
        for one in await read_timeline(engine, INCIDENT)
        if one.what == _ASKED and one.about.startswith(about)
    ]
