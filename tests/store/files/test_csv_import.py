"""All lists are read by one reader: what is true of an audience is true of codes."""

from __future__ import annotations

import csv
import gzip
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from store.files.audience_csv import read_rows
from store.files.code_csv import read_codes
from store.files.csv_columns import CsvInvalid
from store.files.csv_import import CsvImport

Read = Callable[..., CsvImport[Any]]


@pytest.fixture(params=["audience", "codes"])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


class Lists:
    """Writes a list of one kind, in which ``{0}``, ``{1}`` … are its values, and reads it."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.audience = kind == "audience"
        self.path = folder / "list.csv"

    def value(self, number: int) -> str:
        return f"p{number}@example.com" if self.audience else f"AB-100{number}"

    def read(self, text: str | bytes, encoding: str = "utf-8") -> CsvImport[Any]:
        if isinstance(text, str):
            column = "email" if self.audience else "code"
            values = {f"v{number}": self.value(number) for number in range(9)}
            text = text.format(column, **values).encode(encoding)
        self.path.write_bytes(text)
        return read_rows(self.path) if self.audience else read_codes(self.path)

    def numbers(self, reader: CsvImport[Any]) -> list[int]:
        """Which values are in."""
        found = [row.address if self.audience else row for row in reader]
        known = {self.value(number): number for number in range(9)}
        return [known[value] for value in found]


@pytest.fixture
def lists(kind: str, tmp_path: Path) -> Lists:
    return Lists(kind, tmp_path)


def reasons(reader: CsvImport[Any]) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in reader.rejects.first]


def test_names_in_another_script_do_not_hide_an_encoding_without_a_mark(lists: Lists) -> None:
    reader = lists.read("{0},name\n" + "{v1},Александра Иванова\n", "utf-16-le")

    assert lists.numbers(reader) == [1]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("declared", ["", "sep={}\r\n", '"sep={}"\r\n', "\ufeffSEP={}\n"])
def test_any_separator_is_read_and_may_be_declared(
    lists: Lists, separator: str, declared: str
) -> None:
    text = declared.format(separator) + separator.join(["{0}", "value"]) + "\n"
    reader = lists.read(text + separator.join(["{v1}", "10"]) + "\n")

    assert lists.numbers(reader) == [1]


def test_separators_in_a_header_are_judged_by_the_rows_below_it(lists: Lists) -> None:
    reader = lists.read("{0};Name, first\n{v1};Ann\n{v2};Bob\n")

    assert lists.numbers(reader) == [1, 2]


@pytest.mark.parametrize(
    "damaged", ['{v2},"10', '"{v2},10', '{v2},10,"', '{v2},"1"0"', '{v2},"a" b "c"']
)
@pytest.mark.parametrize("end", ["", '{v5},"10"\n', '{v5},10"\n'])
def test_a_stray_quote_costs_the_line_that_has_it(lists: Lists, damaged: str, end: str) -> None:
    reader = lists.read("{0},value\n{v1},10\n" + damaged + "\n{v3},10\n{v4},10\n" + end)

    assert lists.numbers(reader) == [1, 3, 4, *([5] if end else [])]
    assert [line for line, _ in reasons(reader)] == [3]


def test_line_breaks_inside_quotes_are_no_rows(lists: Lists) -> None:
    reader = lists.read(
        '{0},street,country\n{v1},"1 Main St\nSpringfield, IL",US\n'
        '{v2},"a\r\n\r\nb",US\n{v3},c,US\n'
    )

    assert (lists.numbers(reader), reasons(reader)) == ([1, 2, 3], [])


def test_line_breaks_in_the_header_are_no_rows(lists: Lists) -> None:
    reader = lists.read('"{0}";"First name\n(optional)";City\r\n{v1};Ann;Bonn\r\n')

    assert lists.numbers(reader) == [1]


def test_padded_cells_and_quotes_after_a_space_are_read(lists: Lists) -> None:
    reader = lists.read(
        '{0}   , name  , more\n{v1}  , Ann , "{{""plan"": ""pro, x""}}"\n "{v2}" ,"Bob" , "x" \n'
    )

    assert lists.numbers(reader) == [1, 2]


def test_quotes_with_a_backslash_before_them_are_read(lists: Lists) -> None:
    reader = lists.read('{0},more\n{v1},"{{\\"plan\\": \\"pro\\", \\"n\\": 1}}"\n{v2},x\n')

    assert lists.numbers(reader) == [1, 2]


def test_blank_lines_are_nothing(lists: Lists) -> None:
    reader = lists.read("\n  \n{0},name\n\n,\n{v1},Ann\n \t \n\u200b,\n{v2},Bob\n\x1a")

    assert (lists.numbers(reader), reasons(reader)) == ([1, 2], [])


@pytest.mark.parametrize("typed", ["'{v1}", "'{v1}'", '"=""{v1}"""', "“{v1}”", "\u200e{v1}\u200b"])
def test_marks_and_quotes_round_a_value_are_taken_off_and_counted(lists: Lists, typed: str) -> None:
    reader = lists.read("{0},name\n" + typed + ",Ann\n")

    assert lists.numbers(reader) == [1]
    assert reader.notices[0].startswith("1 ")
    assert "taken off" in reader.notices[0]


def test_a_mended_file_of_rejects_is_a_list(lists: Lists) -> None:
    reader = lists.read("{0},name\n,Ann\n")
    assert (lists.numbers(reader), reader.rejects.written) == ([], True)

    text = reader.rejects.path.read_text(encoding="utf-8").replace(",,", ",{v1},")

    assert lists.numbers(lists.read(text)) == [1]


# --- files that are no CSV ----------------------------------------------------------------------


def zipped(*names: str, text: str = "") -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (
            zipped("[Content_Types].xml", "xl/workbook.xml").replace(
                b"opendocument", b"xxxxxxxxxxxx"
            ),
            "an Excel workbook, not CSV",
        ),
        (b"PK\x03\x04\x14\x00broken", "an Excel workbook or another ZIP archive"),
        (
            zipped("mimetype", text="vnd.oasis.opendocument.spreadsheet"),
            "an OpenDocument spreadsheet",
        ),
        (zipped("Index/Document.iwa"), "a Numbers"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an Excel workbook"),
        (b"%PDF-1.7\n", "a PDF document"),
        (gzip.compress(b"email\n", mtime=0), "a gzip archive"),
        (b"\xef\xbb\xbf <!DOCTYPE html><table>", "a web page"),
        ("<html><table><tr><td>email".encode("utf-16"), "a web page"),
        (b'<?xml version="1.0"?><Workbook xmlns="x">', "an Excel workbook"),
        (b'[{"email": "a@example.com"}]', "a JSON file"),
        (bytes(range(256)) * 4, "not text"),
    ],
)
def test_a_file_of_another_kind_is_called_what_it_is(
    lists: Lists, content: bytes, what: str
) -> None:
    with pytest.raises(CsvInvalid) as refusal:
        list(lists.read(content))

    assert f"list.csv is {what}" in refusal.value.what
    assert refusal.value.next_step


# --- which column it is -------------------------------------------------------------------------


def addresses(path: Path, text: str, **options: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    return [row.address for row in read_rows(path, **options)]


@pytest.mark.parametrize(
    "text",
    [
        "Customer Email,Address,City\na@example.com,1 Main St,Bonn\n",
        "Email,E-mail Address\nyes,a@example.com\n",
        "Name,Contact\nAnn,a@example.com\n",
        "E-Mail,Manager Email\na@example.com,boss@example.com\n",
        "Address,Name\na@example.com,Ann\n",
        "\ufeff  E-MAIL \u200b,email\na@example.com,no\n",
    ],
)
def test_the_column_whose_values_are_addresses_is_the_one(tmp_path: Path, text: str) -> None:
    # Twice, because the fourth has two columns of them, and one that is named so.
    assert addresses(tmp_path / "list.csv", text) == ["a@example.com"]


@pytest.mark.parametrize(
    "header", ["Work Email,Home Email", "Email,E-mail", "Email,Email", "Address,Customer Email"]
)
def test_when_two_columns_would_do_a_person_is_asked(tmp_path: Path, header: str) -> None:
    text = f"{header}\na@example.com,b@example.com\n"
    with pytest.raises(CsvInvalid) as refusal:
        addresses(tmp_path / "list.csv", text)

    assert all(name in refusal.value.what for name in header.split(","))
    assert "--address-column" in refusal.value.next_step
    chosen = addresses(tmp_path / "list.csv", text, address_column="2")
    assert chosen == ["b@example.com"]


def test_an_empty_column_of_the_right_name_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    with pytest.raises(CsvInvalid, match=r"email .* and referrer"):
        addresses(tmp_path / "list.csv", "email,referrer\n,a@example.com\n,b@example.com\n")


def test_a_column_is_named_by_its_header_however_it_is_spelt(tmp_path: Path) -> None:
    text = "Work Email,Home Email\na@example.com,b@example.com\n"

    assert addresses(tmp_path / "list.csv", text, address_column="home email") == ["b@example.com"]
    with pytest.raises(CsvInvalid, match="no column 'fax'"):
        addresses(tmp_path / "list.csv", text, address_column="fax")


def test_two_columns_of_codes_are_a_question_too(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("Code,Voucher Code,Country Code\nA1,B1,DE\n", encoding="utf-8")

    with pytest.raises(CsvInvalid, match=r"Code .* and Voucher Code"):
        list(read_codes(path))
    assert list(read_codes(path, code_column="voucher code")) == ["B1"]


# --- the file of rejects ------------------------------------------------------------------------


def test_a_full_disk_under_the_rejects_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("email\na@example.com\n" + "nobody\n" * 50_000, encoding="utf-8")
    (tmp_path / "full").symlink_to("/dev/full")
    reader = read_rows(path, rejects=tmp_path / "full")

    assert [row.address for row in reader] == ["a@example.com"]
    assert (reader.rejects.count, reader.rejects.lost) == (50_000, "no space left on device")
    assert Path("/dev/full").is_char_device()


def test_a_rejected_row_is_kept_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("code,value\n<b>,10\n", encoding="utf-8")
    reader = read_codes(path)
    list(reader)

    with reader.rejects.path.open(encoding="utf-8", newline="") as file:
        header, row = csv.reader(file)
    assert (header, row[0], row[2:]) == (["line", "reason", "code", "value"], "2", ["<b>", "10"])
