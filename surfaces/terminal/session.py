"""What every command needs: the environment, the settings and the engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from client import configuration
from client.configuration import load_settings
from client.engine import Engine
from client.stack import stack_file
from surfaces.terminal.printing import say_aside

Result = TypeVar("Result")


def run(work: Callable[[Engine], Awaitable[Result]], *, upgrade: bool = False) -> Result:
    """Do one command's work with an engine, and close it.

    ``upgrade`` brings an older ledger up to date when it is opened, and makes one that is missing.
    """

    async def with_engine() -> Result:
        async with Engine(load_settings(), upgrade=upgrade) as engine:
            result = await work(engine)
            if engine.made_ledger:
                say_aside(f"A new ledger was made: {engine.where()}")
            return result

    return asyncio.run(with_engine())


def prepare_environment() -> None:
    """Complete the environment from ``.env``, then from a stack that runs here.

    If the user has set ``TEMPORAL_ADDRESS``, nothing of that stack is used.
    """
    configuration.prepare_environment()
    if os.environ.get("TEMPORAL_ADDRESS"):
        return
    running = stack_file.read(load_settings().state_dir)
    if running is not None and running.runs():
        os.environ.update(running.environment)
