"""How a CSV file is laid out, judged by its beginning: its separator, and where its rows begin."""

from __future__ import annotations

import csv
import re
from io import TextIOWrapper
from typing import NamedTuple

SEPARATORS = ",;\t|"
LOOKED_AT = 262_144
"""Letters at the beginning that are looked at."""

_ROWS = 200
_LONGEST_FIRST_LINE = 65_536
_DECLARED = re.compile(r"\ufeff?\"?sep=(\\t|.)[\"\s,;|]*", re.IGNORECASE)


class Layout(NamedTuple):
    """The separator, whether the first line only declares it, and some rows to judge columns by.

    ``sample`` is lines read one by one: of a row with line breaks it has pieces.
    """

    delimiter: str
    declared: bool
    sample: list[list[str]]


def layout_of(text: TextIOWrapper) -> Layout:
    """Look at the beginning of ``text`` and go back to it."""
    first = text.readline(_LONGEST_FIRST_LINE)
    text.seek(0)
    if first.endswith("\n"):
        # Then a carriage return in the middle of a line is damage, not the end of a line.
        text.reconfigure(newline="\n")
    start = text.read(LOOKED_AT)
    text.seek(0)
    ends = r"\r?\n" if first.endswith("\n") else r"\r\n?|\n"
    lines = re.split(ends, start)[: -1 if len(start) == LOOKED_AT else None]
    declared = _DECLARED.fullmatch(first)
    if declared is not None:
        # Excel's own way to name the separator.
        delimiter = "\t" if declared[1] == "\\t" else declared[1]
        return Layout(delimiter, True, _sample(lines[1:], delimiter))
    header = _first_row(lines)
    samples = {one: _sample(lines, one) for one in SEPARATORS}
    delimiter = max(SEPARATORS, key=lambda one: _likelihood(header, samples[one], one))
    return Layout(delimiter, False, samples[delimiter])


def _first_row(lines: list[str]) -> str:
    """The lines of the first row that is not blank, without what is inside its quotes."""
    begin = next((at for at, line in enumerate(lines) if line.strip(" \t,;|")), 0)
    row = ""
    for line in lines[begin:]:
        row += line + "\n"
        if row.count('"') % 2 == 0:
            break
    else:
        row = lines[begin] if lines else ""
    return re.sub(r'"[^"]*"', "", row)


def _sample(lines: list[str], delimiter: str) -> list[list[str]]:
    """Values of the first lines, each line by itself."""
    rows = (
        next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        for line in lines[:_ROWS]
        if len(line) < _LONGEST_FIRST_LINE and "\r" not in line
    )
    return [row for row in rows if any(row)]


def _likelihood(header: str, sample: list[list[str]], delimiter: str) -> tuple[bool, int, int]:
    """First whether it separates the header, then how many rows it cuts as it cuts the header."""
    width = header.count(delimiter) + 1
    return width > 1, sum(len(row) == width for row in sample[1:]), width
