"""A dirty list loses no good row, and every bad one is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import dirty_list


def test_a_dirty_list_loses_no_good_row_and_explains_every_bad_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended = dirty_list.main(["--rows", "20000", "--seed", "11"])

    said = capsys.readouterr().out
    assert (ended, "every row is where it belongs" in said) == (0, True), said


def test_every_kind_of_dirt_is_in_the_list(tmp_path: Path) -> None:
    _, kinds = dirty_list.write_list(tmp_path / "list.csv", 20_000, 11)

    assert set(kinds) == {*dirty_list.BAD, *dirty_list.GOOD, *dirty_list.NOTHING}
