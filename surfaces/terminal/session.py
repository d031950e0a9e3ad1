"""What every command needs: the environment, the settings and the engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from client.configuration import env_file_values, load_settings
from client.engine import Engine
from client.errors import WrongInput
from client.stack import stack_file
from surfaces.terminal.options import is_text

Result = TypeVar("Result")
_OURS = ("FRONTFOOT_", "TEMPORAL_")


def run(work: Callable[[Engine], Awaitable[Result]], *, upgrade: bool = False) -> Result:
    """Do one command's work with an engine, and close it.

    ``upgrade`` brings an older ledger up to date when it is opened.
    """

    async def with_engine() -> Result:
        async with Engine(load_settings(), upgrade=upgrade) as engine:
            return await work(engine)

    return asyncio.run(with_engine())


def prepare_environment() -> None:
    """Complete the environment from ``.env``, then from a stack that runs here.

    If the user has set ``TEMPORAL_ADDRESS``, nothing of that stack is used.
    """
    for name, value in env_file_values().items():
        if name.startswith(_OURS):
            _complete(name, value)
    for name, value in os.environ.items():
        if name.startswith(_OURS) and not is_text(value):
            raise _no_text(name)
    if os.environ.get("TEMPORAL_ADDRESS"):
        return
    running = stack_file.read(load_settings().state_dir)
    if running is not None and running.runs():
        os.environ.update(running.environment)


def _complete(name: str, value: str) -> None:
    try:
        os.environ.setdefault(name, value)
    except UnicodeEncodeError as error:
        raise _no_text(name) from error


def _no_text(name: str) -> WrongInput:
    return WrongInput(
        f"{name} cannot be read or set in this terminal's encoding.",
        "Set LANG to a locale with UTF-8, such as C.UTF-8, and set the variable again.",
    )
