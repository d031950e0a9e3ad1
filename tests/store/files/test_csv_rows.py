"""Damage in a CSV file costs the line that has it, and no other."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.files.csv_rows import LONGEST_LINE, MOST_LINES, CsvRow, CsvRows

_damaged = st.text('a@",\r ', max_size=12)
_GOOD = ("good1,Ann", 'good2,"Ann, Lee"', 'good3,"""Ann"""')
_good = st.sampled_from(_GOOD)


def rows_of(text: str) -> list[CsvRow]:
    """The rows below the header ``email,name``; an address begins with "good"."""
    raw = TextIOWrapper(BytesIO(f"email,name\n{text}".encode()), "utf-8", newline="\n")
    rows = CsvRows(raw, ",", lambda values: values[0].startswith("good"))
    assert rows.header() == ["email", "name"]
    return list(rows)


def good_lines(rows: list[CsvRow]) -> list[int]:
    return [
        row.line for row in rows if not row.fault and row.values[:1] and "good" in row.values[0]
    ]


@given(st.lists(_damaged | _good, max_size=30))
@example(['a,"', "good1,Ann", 'a"'])
@example(['"', 'good2,"Ann, Lee"', '"a,a'])
def test_a_line_that_is_a_row_is_one_whatever_is_around_it(lines: list[str]) -> None:
    rows = rows_of("".join(f"{line}\n" for line in lines))

    whole = [at for at, line in enumerate(lines, 2) if line in _GOOD]
    assert good_lines(rows) == whole


@given(st.lists(_damaged | _good, max_size=30))
def test_every_line_is_in_one_row(lines: list[str]) -> None:
    rows = rows_of("".join(f"{line}\n" for line in lines))

    covered = [line for row in rows for line in range(row.line, row.last + 1)]
    assert covered == list(range(2, len(lines) + 2))


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest() -> None:
    many = "".join(f"good{n},Ann\n" for n in range(20_000))

    rows = rows_of(f'bad,"Ann\n{many}')

    assert (rows[0].fault, rows[0].last) == ("A quote is opened and not closed.", 2)
    assert len(good_lines(rows)) == 20_000


def test_quotes_may_hold_lines_together_but_not_without_end() -> None:
    held = rows_of('good1,"' + "more\n" * (MOST_LINES - 1) + 'more"\n')
    torn = rows_of('good1,"' + "more\n" * MOST_LINES + 'more"\n')

    assert [(row.line, row.last, row.fault) for row in held] == [(2, MOST_LINES + 1, "")]
    assert torn[0].fault


@pytest.mark.parametrize("opening", ["", '"'])
def test_a_line_without_end_costs_only_itself(opening: str) -> None:
    rows = rows_of(f"good1,{opening}{'x' * (3 * LONGEST_LINE)}\ngood2,Ann\n")

    assert [(row.line, bool(row.fault)) for row in rows] == [(2, True), (3, False)]


def test_a_carriage_return_inside_a_line_costs_only_the_line() -> None:
    rows = rows_of("good1,A\rnn\r\ngood2,Ann\r\n")

    assert [(row.values, bool(row.fault)) for row in rows] == [
        (["good1", "A\rnn"], True),
        (["good2", "Ann"], False),
    ]
