"""Importing an audience, for whichever surface asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.audiences import import_audience, list_audiences
from client.engine import Engine
from client.errors import WrongInput


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text("email\na@example.org\nnobody\nA@example.org\n", encoding="utf-8")
    return path


async def test_an_import_says_what_came_of_each_row(away: Engine, file: Path) -> None:
    found = await import_audience(away, file, " customers ")
    report = found.report
    assert (found.audience, found.added, report.rejected, report.doubled) == ("customers", 1, 2, 1)
    assert report.rejects is not None
    assert report.rejects.exists()
    assert [(one.name, one.recipients) for one in await list_audiences(away)] == [("customers", 1)]


async def test_whoever_waits_is_told_how_far_it_has_come(away: Engine, file: Path) -> None:
    read: list[tuple[int, int]] = []
    stored: list[int] = []
    await import_audience(
        away,
        file,
        "customers",
        read=lambda done, total: read.append((done, total)),
        stored=stored.append,
    )
    size = file.stat().st_size
    assert (read[-1], stored) == ((size, size), [1])


@pytest.mark.parametrize(("name", "says"), [("  ", "no name"), ("customers", "is not a file")])
async def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    away: Engine, tmp_path: Path, name: str, says: str
) -> None:
    with pytest.raises(WrongInput, match=says):
        await import_audience(away, tmp_path / "gone.csv", name)
