"""Where a round's ledger is kept: a SQLite file on a small disk, or a new PostgreSQL database."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import make_url

from chaos.stack import SmallDisk
from client.errors import WrongInput
from tests.store.postgres_server import binaries, new_database, running

DatabaseName = Literal["sqlite", "postgres"]
VARIABLE = "FRONTFOOT_TEST_POSTGRES_URL"
_MEBIBYTES = 96


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """A ledger's URL, and what faults can strike: its file and its disk, if it has them."""

    url: str
    file: Path | None = None
    disk: SmallDisk | None = None


@asynccontextmanager
async def a_ledger(kind: DatabaseName, state: Path, recipients: int) -> AsyncIterator[LedgerPlace]:
    """A place for one round's ledger; afterwards its file stays, or its database is dropped."""
    if kind == "sqlite":
        room = _MEBIBYTES + recipients // 250
        disk = await asyncio.to_thread(SmallDisk, state / "ledger", room)
        file = disk.folder / "frontfoot.db"
        try:
            yield LedgerPlace(f"sqlite+aiosqlite:///{file}", file, disk)
        finally:
            await asyncio.to_thread(disk.unmount)
        return
    given = os.environ.get(VARIABLE)
    if given:
        url = make_url(given).set(drivername="postgresql+asyncpg", database="__name__")
        server = url.render_as_string(hide_password=False).replace("__name__", "{database}")
        async with new_database(server, f"frontfoot_chaos_{os.getpid()}") as made:
            yield LedgerPlace(made)
        return
    folder = binaries()
    if folder is None:
        raise WrongInput(
            "There is no PostgreSQL for the ledger.",
            f"Set {VARIABLE} to a server where databases may be made, or install its server.",
        )
    with running(folder) as server:
        async with new_database(server, "frontfoot_chaos") as made:
            yield LedgerPlace(made)
