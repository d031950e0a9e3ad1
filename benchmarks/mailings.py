"""Broadcasts without an end, beside which something else is measured."""

from __future__ import annotations

import asyncio
import time

from benchmarks.frontfoot import CHANNEL, LEAD, mail_only
from benchmarks.stack import BenchmarkStack
from client import incidents, messages
from domain.actor import Actor
from domain.ids import MessageRef, publication_key
from domain.message import MessageKind
from domain.status import MessageStatus
from store.broadcasts import broadcasts
from store.broadcasts.progress import read_progress

AUDIENCE = "everybody"
NOOR = Actor.at_terminal("noor")
BATCH = 1000
LONGEST = 900.0
"""Seconds that one broadcast may take."""


class Load:
    """One broadcast after the other to the same audience, so that there is always one."""

    def __init__(self, on: BenchmarkStack, recipients: int) -> None:
        self._on = on
        self._recipients = recipients
        self._number = 0
        self._waiting: tuple[str, MessageStatus] | None = None
        self._spans: list[tuple[int, float]] = []
        self._stopped = False
        self.begun = asyncio.Event()
        self._one_done = asyncio.Event()

    async def propose(self) -> str:
        """Bring the next broadcast before its gate; return its key."""
        self._number += 1
        slug = f"mailing-{self._number}"
        await incidents.open_incident(
            self._on.engine,
            slug=slug,
            title=f"Mailing number {self._number}",
            files=mail_only(BATCH),
            actor=LEAD,
            audiences=[AUDIENCE],
        )
        kind = MessageKind.ANNOUNCEMENT
        message = await messages.propose(self._on.engine, slug, kind, actor=LEAD)
        self._waiting = (slug, message)
        ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
        return publication_key(ref, CHANNEL, AUDIENCE)

    async def run(self) -> None:
        """Send what was proposed, then propose and send the next, until ``stop``."""
        while not self._stopped:
            if self._waiting is None:
                await self.propose()
            assert self._waiting is not None
            (slug, message), self._waiting = self._waiting, None
            await messages.decide(self._on.engine, slug, actor=NOOR, digest=message.digest)
            await self._to_its_end(slug, message)

    async def _to_its_end(self, slug: str, message: MessageStatus) -> None:
        ref = MessageRef(incident=slug, number=message.number, revision=message.revision)
        began = time.monotonic()
        while not self._stopped:
            await asyncio.sleep(0.25)
            row = await broadcasts.find_broadcast(self._on.database, ref, CHANNEL, AUDIENCE)
            if row is None:
                continue
            progress = await read_progress(self._on.database, row.id)
            if not progress.went_out:
                continue
            self.begun.set()
            if progress.went_out >= self._recipients:
                self._spans.append((progress.went_out, time.monotonic() - began))
                self._one_done.set()
                return

    async def complete(self) -> None:
        """Return once at least one broadcast was measured to its end."""
        await asyncio.wait_for(self._one_done.wait(), LONGEST)

    def rate(self) -> float:
        """Recipients a second of the broadcasts that ended."""
        return sum(many for many, _ in self._spans) / sum(span for _, span in self._spans)

    def stop(self) -> None:
        """Let nothing more begin."""
        self._stopped = True
