"""A copy of the ledger: taken while it is used, put back while it is not, and locked then."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.engine import Engine
from client.recovery.backup import backup, restore
from domain.delivery_events import DeliveryEvent
from domain.errors import DomainError
from domain.publication import DeliveryState
from settings import Settings
from store import migrate
from store.events.inbox import Inbox
from store.kernel.database import Database
from store.record import incidents
from store.recovery import locks
from store.recovery.generations import generation
from tests.store.world import NOON


@pytest.fixture
async def url(blank_url: str) -> str:
    """A ledger with one open incident, that nobody has open."""
    await migrate.upgrade_ledger(blank_url)
    await enter(blank_url, "before-the-copy")
    return blank_url


@pytest.fixture
async def engine(url: str, tmp_path: Path) -> AsyncIterator[Engine]:
    settings = Settings.model_validate({"database_url": url, "state_dir": tmp_path / "state"})
    async with Engine(settings) as engine:
        yield engine


async def enter(url: str, slug: str) -> None:
    database = Database.open(url)
    await incidents.register(database, slug, "Site down", "outage", (), NOON)
    await database.close()


async def listed(url: str) -> list[str]:
    database = Database.open(url)
    found = await incidents.list_incidents(database)
    await database.close()
    return sorted(one.slug for one in found)


async def test_a_copy_that_was_put_back_has_what_was_there_and_is_another_generation(
    engine: Engine, url: str, tmp_path: Path
) -> None:
    database = Database.open(url)
    first = await generation(database)
    file = tmp_path / "copy"
    await backup(engine, file)
    await database.close()
    await enter(url, "after-the-copy")

    restored = await restore(engine, file, replace=True)

    assert await listed(url) == ["before-the-copy"]
    assert restored.locked == ("before-the-copy",)
    database = Database.open(url)
    lock = await locks.lock_of(database, "before-the-copy")
    assert await generation(database) != first
    await database.close()
    assert lock is not None
    assert lock.why.what == "The ledger was restored from a backup."


async def test_a_copy_is_for_this_user_alone_and_never_overwrites(
    engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    await backup(engine, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(DomainError, match="no backup is overwritten"):
        await backup(engine, file)


async def test_a_ledger_with_content_is_replaced_only_on_demand_and_is_kept(
    engine: Engine, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    await backup(engine, file)
    await enter(url, "after-the-copy")
    with pytest.raises(DomainError, match="has content"):
        await restore(engine, file)
    assert await listed(url) == ["after-the-copy", "before-the-copy"]
    restored = await restore(engine, file, replace=True)
    assert restored.aside
    if url.startswith("sqlite"):
        assert await listed(f"sqlite:///{restored.aside}") == ["after-the-copy", "before-the-copy"]


async def test_an_empty_ledger_is_filled_without_being_asked_twice(
    engine: Engine, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    await backup(engine, file)
    database = Database.open(url)
    async with database.write() as connection:
        await connection.exec_driver_sql("DELETE FROM incidents")
    await database.close()
    assert (await restore(engine, file)).locked == ("before-the-copy",)
    assert await listed(url) == ["before-the-copy"]


async def test_nothing_is_put_back_under_a_process_that_has_the_ledger_open(
    engine: Engine, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    await backup(engine, file)
    other = Database.open(url)
    await incidents.list_incidents(other)
    with pytest.raises(DomainError, match="is in use"):
        await restore(engine, file, replace=True)
    await other.close()
    await restore(engine, file, replace=True)


async def test_a_file_that_is_no_copy_changes_nothing(
    engine: Engine, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("milk, bread", encoding="utf-8")
    with pytest.raises(DomainError, match="is not a copy of a ledger"):
        await restore(engine, file, replace=True)
    with pytest.raises(DomainError, match="There is no file"):
        await restore(engine, tmp_path / "nowhere", replace=True)
    assert await listed(url) == ["before-the-copy"]


async def test_events_that_wait_beside_the_ledger_are_in_its_copy(
    engine: Engine, url: str, tmp_path: Path
) -> None:
    """They were answered: the provider does not deliver them again."""
    inbox = Inbox.of(url)
    if inbox is None:
        pytest.skip("events wait beside SQLite alone")
    event = DeliveryEvent("id", DeliveryState.DELIVERED, NOON, "aaaaaaaaaaaaaaaa.1.1", "x.1")
    await inbox.put("email", [event], NOON)
    file = tmp_path / "copy"
    await backup(engine, file)
    assert sorted(one.name for one in tmp_path.glob("copy*")) == ["copy"]
    [parcel] = await inbox.next(1)
    await inbox.remove([parcel])
    await inbox.close()

    await restore(engine, file, replace=True)

    inbox = Inbox.of(url)
    assert inbox is not None
    assert [one.events for one in await inbox.next(10)] == [[event]]
    await inbox.close()
