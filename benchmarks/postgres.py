"""A PostgreSQL server from this machine's own binaries, with the settings that it comes with.

It syncs to disk like any other: a ledger that forgets would be no ledger. It listens on a socket
in its own folder and nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.children import Child


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, or None if this machine has none."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found:
        candidates.insert(0, Path(found).resolve().parent)
    for folder in candidates:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_isready")):
            return folder
    return None


def version(folder: Path) -> str:
    """The server's version, such as ``16.4``."""
    told = subprocess.run(
        [folder / "postgres", "--version"], check=True, capture_output=True, text=True
    )
    return told.stdout.partition(") ")[2].split()[0]


class Server:
    """A running server: databases are made on it by name."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of a database."""
        return f"postgresql+asyncpg://frontfoot@/{database}?host={self.home}"

    def conninfo(self, database: str) -> str:
        """libpq's way to say the same."""
        return f"host={self.home} user=frontfoot dbname={database}"

    async def create(self, database: str) -> None:
        """Make an empty database."""
        engine = create_async_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(f'CREATE DATABASE "{database}"'))
        await engine.dispose()


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Server]:
    """A server from the binaries in ``folder``, for as long as the block lasts."""
    user = _other_user()
    # Its own folder right under the temporary one: the name of a socket may have 100 letters.
    home = Path(tempfile.mkdtemp(prefix="ff-bench-pg-"))
    try:
        if user is not None:
            shutil.chown(home, user)
        data = home / "data"
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        initdb = [str(folder / "initdb"), "-D", str(data), "-U", "frontfoot"]
        initdb += ["-A", "trust", "-E", "UTF8"]
        await asyncio.to_thread(
            subprocess.run,
            initdb,
            check=True,
            user=user,
            cwd=home,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        command = [str(folder / "postgres"), "-D", str(data)]
        command += ["-c", "listen_addresses=", "-c", f"unix_socket_directories={home}"]
        server = await Child.start("postgres", command, home, environment, user=user)
        try:
            await server.ready(lambda: _answers(folder, home))
            yield Server(home)
        finally:
            # SIGINT is its "fast" shutdown: it ends its sessions itself.
            await server.end(signal.SIGINT)
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _answers(folder: Path, home: Path) -> bool:
    command = [str(folder / "pg_isready"), "-q", "-h", str(home), "-U", "frontfoot"]
    asked = await asyncio.create_subprocess_exec(*command, "-d", "postgres")
    return await asked.wait() == 0


def _other_user() -> str | None:
    """Somebody to run the server as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    known = Path("/etc/passwd").read_text(encoding="utf-8")
    return "postgres" if "\npostgres:" in known else "nobody"
