"""CSV as people have it."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest

from store.files.audience_csv import AudienceReader, read_rows
from store.files.csv_columns import CsvInvalid
from store.people.audiences import AudienceRow


def write(tmp_path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = tmp_path / "customers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def rejects_of(reader: AudienceReader) -> list[list[str]]:
    with reader.rejects.path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_usual_separator_is_read(tmp_path: Path, separator: str) -> None:
    path = write(tmp_path, f"name{separator}email\nAnn{separator}ann@example.com\n")

    assert list(read_rows(path)) == [AudienceRow("ann@example.com", {"name": "Ann"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_any_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "email,name\njose@example.com,José Müller\n", encoding)

    assert list(read_rows(path)) == [AudienceRow("jose@example.com", {"name": "José Müller"})]


def test_a_guessed_encoding_is_said_so(tmp_path: Path) -> None:
    path = write(tmp_path, "email,name\njose@example.com,José\n", "cp1252")
    reader = read_rows(path)
    list(reader)

    assert "Windows-1252" in reader.notices[0]


def test_one_accent_at_the_end_of_a_long_file_decides_its_encoding(tmp_path: Path) -> None:
    lines = "".join(f"person{n}@example.com,Plain\n" for n in range(100_000))
    path = write(tmp_path, f"email,name\n{lines}last@example.com,José\n", "cp1252")

    assert list(read_rows(path))[-1].columns == {"name": "José"}


@pytest.mark.parametrize("name", ["email", "E-Mail", "MAIL", "address", "Email Address"])
def test_the_column_of_addresses_may_have_any_usual_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, f"{name}\nann@example.com\n")

    assert [row.address for row in read_rows(path)] == ["ann@example.com"]


def test_the_separator_that_a_spreadsheet_declares_is_used(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=;\nemail;name\nann@example.com;Ann, the first\n")

    assert list(read_rows(path)) == [AudienceRow("ann@example.com", {"name": "Ann, the first"})]


def test_columns_are_named_as_copy_names_them(tmp_path: Path) -> None:
    path = write(tmp_path, "Email,First Name,Segment\nann@example.com,Ann,pro\n")

    assert list(read_rows(path)) == [AudienceRow("ann@example.com", {"first_name": "Ann"}, "pro")]


def test_a_file_without_addresses_names_the_columns_that_it_has(tmp_path: Path) -> None:
    path = write(tmp_path, "name,telephone\nAnn,123\n")

    with pytest.raises(CsvInvalid, match="Columns found: name, telephone"):
        list(read_rows(path))


def test_a_file_without_a_header_is_told_apart_and_no_address_is_repeated(tmp_path: Path) -> None:
    path = write(tmp_path, "ann@example.com,Ann\n")

    with pytest.raises(CsvInvalid, match="the first row contains an address") as refusal:
        list(read_rows(path))

    assert "ann@" not in str(refusal.value)


@pytest.mark.parametrize("content", ["", "\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused_in_words(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(CsvInvalid, match="empty"):
        list(read_rows(write(tmp_path, content)))


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CsvInvalid, match=r"cannot be read"):
        list(read_rows(tmp_path / "nothing.csv"))


def test_a_second_column_of_the_same_name_gets_a_number_and_a_notice(tmp_path: Path) -> None:
    reader = read_rows(write(tmp_path, "email,First Name,first-name\na@example.com,A,B\n"))

    assert list(reader) == [AudienceRow("a@example.com", {"first_name": "A", "first_name_2": "B"})]
    assert "kept as first_name_2" in reader.notices[0]


def test_bad_rows_are_listed_with_line_and_reason_and_good_ones_kept(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "email,name\n"
        "ann@example.com,Ann\n"
        ",Nobody\n"
        "not-an-address,Bob\n"
        "eve@example.com\n"
        "eve@example.com,Eve,extra\n"
        "ANN@example.com,Ann again\n"
        "bell@example.com,Bell\a\n"
        "\n"
        "zoe@example.com,Zoe\n",
    )
    reader = read_rows(path)
    good = [row.address for row in reader]

    # A missing cell is an empty one; a value that no mail can show is left out.
    assert good == ["ann@example.com", "eve@example.com", "bell@example.com", "zoe@example.com"]
    assert [(row[0], row[1]) for row in rejects_of(reader)[1:]] == [
        ("3", "There is no address."),
        ("4", "It needs an @."),
        ("6", "It has 3 columns, and the header has 2."),
        ("7", "This address is in the file already."),
    ]
    assert (reader.accepted, reader.rejects.count) == (4, 4)


def test_a_quote_that_is_not_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'email,name\nann@example.com,"Ann\nbob@example.com,Bob\neve@example.com,"Eve"\n'
        "zoe@example.com,Zoe\n",
    )
    reader = read_rows(path)
    good = [row.address for row in reader]

    assert good == ["bob@example.com", "eve@example.com", "zoe@example.com"]
    [_, reject] = rejects_of(reader)
    assert reject == ["2", "A quote is opened and not closed.", "ann@example.com", "Ann"]


def test_a_line_break_inside_quotes_is_kept_as_a_space(tmp_path: Path) -> None:
    path = write(tmp_path, 'email,street,city\nann@example.com,"Mill Lane 1\r\nMill",Lee\n')

    assert list(read_rows(path)) == [
        AudienceRow("ann@example.com", {"street": "Mill Lane 1 Mill", "city": "Lee"})
    ]


def test_what_may_be_a_row_inside_quotes_is_told_with_the_lines_that_it_is_on(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, 'email,name\nnobody,"Ann\nLee"\nz@example.com,Z\n')
    reader = read_rows(path)

    assert [row.address for row in reader] == ["z@example.com"]
    [_, reject] = rejects_of(reader)
    assert (reject[0], "(lines 2 to 3)" in reject[1]) == ("2", True)


@pytest.mark.parametrize(
    "typed",
    ["mailto:ann@example.com", "Ann Lee <ann@example.com>", "<ann@example.com>",
     "\ufeffann@example.com", "\u200b ann@example.com\t"],
)  # fmt: skip
def test_what_is_around_an_address_is_taken_off(tmp_path: Path, typed: str) -> None:
    path = write(tmp_path, f"email,name\n{typed},Ann\n")

    assert list(read_rows(path)) == [AudienceRow("ann@example.com", {"name": "Ann"})]


def test_a_header_in_the_middle_is_told_as_one(tmp_path: Path) -> None:
    reader = read_rows(write(tmp_path, "Email,Name\na@example.com,A\n\ufeffEmail,Name\n"))

    assert [row.address for row in reader] == ["a@example.com"]
    assert rejects_of(reader)[1][:2] == ["3", "This is the header again."]


def test_a_byte_that_cannot_be_read_costs_its_row_and_garbles_no_other(tmp_path: Path) -> None:
    good = "email,name\njose@example.com,José Müller\n".encode()
    reader = read_rows(write(tmp_path, good + b"eve@example.com,\xc9ve\n\xc9ve@example.com,Eve\n"))

    assert list(reader) == [
        AudienceRow("jose@example.com", {"name": "José Müller"}),
        AudienceRow("eve@example.com", {}),
    ]
    assert rejects_of(reader)[1][0] == "4"
    assert "2 bytes that cannot be read" in reader.notices[0]


def test_doubles_are_counted_beside_the_other_rejects(tmp_path: Path) -> None:
    reader = read_rows(write(tmp_path, "email\na@example.com\nA@Example.com\nnobody\n"))
    list(reader)

    assert (reader.rejects.count, reader.doubled) == (2, 1)


def test_a_header_whose_quote_is_not_closed_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CsvInvalid, match="opens a quote and does not close it"):
        list(read_rows(write(tmp_path, 'email,"name\na@example.com,A\n')))


def test_the_list_itself_cannot_be_the_file_of_rejects(tmp_path: Path) -> None:
    path = write(tmp_path, "email\na@example.com\n")

    with pytest.raises(CsvInvalid, match="both the list and the file"):
        list(read_rows(path, rejects=path))

    assert path.exists()


def test_mended_rejects_can_be_imported_as_they_are(tmp_path: Path) -> None:
    reader = read_rows(write(tmp_path, "email,name\nann at example.com,Ann\n"))
    list(reader)
    fixed = tmp_path / "fixed.csv"
    fixed.write_text(reader.rejects.path.read_text().replace("ann at ", "ann@"))

    assert list(read_rows(fixed)) == [AudienceRow("ann@example.com", {"name": "Ann"})]


def test_rejects_are_for_this_user_only(tmp_path: Path) -> None:
    reader = read_rows(write(tmp_path, "email\nnot-an-address\n"))
    list(reader)

    assert stat.S_IMODE(reader.rejects.path.stat().st_mode) == 0o600


def test_a_clean_file_leaves_no_rejects_not_even_old_ones(tmp_path: Path) -> None:
    list(read_rows(write(tmp_path, "email\nnot-an-address\n")))
    reader = read_rows(write(tmp_path, "email\nann@example.com\n"))
    list(reader)

    assert not reader.rejects.path.exists()


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "email\n" + "".join(f"p{n}@example.com\n" for n in range(12_000)))
    told: list[tuple[int, int]] = []
    list(read_rows(path, progress=lambda done, total: told.append((done, total))))

    size = path.stat().st_size
    assert told[-1] == (size, size)
    assert len(told) > 1


def test_a_value_of_a_page_is_left_out_and_its_recipient_is_in(tmp_path: Path) -> None:
    reader = read_rows(write(tmp_path, f"email,name\nann@example.com,{'x' * 1001}\n"))

    assert list(reader) == [AudienceRow("ann@example.com", {})]
    assert "1 value was left out (name: 1)" in reader.notices[0]


def test_a_value_of_any_length_costs_nobody_else(tmp_path: Path) -> None:
    reader = read_rows(
        write(tmp_path, f"email,name\nann@example.com,{'x' * 200_000}\nzoe@example.com,Zoe\n")
    )

    assert [row.address for row in reader] == ["ann@example.com", "zoe@example.com"]
