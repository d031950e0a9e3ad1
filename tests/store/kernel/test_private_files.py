"""What is kept is kept for this user alone, whatever the umask is and whoever makes it first."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files.rejects import Rejects
from store.kernel import private_files
from store.kernel.database import Database
from store.migrate import upgrade_ledger

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")


@pytest.fixture(
    params=[0o000, 0o022, 0o077], ids=["umask 000", "umask 022", "umask 077"], autouse=True
)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
    }


async def test_a_ledger_and_the_files_beside_it_are_private(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state' / 'here' / 'ledger.db'}"
    await upgrade_ledger(url)
    database = Database.open(url)
    async with database.write():
        found = modes(tmp_path)
    await database.close()

    assert found == {
        "state": 0o700,
        "state/here": 0o700,
        "state/here/ledger.db": 0o600,
        "state/here/ledger.db-shm": 0o600,
        "state/here/ledger.db-turn": 0o600,
        "state/here/ledger.db-urgent": 0o600,
        "state/here/ledger.db-wal": 0o600,
    }


async def test_a_ledger_that_is_only_written_by_a_thread_is_private(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    await database.write_with(lambda connection: connection.exec_driver_sql("CREATE TABLE a (b)"))
    await database.close()

    assert modes(tmp_path)["ledger.db"] == 0o600


def test_rejected_rows_are_private_also_where_a_file_was_before(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    rejects = Rejects(path)
    rejects.begin(["email"])
    path.write_text("old")
    path.chmod(0o644)
    rejects.add(2, "No address.", ["a"])
    rejects.close()

    assert (modes(tmp_path), path.read_text().startswith("line,")) == ({"rejects.csv": 0o600}, True)


def test_a_device_is_left_as_it_is() -> None:
    before = os.stat(os.devnull).st_mode
    os.close(private_files.open_private(Path(os.devnull)))

    assert os.stat(os.devnull).st_mode == before


def test_what_was_open_to_others_is_closed_and_told(tmp_path: Path) -> None:
    state = tmp_path / "state"
    private_files.make_folder(state / "bin")
    program, elsewhere = state / "bin" / "temporal", tmp_path / "elsewhere"
    for path in (program, elsewhere):
        path.touch()
    program.chmod(0o755)
    elsewhere.chmod(0o644)
    (state / "link").symlink_to(elsewhere)
    state.chmod(0o755)

    assert sorted(private_files.close_to_others(state)) == [state, program]
    assert (stat.S_IMODE(program.stat().st_mode), private_files.exposed_below(state)) == (0o700, [])
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644


def test_a_file_in_the_place_of_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(NotADirectoryError):
        private_files.make_folder(tmp_path / "state")


async def test_a_ledger_that_is_there_keeps_the_mode_it_has(tmp_path: Path) -> None:
    """Changing what a person set is for `up` in its own folder, and for the person."""
    path = tmp_path / "ledger.db"
    sqlite3.connect(path).close()
    path.touch()
    path.chmod(0o640)
    await upgrade_ledger(f"sqlite:///{path}")

    assert modes(tmp_path)["ledger.db"] == 0o640
