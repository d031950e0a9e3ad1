"""How long people wait: from the last signature to the first acceptance on each channel.

The whole stack against the sandbox, as ``frontfoot up`` starts it: Temporal, webhook receiver, one
worker. One small incident after the other, each with an announcement on all three channels.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.frontfoot import CHANNEL
from benchmarks.mail import address
from benchmarks.results import Approvals
from client import incidents, messages
from client.asking import incident_status
from client.engine import Engine
from client.stack.ports import Ports
from domain.actor import Actor
from domain.ids import MessageRef
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.playbook import PAGE_CHANNEL
from domain.status import MessageStatus
from embedded.stack import Stack
from settings import HERE
from store.broadcasts import broadcasts
from store.broadcasts.progress import read_progress
from store.files.playbook_folder import read_playbook
from store.kernel.database import Database
from store.people import audiences
from store.record import publication_rows

MAYA, NOOR = Actor.at_terminal("maya"), Actor.at_terminal("noor")
AUDIENCE = "customers"
RECIPIENTS = 1_000
_WITHIN = 60.0


async def measure(folder: Path, count: int, tell: Callable[[str], None]) -> Approvals:
    """Play ``count`` incidents; ``tell`` hears what the stack has to say."""
    stack = Stack(folder / "stack", ports=Ports.free(), say=tell)
    await stack.start()
    try:
        database = Database.open(f"sqlite:///{stack.state / 'frontfoot.db'}")
        try:
            engine = Engine(temporal=await stack.client(), ledger=database)
            rows = (audiences.AudienceRow(address(n), {}) for n in range(1, RECIPIENTS + 1))
            await audiences.import_rows(database, AUDIENCE, rows)
            waits: dict[str, list[float]] = {}
            for number in range(1, count + 1):
                for channel, seconds in (await _one(engine, database, number)).items():
                    waits.setdefault(channel, []).append(seconds)
        finally:
            await database.close()
    finally:
        await stack.stop()
    return Approvals(
        seconds={name: tuple(all_) for name, all_ in sorted(waits.items())}, recipients=RECIPIENTS
    )


async def _one(engine: Engine, database: Database, number: int) -> dict[str, float]:
    """One incident: seconds from its signature to the first acceptance, by channel."""
    slug = f"benchmark-{number}"
    await incidents.open_incident(
        engine,
        slug=slug,
        # X refuses a text twice, and the mark in it has the minute only.
        title=f"Outage number {number}",
        files=read_playbook(HERE / "playbooks" / "site-compromised"),
        actor=MAYA,
        audiences=[AUDIENCE],
    )
    message = await messages.propose(engine, slug, MessageKind.ANNOUNCEMENT, actor=MAYA)
    approved_at = datetime.now(UTC)
    await messages.decide(engine, slug, actor=NOOR, digest=message.digest)
    ended = await _published(engine, slug, message)
    accepted: dict[str, datetime] = {}
    for row in await publication_rows.rows(database, slug):
        # The page's receipt has the time that the update shows; `status_page` measures the page.
        if row.receipt is not None and row.channel != PAGE_CHANNEL:
            accepted[row.channel] = row.receipt.at
    ref = MessageRef(incident=slug, number=ended.number, revision=ended.revision)
    planned = await broadcasts.find_broadcast(database, ref, CHANNEL, AUDIENCE)
    assert planned is not None
    progress = await read_progress(database, planned.id)
    if progress.first_accepted_at is not None:
        accepted[CHANNEL] = progress.first_accepted_at
    return {channel: (at - approved_at).total_seconds() for channel, at in accepted.items()}


async def _published(engine: Engine, slug: str, message: MessageStatus) -> MessageStatus:
    deadline = time.monotonic() + _WITHIN
    while True:
        status = await incident_status(engine, slug)
        now = messages.message_of(status, message.number)
        if now.told and now.phase is not MessagePhase.PUBLISHING:
            return now
        if time.monotonic() > deadline:
            raise RuntimeError(f"The announcement of {slug} was not out after {_WITHIN:.0f} s.")
        # Seldom: each look is work for the worker that is being measured.
        await asyncio.sleep(0.25)
