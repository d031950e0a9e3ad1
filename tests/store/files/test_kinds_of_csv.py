"""Files as spreadsheets, shops and mail programs write them, for every list that is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.files.audience_csv import read_rows
from store.files.code_csv import read_codes
from store.files.csv_columns import CsvInvalid
from store.files.csv_import import CsvImport

Read = Callable[[Path], CsvImport[Any]]
EVERY = pytest.mark.parametrize(
    ("read", "heading", "value"),
    [(read_rows, "email", "p{}@example.com"), (read_codes, "code", "AB-{}")],
    ids=["audience", "codes"],
)
ROWS = 5


def items(reader: CsvImport[Any]) -> list[str]:
    return [getattr(one, "address", one) for one in reader]


def read_text(folder: Path, read: Read, text: str | bytes) -> CsvImport[Any]:
    path = folder / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def plain(heading: str, value: str, separator: str = ",", end: str = "\n") -> str:
    rows = [f"{value.format(n)}{separator}No. {n}" for n in range(ROWS)]
    return end.join([f"{heading}{separator}note", *rows, ""])


def expected(value: str) -> list[str]:
    return [value.format(n) for n in range(ROWS)]


@EVERY
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp1252"],
)
def test_any_encoding_of_a_spreadsheet_is_read(
    tmp_path: Path, read: Read, heading: str, value: str, encoding: str
) -> None:
    text = plain(heading, value).replace("note", "noté")
    assert items(read_text(tmp_path, read, text.encode(encoding))) == expected(value)


@EVERY
@pytest.mark.parametrize("separator", list(",;\t|"))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("declared", [False, True], ids=["plain", "sep="])
def test_any_separator_and_end_of_line_is_read(
    tmp_path: Path, read: Read, heading: str, value: str, separator: str, end: str, declared: bool
) -> None:
    text = plain(heading, value, separator, end)
    if declared:
        text = f"sep={separator}{end}{text}"
    assert items(read_text(tmp_path, read, text)) == expected(value)


@EVERY
@pytest.mark.parametrize(
    "damaged",
    ['{0},"open\n', '"{0},x\n', '{0},"a" b\n', '{0},"a"b"c\n'],
    ids=["opened in the note", "opened before", "text after a quote", "three quotes"],
)
@pytest.mark.parametrize("at", range(ROWS))
def test_one_stray_quote_costs_its_own_row_at_most(
    tmp_path: Path, read: Read, heading: str, value: str, damaged: str, at: int
) -> None:
    lines = plain(heading, value).splitlines(keepends=True)
    lines[at + 1] = damaged.format(value.format(at))
    reader = read_text(tmp_path, read, "".join(lines))

    found = items(reader)

    assert [one for one in expected(value) if one not in found] in ([], [value.format(at)])
    assert len(found) + reader.rejects.count == ROWS
    assert [one.line for one in reader.rejects.first] in ([], [at + 2])


@EVERY
@pytest.mark.parametrize("tail", ["", ",", ",,", ",x", ",x,", ",x, "])
def test_empty_cells_may_be_missing_or_too_many(
    tmp_path: Path, read: Read, heading: str, value: str, tail: str
) -> None:
    text = f"{heading},note\n" + "".join(f"{one}{tail}\n" for one in expected(value))
    assert items(read_text(tmp_path, read, text)) == expected(value)


@EVERY
def test_a_surplus_value_is_a_reject_with_its_line(
    tmp_path: Path, read: Read, heading: str, value: str
) -> None:
    reader = read_text(tmp_path, read, plain(heading, value) + f"{value.format(9)},x,y\n")
    assert items(reader) == expected(value)
    assert [(one.line, one.reason) for one in reader.rejects.first] == [
        (7, "It has 3 columns, and the header has 2.")
    ]


def test_the_title_of_an_export_is_not_taken_for_its_header(tmp_path: Path) -> None:
    text = "Customers of 2026\n\nname,email\nAnn,a@example.com\nBob,b@example.com\n"
    with pytest.raises(CsvInvalid, match="is not a header"):
        items(read_text(tmp_path, read_rows, text))


@pytest.mark.parametrize(
    "mark", "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2066\u2069\u2060\ufeff\u00ad\u180e"
)
@pytest.mark.parametrize(
    "place", ["{0}ann@example.com", "ann@example.com{0}", "ann{0}@example.com"]
)
def test_what_cannot_be_seen_is_taken_off_or_named(tmp_path: Path, mark: str, place: str) -> None:
    reader = read_text(tmp_path, read_rows, f"email\n{place.format(mark)}\n")
    found = items(reader)
    if found:
        assert found == ["ann@example.com"]
        assert "invisible marks" in reader.notices[0]
    else:
        assert f"U+{ord(mark):04X}" in reader.rejects.first[0].reason
