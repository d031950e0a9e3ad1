"""The two ways of an engine, and that each is there without the other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from client.engine import Engine
from client.errors import NoLedger
from client.incidents import list_incidents
from settings import Settings
from store.kernel.database import Database
from store.record import incidents
from wiring import TemporalUnreachable

NOW = datetime(2026, 10, 26, 13, 5, tzinfo=UTC)


def own(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "state", database_url="", _env_file=None)


async def test_the_ledger_answers_while_temporal_is_away(away: Engine, ledger: Database) -> None:
    await incidents.register(ledger, "site-down", "Down", "plan", (), NOW)
    listed = await list_incidents(away)
    assert [(one.slug, one.stage, one.open) for one in listed] == [("site-down", None, True)]


async def test_temporal_is_tried_again_at_the_next_question(away: Engine) -> None:
    for _ in range(2):
        with pytest.raises(TemporalUnreachable):
            await away.temporal()


async def test_a_ledger_that_is_not_there_is_named_and_not_made_by_a_question(
    tmp_path: Path,
) -> None:
    """In another folder, an empty ledger was made in silence and answered for the real one."""
    file = tmp_path / "state" / "frontfoot.db"
    async with Engine(own(tmp_path)) as engine:
        with pytest.raises(NoLedger, match=str(file)):
            await list_incidents(engine)
    assert not file.parent.exists()


async def test_whoever_brings_something_in_gets_a_ledger_and_is_told_that_it_is_new(
    tmp_path: Path,
) -> None:
    made = []
    for _ in range(2):
        async with Engine(own(tmp_path), upgrade=True) as engine:
            assert await list_incidents(engine) == []
            made.append(engine.made_ledger)
    assert made == [True, False]


async def test_a_relative_path_is_shown_as_the_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(database_url="sqlite:///a/b.db", _env_file=None)
    assert Engine(settings).where() == str(tmp_path / "a" / "b.db")


def test_a_password_is_not_shown_with_the_ledger() -> None:
    settings = Settings(database_url="postgresql://me:secret@db/frontfoot", _env_file=None)
    assert "secret" not in Engine(settings).where()


async def test_what_does_not_need_the_ledger_does_not_make_one(
    tmp_path: Path, away: Engine
) -> None:
    async with Engine(own(tmp_path)) as engine:
        with pytest.raises(TemporalUnreachable):
            await engine.temporal()
    assert not (tmp_path / "state").exists()


async def test_questions_at_once_share_one_ledger(tmp_path: Path) -> None:
    async with Engine(own(tmp_path), upgrade=True) as engine:
        assert await engine.ledger() is await engine.ledger()


async def test_a_ledger_that_somebody_else_opened_stays_open(ledger: Database) -> None:
    async with Engine(ledger=ledger):
        pass
    assert await incidents.list_incidents(ledger) == []
