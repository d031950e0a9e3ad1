"""A worker that is killed while it reads: nothing that was said is lost, and nothing is doubled."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from client.listening import start_listening, stop_listening
from store.desk import reading, sources
from store.desk.reading import Which
from store.kernel.database import Database
from tests.deadline import eventually
from tests.fresh_ledger import empty_ledger
from tests.workflows.dying_worker import SAID
from tests.workflows.fakes import Fakes

__all__ = ["empty_ledger"]

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 55.0


class Story:
    """One source, one ledger, and one worker after the other."""

    def __init__(self, environment: WorkflowEnvironment, ledger: Path, channel: str) -> None:
        self.client = environment.client
        self.ledger = ledger
        self.channel = channel

    async def worker(self, where: str) -> asyncio.subprocess.Process:
        """A worker that is killed there."""
        target = self.client.service_client.config.target_host
        module = ("-m", "tests.workflows.dying_worker")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *module,
            target,
            str(self.ledger),
            self.channel,
            where,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        return process

    async def tell(self, where: str) -> list[int]:
        """Let a worker be killed there, and another one go on; what is in the ledger then."""
        first = await self.worker(where)
        assert await start_listening(self.client, self.channel)
        assert await first.wait() == -9
        second = await self.worker("never")
        database = Database.open(f"sqlite:///{self.ledger}")

        async def behind() -> int:
            (source,) = await sources.all_sources(database)
            return source.behind

        try:
            before = await reading.listed(database, Which(), 1000)
            assert 0 < len(before) < SAID, "it was not killed in the middle"
            await eventually(behind, lambda seen: seen == 0, within=WITHIN)
            found = await reading.listed(database, Which(), 1000)
            return sorted(int(one.mention.id) for one in found)
        finally:
            await stop_listening(self.client, self.channel)
            await database.close()
            second.kill()
            await second.wait()


@pytest.mark.usefixtures("fakes")
async def test_who_is_killed_between_a_page_and_its_place_loses_and_doubles_nothing(
    environment: WorkflowEnvironment, fakes: Fakes, empty_ledger: Path, tmp_path: Path
) -> None:
    stories = []
    for where in ("within", "after"):
        ledger = tmp_path / f"{where}.db"
        shutil.copy(empty_ledger, ledger)
        stories.append(Story(environment, ledger, f"square_{where}").tell(where))

    for found in await asyncio.gather(*stories):
        assert found == list(range(1, SAID + 1))
