"""The API over a ledger of its own, where no Temporal answers; stories have a whole stack."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.engine import Engine
from client.stack.ports import Ports
from client.tokens import create_token
from domain.actor import Surface
from domain.message import Copy, Document, MessageKind
from domain.tokens import Scope
from settings import Settings
from store.record import incidents, messages
from surfaces.console.app import served
from tests.fresh_ledger import empty_ledger

__all__ = ["empty_ledger"]

URL = "http://localhost:8092"
AT = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)
_keys = itertools.count(1)


def fresh_key() -> str:
    """An Idempotency-Key that nobody has used."""
    return f"key-{next(_keys)}"


class Api:
    """The API, and another system with a token of one person."""

    def __init__(self, engine: Engine, http: httpx.AsyncClient) -> None:
        self.engine = engine
        self.http = http
        self.token = ""

    async def has_token(self, *scopes: Scope, person: str = "maya") -> str:
        """From now on it has a token of these scopes; returns its id."""
        made = await create_token(
            self.engine, person, scopes or tuple(Scope), by="noor", surface=Surface.TERMINAL
        )
        self.token = made.secret
        return made.token.id

    @property
    def bearer(self) -> dict[str, str]:
        """The header with its token."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """Read something."""
        return await self.http.get(f"/api/v1{path}", params=query, headers=self.bearer)

    async def post(
        self, path: str, body: object, key: str | None = None, **more: str
    ) -> httpx.Response:
        """Have something done, under a key of its own."""
        headers = {**self.bearer, "Idempotency-Key": key or fresh_key(), **more}
        return await self.http.post(f"/api/v1{path}", json=body, headers=headers)


@pytest.fixture
async def api(
    empty_ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Api]:
    """An API with an empty ledger; Temporal is unreachable."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{Ports.free().temporal}")
    shutil.copy(empty_ledger, tmp_path / "frontfoot.db")
    settings = Settings(state_dir=tmp_path, database_url="", console_url=URL)
    async with Engine(settings) as engine:
        transport = httpx.ASGITransport(app=served(engine))
        async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
            yield Api(engine, http)


@pytest.fixture
async def kept(api: Api) -> Api:
    """The ledger has an incident with one message, and the token has every scope."""
    ledger = await api.engine.ledger()
    await incidents.register(ledger, "site-down", "Site down", "site-compromised", [], AT)
    document = Document(
        incident="site-down",
        number=1,
        revision=1,
        kind=MessageKind.ANNOUNCEMENT,
        proposed_at=AT,
        copies=(Copy(channel="twitter", text="Sign-in fails."),),
    )
    await messages.save_revision(ledger, document, "maya")
    await api.has_token()
    return api
