"""What a surface works with: access to Temporal and to the ledger."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from temporalio.client import Client

from client.configuration import load_settings
from client.errors import NoLedger
from settings import Settings
from store.kernel.database import Database
from store.kernel.engines import ledger_url
from store.migrate import upgrade_ledger
from wiring import connect


@dataclass(frozen=True)
class Request:
    """A request that its sender may repeat, and which then counts once.

    ``id`` is the same for each repeat. ``since`` is when it was first tried, if this is a repeat:
    what was tried may have counted, and nobody has its answer.
    """

    id: str
    since: datetime | None = None


class Engine:
    """Access to a running Frontfoot, the first argument of everything in ``client``.

    Temporal and the ledger are opened by the first request that needs them: the ledger answers
    while Temporal is down, and a decision gets through while the ledger is down. One engine serves
    many requests at once, for as long as its process lives; ``async with`` closes the ledger at the
    end. With ``upgrade`` the ledger's tables are brought up to date when it is opened, and a SQLite
    ledger that is not there yet is made; without it such a ledger is refused, because whoever asks
    in another folder would be answered from an empty one.

    ``temporal`` and ``ledger`` are for callers that have them already, and that close them.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        temporal: Client | None = None,
        ledger: Database | None = None,
        upgrade: bool = False,
    ) -> None:
        self._settings = settings
        self._temporal = temporal
        self._ledger = ledger
        self._ours = ledger is None
        self._upgrade = upgrade
        self.made_ledger = False
        self.request: Request | None = None
        self._connecting = asyncio.Lock()
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ours and self._ledger is not None:
            await self._ledger.close()
            self._ledger = None

    def repeatable(self, request: Request) -> Engine:
        """The same engine for one request: what it asks of an incident counts once for all repeats.

        Whatever it opens belongs to this one, which closes it.
        """
        return _ForOneRequest(self, request)

    @property
    def tried_at(self) -> datetime | None:
        """When the request that this is for was tried before, and may have counted."""
        return None if self.request is None else self.request.since

    @property
    def settings(self) -> Settings:
        """The settings of this process; ``WrongInput`` names each that cannot be used."""
        if self._settings is None:
            self._settings = load_settings()
        return self._settings

    def where(self) -> str:
        """Which ledger it is: the whole path of a file, or an address without its password."""
        parsed = ledger_url(self.settings.database())
        if parsed.get_backend_name() == "sqlite":
            return str(Path(str(parsed.database)).absolute())
        return parsed.render_as_string(hide_password=True)

    async def temporal(self) -> Client:
        """The client of Temporal, which reconnects by itself when the server was down.

        Raises ``TemporalUnreachable`` if no server has answered yet; calling again is harmless.
        """
        async with self._connecting:
            if self._temporal is None:
                self._temporal = await connect()
            return self._temporal

    async def ledger(self) -> Database:
        """The ledger.

        Raises ``NoLedger`` if its file is not there, and ``StoreUnavailable`` if it cannot be
        brought up to date.
        """
        async with self._opening:
            if self._ledger is None:
                url = self.settings.database()
                if self._upgrade:
                    self.made_ledger = await asyncio.to_thread(_is_new, url)
                    await upgrade_ledger(url)
                elif await asyncio.to_thread(_is_new, url):
                    raise NoLedger(self.where())
                self._ledger = Database.open(url)
            return self._ledger


class _ForOneRequest(Engine):
    def __init__(self, engine: Engine, request: Request) -> None:
        super().__init__(engine.settings)
        self._engine = engine
        self.request = request

    async def temporal(self) -> Client:
        return await self._engine.temporal()

    async def ledger(self) -> Database:
        return await self._engine.ledger()


def _is_new(url: str) -> bool:
    parsed = ledger_url(url)
    return parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists()
