"""`check` is red where other users could read what is kept, and says what to type."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from client.checks.private import check_private
from settings import Settings
from store.kernel.private_files import make_file, make_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / ".frontfoot")
    make_file(tmp_path / ".frontfoot" / "frontfoot.db")
    return tmp_path


def own(**more: str) -> Settings:
    return Settings(_env_file=None, **more)  # type: ignore[arg-type]  # texts, as in `.env`


def test_what_only_this_user_can_use_is_fine(here: Path) -> None:
    assert [one.ok for one in check_private(own())] == [True]


@pytest.mark.parametrize(
    "exposed",
    [".frontfoot", ".frontfoot/frontfoot.db", ".env", "my ledger.db", "my ledger.db-wal"],
)
def test_what_others_can_use_is_told_with_the_command_that_closes_it(
    here: Path, exposed: str
) -> None:
    place = here / exposed
    if not place.exists():
        place.touch()
    place.chmod(0o755 if place.is_dir() else 0o644)
    settings = own(database_url=f"sqlite:///{here / 'my ledger.db'}")

    [found] = check_private(settings)
    assert not found.ok
    command = found.explanation.next_step.advice.removeprefix("Type: ")
    subprocess.run(shlex.split(command), check=True)
    assert [one.ok for one in check_private(settings)] == [True]


def test_a_ledger_on_a_server_is_no_file(here: Path) -> None:
    settings = own(database_url="postgresql://somebody:secret@localhost/ledger")
    assert [one.ok for one in check_private(settings)] == [True]
