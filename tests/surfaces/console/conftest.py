"""The console over a ledger of its own, where no Temporal answers; stories have a whole stack."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from client.engine import Engine
from client.signing_in import make_link
from client.stack.ports import Ports
from settings import Settings
from surfaces.console.app import create_app
from surfaces.console.guard import Guard
from tests.fresh_ledger import empty_ledger
from tests.terminal import up

__all__ = ["empty_ledger", "up"]

URL = "http://localhost:8092"
OURS = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a form on one of our own pages."""


class Console:
    """The console, and a browser of one person."""

    def __init__(self, engine: Engine, app: FastAPI, browser: httpx.AsyncClient) -> None:
        self.engine = engine
        self.app = app
        self.browser = browser

    async def sign_in(self, person: str = "maya") -> httpx.Response:
        """Sign in through the real door."""
        link = await make_link(self.engine)
        answer = await self.browser.post(link, data={"person": person}, headers=OURS)
        assert answer.status_code == 303, answer.text
        return answer


@pytest.fixture
async def console(
    empty_ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Console]:
    """A console with an empty ledger; Temporal is unreachable."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{Ports.free().temporal}")
    shutil.copy(empty_ledger, tmp_path / "frontfoot.db")
    async with Engine(Settings(state_dir=tmp_path, database_url="", console_url=URL)) as engine:
        app = create_app(engine)
        transport = httpx.ASGITransport(app=Guard(app, URL))
        async with httpx.AsyncClient(transport=transport, base_url=URL) as browser:
            yield Console(engine, app, browser)
            await app.state.feeds.rest()
        await app.state.imports.close()
