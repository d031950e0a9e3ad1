"""A Temporal server whose time stands still until a test moves it, and workers over fake worlds."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.testing._timeskipping import TimeSkippingConfig
from temporalio.worker import Worker

import wiring
from domain.ids import MAIN_QUEUE, OUTBOX_QUEUE, channel_queue
from tests.workflows.fakes import Fakes
from workflows.every import WORKFLOWS

CHANNELS = ("email", "twitter", "facebook")


def temporal_executable() -> str | None:
    """The dev server: as named, on the path, or the script that a wheel put beside Python.

    Not the SDK's own download, which needs the internet.
    """
    beside = Path(sys.executable).parent / "temporal"
    named = os.environ.get("TEMPORAL_CLI_PATH") or shutil.which("temporal")
    return named or (str(beside) if beside.is_file() else None)


async def put_away(handle: WorkflowHandle[Any, Any]) -> None:
    """End what a story has left running; it may come to its own end in that moment."""
    try:
        await handle.terminate("the story is over")
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


@contextlib.asynccontextmanager
async def server(executable: str, *dynamic: str) -> AsyncIterator[WorkflowEnvironment]:
    """A server of its own; ``dynamic`` are more values of its dynamic configuration."""
    values = [
        "frontend.WorkflowTimeSkippingEnabled=true",
        # Otherwise the shortest timer takes a second.
        'history.timerProcessorMaxTimeShift="5ms"',
        *dynamic,
    ]
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        plugins=[wiring.plugin()],
        # The usual one, process and host, would get into recorded histories.
        identity="stories",
        dev_server_existing_path=executable,
        dev_server_log_level="error",
        # Its own five seconds are too few for a machine that is busy with other tests.
        dev_server_startup_timeout=timedelta(seconds=60),
        dev_server_extra_args=[part for one in values for part in ("--dynamic-config-value", one)],
    )
    try:
        yield environment
    finally:
        await environment.shutdown()


@contextlib.asynccontextmanager
async def workers(client: Client, fakes: Fakes) -> AsyncIterator[None]:
    """Workers for the main queue and for every channel's."""
    async with contextlib.AsyncExitStack() as stack:
        main = Worker(client, task_queue=MAIN_QUEUE, workflows=WORKFLOWS, activities=fakes.main())
        wiring.allow_long_tasks(main)
        await stack.enter_async_context(main)
        sending = Worker(client, task_queue=OUTBOX_QUEUE, activities=fakes.outside())
        await stack.enter_async_context(sending)
        for name in CHANNELS:
            await stack.enter_async_context(
                Worker(client, task_queue=channel_queue(name), activities=fakes.wire())
            )
        yield
