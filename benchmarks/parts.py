"""Parts of a stack that not every benchmark needs, each as a process of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.children import LOOPBACK, Child, free_port
from benchmarks.frontfoot import CHANNEL
from benchmarks.stack import PYTHON, BenchmarkStack
from client.stack.accounts import choose_accounts
from client.stack.environment import for_python
from embedded.readiness import listens

POSTS = ("twitter", "facebook")


def channels(sink_url: str, sandbox_url: str) -> Mapping[str, str]:
    """The settings of a worker whose mail goes to a sink, and its posts to the sandbox."""
    names = (CHANNEL, *POSTS)
    given = {"FRONTFOOT_EMAIL_STAND_IN_URL": sink_url}
    chosen = choose_accounts(names, given, sandbox_url, live=False)
    return {**chosen.environment, "FRONTFOOT_CHANNELS": ",".join(names)}


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[tuple[Child, str]]:
    """The sandbox, and its URL."""
    port = free_port()
    command = [*PYTHON, "sandbox", "--port", str(port), "--state", str(folder / "sandbox.db")]
    command += ["--x-posts-per-window", "100000"]
    child = await Child.start("sandbox", command, folder, for_python(os.environ))
    try:
        await child.ready(lambda: listens(port))
        yield child, f"http://{LOOPBACK}:{port}"
    finally:
        await child.end()


@asynccontextmanager
async def worker(folder: Path, on: BenchmarkStack, run: Sequence[str]) -> AsyncIterator[Child]:
    """A worker that is ready; ``run`` is how Python runs a module."""
    child = await Child.start("worker", [*run, "worker"], folder, on.environment)

    async def ready() -> bool:
        return child.said("worker ready")

    try:
        await child.ready(ready)
        yield child
    finally:
        await child.end()
