"""The receiver is killed after it has answered and before the events are in the ledger."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from client.event_entry import EventEntry
from client.stack.environment import for_python
from client.stack.ports import LOOPBACK, free_ports
from store.broadcasts.progress import read_progress
from store.events.inbox import Inbox
from store.kernel.database import Database
from tests.channels.sendgrid.signing import SigningKey
from tests.deadline import eventually
from tests.store.world import have_broadcast, send
from tests.surfaces.public.provider import SendGrid, told


class ReceiverProcess:
    """The receiver as it is started in production, on a ledger of the test's own."""

    def __init__(self, ledger: Path, key: SigningKey) -> None:
        [self.port] = free_ports(1)
        self._environment = {
            **for_python(os.environ),
            "FRONTFOOT_DATABASE_URL": f"sqlite:///{ledger}",
            "FRONTFOOT_STATE_DIR": str(ledger.parent),
            "FRONTFOOT_WEBHOOK_PORT": str(self.port),
            "FRONTFOOT_CHANNELS": "email",
            "FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY": key.public,
        }

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "surfaces.public.app", env=self._environment
        )
        await eventually(self._listens, within=30)

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        writer.close()
        return True


@pytest.fixture
async def receiver(
    ledger: Database, tmp_path: Path
) -> AsyncIterator[tuple[ReceiverProcess, SendGrid]]:
    key = SigningKey()
    process = ReceiverProcess(tmp_path / "ledger.db", key)
    await process.start()
    async with httpx.AsyncClient(
        base_url=f"http://{LOOPBACK}:{process.port}", trust_env=False
    ) as http:
        yield process, SendGrid(http, key)
    await process.kill()


async def test_what_was_answered_is_in_the_ledger_once_whoever_was_killed(
    receiver: tuple[ReceiverProcess, SendGrid], ledger: Database, tmp_path: Path
) -> None:
    process, sendgrid = receiver
    broadcast = await have_broadcast(ledger, 20)
    await send(ledger, broadcast, 1)
    # Nobody can enter anything; the provider has its answer all the same.
    async with ledger.write():
        for _ in range(2):
            answer = await sendgrid.deliver([told(broadcast, n) for n in range(1, 6)])
            assert (answer.status_code, answer.json()["waiting"]) == (200, 5)
        await process.kill()
    assert (await read_progress(ledger, broadcast.id)).delivered == 0
    inbox = Inbox(tmp_path / "ledger.db-events")
    assert (await inbox.backlog()).events == 10
    await EventEntry(ledger, inbox).enter_all()
    await inbox.close()
    assert (await read_progress(ledger, broadcast.id)).delivered == 5


async def test_the_next_receiver_enters_what_the_killed_one_had_answered(
    receiver: tuple[ReceiverProcess, SendGrid], ledger: Database
) -> None:
    process, sendgrid = receiver
    broadcast = await have_broadcast(ledger, 20)
    await send(ledger, broadcast, 1)
    async with ledger.write():
        await sendgrid.deliver([told(broadcast, 1)])
        await process.kill()
    await process.start()

    async def delivered() -> int:
        return (await read_progress(ledger, broadcast.id)).delivered

    await eventually(delivered, lambda many: many == 1)
