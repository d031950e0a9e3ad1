"""A PostgreSQL server of the test session's own, from the machine's binaries."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

_PATIENCE = 30.0


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, or None if this machine has none."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found:
        candidates.insert(0, Path(found).resolve().parent)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


@asynccontextmanager
async def new_database(server: str, name: str) -> AsyncIterator[str]:
    """The URL of a new database on a server (its URL with ``{database}``), dropped at the end."""
    await on_server(server, f'CREATE DATABASE "{name}"')
    try:
        yield server.format(database=name)
    finally:
        await on_server(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def on_server(server: str, statement: str) -> None:
    """Carry out a statement that belongs to no database."""
    engine = create_async_engine(server.format(database="postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a server on a socket in a folder of its own; yields its URL without a database.

    It forgets everything and syncs nothing: only for tests.
    """
    user = _other_user()
    home = Path(tempfile.mkdtemp(prefix="ff-pg-"))
    data = home / "data"
    if user is not None:
        shutil.chown(home, user)
    subprocess.run(
        [folder / "initdb", "-D", data, "-U", "frontfoot", "-A", "trust", "-E", "UTF8", "-N"],
        check=True,
        user=user,
        cwd=home,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        stdout=subprocess.DEVNULL,
    )
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(home),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "60",
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [folder / "postgres", "-D", data, *settings], user=user, cwd=home, stderr=log
        )
    try:
        _wait_until_ready(folder, home, server)
        yield f"postgresql+asyncpg://frontfoot@/{{database}}?host={home}"
    finally:
        # SIGINT is the server's "fast" shutdown: it ends its sessions itself.
        server.send_signal(signal.SIGINT)
        server.wait(_PATIENCE)
        shutil.rmtree(home)


def _other_user() -> str | None:
    """Somebody to run the server as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    known = Path("/etc/passwd").read_text(encoding="utf-8")
    return "postgres" if "\npostgres:" in known else "nobody"


def _wait_until_ready(folder: Path, home: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError((home / "log").read_text(encoding="utf-8"))
        asked = subprocess.run(
            [folder / "pg_isready", "-q", "-h", home, "-d", "postgres", "-U", "frontfoot"],
            check=False,
        )
        if asked.returncode == 0:
            return
    raise TimeoutError("PostgreSQL did not come up")
