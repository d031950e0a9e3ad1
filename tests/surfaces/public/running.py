"""The public service with a ledger, in a thread of its own: a browser's loop stands in ours."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import uvicorn

from client.public import PublicService
from domain.subscribers import SubscriberLinks
from settings import Settings
from store.kernel.database import Database
from surfaces.public.app import create_app

SECRET = b"the secret of links, of more than 32 letters"
T = TypeVar("T")


class Running:
    """Where it runs, the links that it knows, and a way to its ledger."""

    def __init__(self, port: int, database: Database, loop: asyncio.AbstractEventLoop) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.links = SubscriberLinks(self.url, SECRET)
        self._database = database
        self._loop = loop

    def do(self, work: Callable[[Database], Awaitable[T]]) -> T:
        """Do something with the ledger, and wait for it."""

        async def working() -> T:
            return await work(self._database)

        return asyncio.run_coroutine_threadsafe(working(), self._loop).result(30)


@contextmanager
def running(empty: Path, folder: Path) -> Iterator[Running]:
    """Serve over a copy of the ledger ``empty``, which is kept in ``folder``."""
    shutil.copy(empty, folder / "ledger.db")
    made: list[Running] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        database = Database.open(f"sqlite:///{folder / 'ledger.db'}")
        settings = Settings(company="Example Co", channels=("email", "website"))
        service = PublicService(database, link_secret=SECRET, settings=settings)
        app = create_app(service)
        server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
        )
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        made.append(Running(port, database, asyncio.get_running_loop()))
        ready.set()
        await stop.wait()
        server.should_exit = True
        await serving
        await database.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield made[0]
    finally:
        made[0]._loop.call_soon_threadsafe(stop.set)
        thread.join(30)
