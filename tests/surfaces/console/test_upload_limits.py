"""The console on a real socket: an upload may be large, and nothing else may."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from client.audiences import list_audiences
from surfaces.console.guard import Guard
from surfaces.public.limits import Limits
from surfaces.public.protocol import BoundedProtocol
from tests.surfaces.console.conftest import OURS, URL, Console
from tests.surfaces.public.served import serving

HOST = {"Host": "localhost:8092"}
SMALL = Limits(body=64 * 1024, memory=256 * 1024, sweep_every=0.02)
SHORT = Limits(body=64 * 1024, sweep_every=0.02)
ROWS = 60_000
LIST = "email\n" + "".join(f"p{n}@feather.example\n" for n in range(ROWS))


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little is read beyond a limit that a test need not send much."""
    monkeypatch.setattr("surfaces.public.protocol._SLACK", 64 * 1024)


async def test_a_large_file_is_taken_and_none_of_it_stays_in_memory(
    console: Console, small_limits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await console.sign_in()
    most = 0
    held = BoundedProtocol.data_received

    def data_received(self: BoundedProtocol, data: bytes) -> None:
        nonlocal most
        held(self, data)
        most = max(most, self._connections.memory)

    monkeypatch.setattr(BoundedProtocol, "data_received", data_received)
    cookies = dict(console.browser.cookies)
    async with (
        serving(Guard(console.app, URL), SMALL) as served,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{served.port}", cookies=cookies, timeout=120
        ) as browser,
    ):
        answer = await browser.post(
            "/files/imports",
            data={"kind": "audience", "name": "customers"},
            files={"file": ("people.csv", LIST)},
            headers=HOST | OURS,
        )
        assert answer.status_code == 303, answer.text
        place = answer.headers["location"]
        while "added to customers" not in (await browser.get(place, headers=HOST)).text:
            await asyncio.sleep(0.05)
    assert len(LIST) > 4 * SMALL.memory
    assert most < SMALL.memory
    console.engine._ledger = None
    found = await list_audiences(console.engine)
    assert [(one.name, one.recipients) for one in found] == [("customers", ROWS)]


@pytest.mark.parametrize("path", ["/incidents", "/passkeys", "/incidents/x/recipient/file"])
async def test_every_other_form_is_cut_off_at_its_limit(
    console: Console, small_limits: None, path: str
) -> None:
    await console.sign_in()
    cookies = dict(console.browser.cookies)
    async with (
        serving(Guard(console.app, URL), SHORT) as served,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{served.port}", cookies=cookies, timeout=120
        ) as browser,
    ):
        with pytest.raises(httpx.TransportError):
            await browser.post(path, data={"title": LIST}, headers=HOST | OURS)


async def test_whoever_is_not_signed_in_keeps_the_limit_too(
    console: Console, small_limits: None
) -> None:
    async with (
        serving(Guard(console.app, URL), SMALL) as served,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", timeout=120) as browser,
    ):
        try:
            answer = await browser.post(
                "/files/imports", files={"file": ("people.csv", LIST)}, headers=HOST | OURS
            )
            assert answer.status_code == 401
        except httpx.TransportError:
            pass
    assert not (console.engine.settings.state_dir / "imports").exists()
