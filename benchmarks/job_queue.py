"""A careful job queue as a contestant: procrastinate on PostgreSQL, with a ledger of batches.

It is installed into a virtual environment of its own under ``build/``; Frontfoot does not need it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack
from pathlib import Path

import orjson

from benchmarks.children import Child
from benchmarks.limit import shared_part
from benchmarks.mail import Assignment
from benchmarks.postgres import Server
from client.stack.environment import plain
from domain.model import Value
from settings import HERE

REQUIREMENTS = (
    "procrastinate==3.10.0",
    "psycopg[binary,pool]==3.3.9",
    "httpx==0.28.1",
    "orjson==3.13.0",
)
PROGRAM = Path(__file__).with_name("queue_worker.py")
_PATIENCE = 300.0


class Queued(Value):
    """What the job queue did: seconds from deferring the first job to the last acceptance."""

    workers: int
    recipients: int
    requests: int
    seconds: float
    worker_cpu: float

    @property
    def per_second(self) -> float:
        """Recipients a second."""
        return self.recipients / self.seconds


class NoJobQueue(Exception):
    """It cannot take part; the message says why."""


def python_with_procrastinate() -> Path:
    """The interpreter of its environment, made when it is missing. ``NoJobQueue`` if it cannot."""
    home = HERE / "build" / "benchmarks-queue"
    interpreter, stamp = home / "bin" / "python", home / "installed"
    wanted = "\n".join(REQUIREMENTS)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return interpreter
    install = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", home], check=True, capture_output=True)
        subprocess.run(
            [*install, *REQUIREMENTS], check=True, capture_output=True, timeout=_PATIENCE
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoJobQueue("procrastinate could not be installed") from error
    stamp.write_text(wanted, encoding="utf-8")
    return interpreter


async def send(
    interpreter: Path, server: Server, folder: Path, order: Assignment, workers: int
) -> Queued:
    """Send to ``order``'s recipients with ``workers`` processes of the job queue."""
    name = f"queue_{workers}_{secrets.token_hex(3)}"
    await server.create(name)
    orders = folder / f"{name}.json"
    shared = shared_part(order.copy_)
    given = {**order.model_dump(exclude={"copy_", "ways", "warm_up"}), "shared": shared}
    orders.write_bytes(orjson.dumps({**given, "conninfo": server.conninfo(name)}))

    async def start(mode: str, number: int = 0) -> Child:
        command = [str(interpreter), "-I", str(PROGRAM), mode, str(orders)]
        stdout = None if mode == "work" else PIPE
        label = f"{name}-{mode}-{number}"
        return await Child.start(label, command, folder, plain(os.environ), stdout=stdout)

    await (await start("prepare")).output(_PATIENCE)
    async with AsyncExitStack() as stack:
        crew = [await start("work", number) for number in range(workers)]
        for worker in crew:
            stack.push_async_callback(worker.end)
        for worker in crew:
            await worker.ready(lambda worker=worker: _ready(worker))  # type: ignore[misc]
        # Its own start, which happens after it says so, must not count.
        await asyncio.sleep(1.0)
        cpu = sum(worker.cpu() for worker in crew)
        told = orjson.loads(await (await start("send")).output(_PATIENCE))
        cpu = sum(worker.cpu() for worker in crew) - cpu
    return Queued(workers=workers, recipients=order.recipients, worker_cpu=cpu, **told)


async def _ready(worker: Child) -> bool:
    return worker.said("queue worker ready")
