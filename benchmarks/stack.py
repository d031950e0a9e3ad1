"""Everything that Frontfoot needs to run, real and on this machine: Temporal, ledger, workers."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from benchmarks.children import LOOPBACK, Child, free_port
from client.engine import Engine
from client.record_key import make_key
from client.stack.environment import for_python, plain
from embedded import temporal_binary
from embedded.readiness import listens
from store.kernel.database import Database
from store.migrate import upgrade_ledger
from wiring import plugin

PYTHON = (sys.executable, "-P", "-m")


@dataclass
class BenchmarkStack:
    """A running Temporal server and a ledger; workers come and go."""

    folder: Path
    client: Client
    database: Database
    temporal: Child
    ledger_url: str
    environment: Mapping[str, str]

    @asynccontextmanager
    async def workers(self, count: int) -> AsyncIterator[list[Child]]:
        """``count`` worker processes, each on every task queue, for as long as the block lasts."""
        async with AsyncExitStack() as stack:
            started: list[Child] = []
            for _ in range(count):
                started.append(await self.start_worker())
                stack.push_async_callback(started[-1].end)
            yield started

    async def start_worker(self) -> Child:
        """One more worker process, ready to work."""
        name = f"worker-{secrets.token_hex(3)}"
        worker = await Child.start(name, [*PYTHON, "worker"], self.folder, self.environment)

        async def ready() -> bool:
            return worker.said("worker ready")

        await worker.ready(ready)
        return worker

    @property
    def engine(self) -> Engine:
        """The way to both, for the functions of ``client``."""
        return Engine(temporal=self.client, ledger=self.database)

    def temporal_size(self) -> int:
        """Bytes of Temporal's database, its write-ahead log included."""
        return sum(_size(path) for path in self.folder.glob("temporal.db*"))


@asynccontextmanager
async def running(folder: Path, ledger_url: str, sink_url: str) -> AsyncIterator[BenchmarkStack]:
    """A fresh Temporal server on a file, and the ledger at ``ledger_url``, brought up to date.

    The e-mail channel of its workers speaks to ``sink_url``. Nothing sends webhook events.
    """
    await upgrade_ledger(ledger_url)
    make_key(folder / "record.key")
    async with AsyncExitStack() as stack:
        temporal, address = await _temporal(folder)
        stack.push_async_callback(temporal.end)
        client = await Client.connect(address, plugins=[plugin()])
        database = Database.open(ledger_url)
        stack.push_async_callback(database.close)
        profile = folder / "temporal.toml"
        profile.touch()
        yield BenchmarkStack(
            folder=folder,
            client=client,
            database=database,
            temporal=temporal,
            ledger_url=ledger_url,
            environment={
                **for_python(os.environ),
                "TEMPORAL_ADDRESS": address,
                "TEMPORAL_NAMESPACE": "default",
                "TEMPORAL_CONFIG_FILE": str(profile),
                "FRONTFOOT_STATE_DIR": str(folder),
                "FRONTFOOT_DATABASE_URL": ledger_url,
                "FRONTFOOT_RECORD_KEY_FILE": str(folder / "record.key"),
                "FRONTFOOT_CODE_SECRET": secrets.token_hex(32),
                "FRONTFOOT_CHANNELS": "email",
                "FRONTFOOT_EMAIL_API_KEY": "SG.benchmark",
                "FRONTFOOT_EMAIL_BASE_URL": sink_url,
            },
        )


@asynccontextmanager
async def sink(folder: Path) -> AsyncIterator[tuple[Child, str]]:
    """A sink in a process of its own, and its URL."""
    port = free_port()
    child = await Child.start(
        "sink", [*PYTHON, "benchmarks.sink", str(port)], folder, for_python(os.environ)
    )
    try:
        await child.ready(lambda: listens(port))
        yield child, f"http://{LOOPBACK}:{port}"
    finally:
        await child.end()


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    # A journal, which is there for moments only.
    return 0


async def _temporal(folder: Path) -> tuple[Child, str]:
    binary = await temporal_binary.find(folder / "bin")
    port = free_port()
    address = f"{LOOPBACK}:{port}"
    command = [str(binary), "server", "start-dev", "--headless", "--ip", LOOPBACK]
    command += ["--port", str(port), "--db-filename", str(folder / "temporal.db")]
    command += ["--log-level", "warn"]
    child = await Child.start("temporal", command, folder, plain(os.environ))

    async def answers() -> bool:
        if not await listens(port):
            return False
        try:
            client = await Client.connect(address)
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace="default")
            )
        except (RuntimeError, RPCError):
            return False
        return True

    try:
        await child.ready(answers)
    except BaseException:
        await child.end()
        raise
    return child, address
