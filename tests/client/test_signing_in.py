"""Links that sign in: for whoever opens them on the embedded stack, else for one person."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.engine import Engine
from client.errors import WrongInput
from client.signing_in import LinkSpent, console_of, make_link, people_of_link, session_of, sign_in
from client.stack.processes import identity
from client.stack.stack_file import Process, StackFile
from settings import Settings
from tests.fresh_ledger import empty_ledger

__all__ = ["empty_ledger"]

AT_HOME = "http://localhost:8092"


@pytest.fixture
async def engine(empty_ledger: Path, tmp_path: Path) -> AsyncIterator[Engine]:
    shutil.copy(empty_ledger, tmp_path / "frontfoot.db")
    async with Engine(Settings(state_dir=tmp_path, database_url="")) as engine:
        yield engine


def runs(state: Path, *, real: bool) -> None:
    """A stack runs there: this process."""
    StackFile(
        owner=Process(pid=os.getpid(), began=identity(os.getpid())),
        addresses={"console": AT_HOME},
        environment={},
        parts={},
        real=real,
    ).write(state)


async def test_a_link_for_one_person_signs_in_nobody_else(engine: Engine) -> None:
    path = await make_link(engine, "noor")
    token = path.rpartition("/")[2]
    assert [one.id for one in await people_of_link(engine, token)] == ["noor"]

    with pytest.raises(LinkSpent):
        await sign_in(engine, token, "maya")

    session = await session_of(engine, await sign_in(engine, token, "noor"))
    assert session is not None
    assert session.person.id == "noor"
    with pytest.raises(LinkSpent):
        await people_of_link(engine, token)


async def test_a_link_for_nobody_in_particular_offers_everybody(engine: Engine) -> None:
    token = (await make_link(engine)).rpartition("/")[2]
    assert {"maya", "noor"} <= {one.id for one in await people_of_link(engine, token)}


async def test_a_link_is_made_for_nobody_whom_the_people_do_not_have(engine: Engine) -> None:
    with pytest.raises(WrongInput, match="Nobody here goes by 'mallory'"):
        await make_link(engine, "mallory")


def test_with_live_accounts_a_link_names_its_person(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    runs(tmp_path, real=True)
    with pytest.raises(WrongInput, match="live accounts"):
        console_of(settings, None)
    assert console_of(settings, "noor") == AT_HOME


def test_on_the_embedded_stack_it_need_not(tmp_path: Path) -> None:
    runs(tmp_path, real=False)
    assert console_of(Settings(state_dir=tmp_path), None) == AT_HOME


def test_a_console_of_another_kind_is_named_by_its_setting(tmp_path: Path) -> None:
    elsewhere = Settings(state_dir=tmp_path, console_url="https://console.example.com")
    assert console_of(elsewhere, "noor") == "https://console.example.com"
    with pytest.raises(WrongInput, match="signs in one person"):
        console_of(elsewhere, None)


def test_where_there_is_no_console_nothing_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRONTFOOT_CONSOLE_URL", raising=False)
    with pytest.raises(WrongInput, match="no console to sign in to"):
        console_of(Settings(state_dir=tmp_path), "noor")
