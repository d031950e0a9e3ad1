"""What every command stands on: the environment, the settings, the ledger and Temporal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_settings import SettingsError

from client.errors import WrongUsage, wrong_settings
from client.stack import stack_file
from settings import Settings
from store.kernel.database import Database
from store.kernel.engines import ledger_url
from store.migrate import upgrade_ledger

Result = TypeVar("Result")
_OURS = ("FRONTFOOT_", "TEMPORAL_")


def run(work: Coroutine[object, object, Result]) -> Result:
    """Run one command's work to its end."""
    return asyncio.run(work)


def prepare_environment() -> None:
    """Fill in what the environment leaves open: from ``.env``, then from a stack that runs here.

    A ``TEMPORAL_ADDRESS`` of the user's own always wins: then nothing of the stack's is used.
    """
    for name, value in dotenv_values(".env").items():
        if name.startswith(_OURS) and value:
            os.environ.setdefault(name, value)
    if os.environ.get("TEMPORAL_ADDRESS"):
        return
    running = stack_file.read(load_settings().state_dir)
    if running is not None and running.runs():
        os.environ.update(running.environment)


def load_settings() -> Settings:
    """The settings; ``WrongUsage`` names each variable that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        raise wrong_settings(error) from error
    except SettingsError as error:
        raise WrongUsage(
            "The settings cannot be read.", "Check the FRONTFOOT_ variables and .env."
        ) from error


@asynccontextmanager
async def ledger(*, upgrade: bool = False) -> AsyncIterator[Database]:
    """The ledger, open for as long as the block lasts.

    A SQLite ledger that is not there yet is made; ``upgrade`` brings an older one up to date too.
    """
    url = load_settings().database()
    if upgrade or _is_new(url):
        await upgrade_ledger(url)
    database = Database.open(url)
    try:
        yield database
    finally:
        await database.close()


def _is_new(url: str) -> bool:
    parsed = ledger_url(url)
    return parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists()
