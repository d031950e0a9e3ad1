"""A worker keeps the page of now: at once, every minute, and whatever went wrong before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from activities import page_refresh
from activities.page_refresh import keep_page_fresh
from channels.contract import Channel, PageSource, Unreachable
from store.kernel.database import Database
from store.kernel.errors import StoreUnavailable
from store.page.numbers import next_number
from tests.sealing import KEY
from workers.background import pages_kept

SHORT = timedelta(milliseconds=100)


class Page:
    """A page whose every writing a test sees; writing it takes a number, as the real one does."""

    name = "website"

    def __init__(self, ledger: Database) -> None:
        self._ledger = ledger
        self.source: PageSource | None = None
        self.written = 0
        self.fails_with: BaseException | None = None
        self._news = asyncio.Condition()

    def read_from(self, source: PageSource) -> None:
        self.source = source

    def address_of(self, incident: str, key: str, *, article: bool) -> str:
        return f"https://status.example/{key}"

    async def refresh(self) -> None:
        async with self._news:
            self.written += 1
            self._news.notify_all()
        await next_number(self._ledger, datetime.now(UTC))
        if self.fails_with is not None:
            raise self.fails_with

    async def is_written(self, times: int) -> None:
        """Wait until it was written so often."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: self.written >= times)


@asynccontextmanager
async def kept(ledger: Database, page: Page) -> AsyncIterator[None]:
    keeping = asyncio.create_task(keep_page_fresh(ledger, page))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


@pytest.fixture
def page(ledger: Database) -> Page:
    return Page(ledger)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_refresh, "EVERY", SHORT)


async def test_it_is_written_at_once_and_not_again_before_it_is_due(
    ledger: Database, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who looks a hundred times a minute writes it once."""
    monkeypatch.setattr(page_refresh, "EVERY", timedelta(seconds=2))
    async with kept(ledger, page):
        await page.is_written(1)
        await asyncio.sleep(1)
        assert page.written == 1


@pytest.mark.usefixtures("often")
async def test_it_is_written_again_while_nothing_happens(ledger: Database, page: Page) -> None:
    async with kept(ledger, page):
        await page.is_written(3)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    "error",
    [Unreachable("Website: the bucket is away."), RuntimeError("an adapter's own mistake")],
    ids=["a target is away", "a mistake"],
)
async def test_what_goes_wrong_once_is_tried_again_and_logged_without_its_text(
    ledger: Database, page: Page, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    page.fails_with = error
    async with kept(ledger, page):
        await page.is_written(2)
    assert "the status page was not refreshed" in caplog.text
    assert "own mistake" not in caplog.text


@pytest.mark.usefixtures("often")
async def test_a_ledger_that_is_away_ends_nothing(
    ledger: Database, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    last_taken = page_refresh.last_taken

    async def away_at_first(database: Database) -> datetime | None:
        nonlocal looked
        looked += 1
        if looked < 4:
            raise StoreUnavailable("It does not answer.", "Nothing was kept.", "Wait.")
        return await last_taken(database)

    monkeypatch.setattr(page_refresh, "last_taken", away_at_first)
    async with kept(ledger, page):
        await page.is_written(2)
    assert looked >= 4


@pytest.mark.parametrize(
    ("chosen", "written"), [(["main", "website"], True), (["main", "email"], False)]
)
async def test_a_worker_that_has_the_page_keeps_it_and_another_one_could_write_it(
    ledger: Database, page: Page, chosen: list[str], written: bool
) -> None:
    """Without this, the page says after five minutes that nobody knows the current state."""
    channels: dict[str, Channel] = {"website": page}  # type: ignore[dict-item]
    keeping = pages_kept(ledger, channels, KEY, chosen)
    try:
        assert page.source is not None
        assert len(keeping) == written
        if written:
            await page.is_written(1)
    finally:
        for one in keeping:
            one.cancel()
        if keeping:
            await asyncio.wait(keeping)
