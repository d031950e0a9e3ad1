"""The rows of a CSV file whose lines may be damaged: damage costs only the line that has it.

In the ``csv`` module an unclosed quote swallows every line up to the next quote. Here a line is a
row; several lines are one row only if quotes join them and none of them is a row by itself.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper
from typing import NamedTuple

LONGEST_LINE = 1 << 20
"""Letters of a line that are kept in memory, and the most that the csv module takes as a value."""

# Its own limit is an eighth of that; it has one for the whole process.
csv.field_size_limit(LONGEST_LINE)

MOST_LINES = 100
"""Lines that one row may have, with line breaks inside quotes."""

_NOT_CLOSED = "A quote is opened and not closed."
_STRAY = "There is a quote in the middle of a quoted value."
_MANY_LINES = "A value has a line break in it: is a quote not closed?"
_CUT = f"The line is longer than {LONGEST_LINE:,} letters."
_TORN = "It has control characters in the middle."
_OPEN = "unexpected end of data"
"""What the csv module says of a line at whose end a quote is open."""


class CsvRow(NamedTuple):
    """One row: the lines it took (both included), its values, and why it cannot be read if so."""

    line: int
    last: int
    values: list[str]
    fault: str = ""


class CsvRows:
    """An iterator of the rows of ``text``, in one pass; ``header`` must be read before.

    ``alone`` says whether values are meant as a row of this file: a line that is one was not meant
    to be inside the quotes of a line before it. White space beside separators is no part of a
    value, so that a quote may follow it.
    """

    def __init__(
        self, text: TextIOWrapper, delimiter: str, alone: Callable[[list[str]], bool]
    ) -> None:
        self._lines = _Lines(text)
        self._delimiter = delimiter
        self._alone = alone
        self._width = 0
        self._padding = re.compile(rf'"[ \t]+(?={re.escape(delimiter)}|\r?\n?\Z)')

    def skip(self) -> None:
        """Pass over a line that belongs to no row."""
        self._lines.take()

    def header(self) -> list[str] | None:
        """The first row that is not blank, empty if there is none; None if its quotes are wrong."""
        while True:
            lines = [self._lines.take()]
            while (row := self._parse(lines)) is None:
                line = self._lines.take()
                if not line or len(lines) == MOST_LINES:
                    return None
                lines.append(line)
            if not lines[0] or "".join(row).strip():
                self._width = len(row)
                return row

    def __iter__(self) -> Iterator[CsvRow]:
        lines = self._lines
        reader = _reader(lines, self._delimiter)
        while True:
            lines.begin()
            fault = ""
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                values, fault = [], str(error)
            if lines.cut:
                yield CsvRow(lines.number, lines.number, [], _CUT)
            elif fault:
                yield self._damaged(fault)
            else:
                yield CsvRow(lines.number, lines.number, values)

    def _damaged(self, fault: str) -> CsvRow:
        """The row of a line that is not as the csv module wants it."""
        lines, number = self._lines, self._lines.number
        values = self._parse([lines.line])
        if values is not None:
            return CsvRow(number, number, values)
        if "\r" in lines.line.rstrip("\r\n") and _OPEN not in fault:
            return CsvRow(number, number, self._split(), _TORN)
        if _OPEN in fault or self._is_open(lines.line):
            return self._joined()
        return CsvRow(number, number, self._split(), _STRAY)

    def _joined(self) -> CsvRow:
        """The row that begins with a line at whose end a quote is open."""
        lines, first = self._lines, self._lines.number
        alone = CsvRow(first, first, self._split(), _NOT_CLOSED)
        together, whole = [lines.line], None
        while whole is None:
            line = lines.ahead(len(together))
            if (
                not line
                or len(together) == MOST_LINES
                or sum(map(len, together)) + len(line) > LONGEST_LINE
                or self._is_row(line)
            ):
                return alone
            together.append(line)
            whole = self._parse(together) if '"' in line else None
        if self._has_more(whole):
            return alone
        for _ in together[1:]:
            lines.take()
        return CsvRow(first, lines.number, whole, self._doubt(together[1:]))

    def _doubt(self, inside: list[str]) -> str:
        """Why several lines may be several rows: one of them begins as a row does."""
        begun = (self._parse([line]) for line in inside)
        return _MANY_LINES if any(one and self._alone(one) for one in begun) else ""

    def _is_row(self, line: str) -> bool:
        values = self._parse([line])
        return (
            values is not None
            and len(values) >= self._width
            and not self._has_more(values)
            and self._alone(values)
        )

    def _has_more(self, values: list[str]) -> bool:
        return any(values[self._width :])

    def _parse(self, lines: list[str]) -> list[str] | None:
        """The values of one row on these lines, if there is a way to read it as a whole."""
        for text, escape in ((lines, None), (self._unpadded(lines), None), (lines, "\\")):
            try:
                rows = list(_reader(text, self._delimiter, escape))
            except csv.Error:
                continue
            if len(rows) < 2:
                return rows[0] if rows else []
        return None

    def _is_open(self, line: str) -> bool:
        try:
            next(_reader(self._unpadded([line]), self._delimiter), None)
        except csv.Error as error:
            return _OPEN in str(error)
        return False

    def _unpadded(self, lines: list[str]) -> list[str]:
        return [self._padding.sub('"', line) for line in lines]

    def _split(self) -> list[str]:
        """The values of a damaged line, as near as can be."""
        line = self._lines.line.rstrip("\r\n")
        if "\r" in line:
            return line.split(self._delimiter)
        return next(csv.reader([line], delimiter=self._delimiter), [])


def _reader(lines: Iterable[str], delimiter: str, escape: str | None = None) -> Iterator[list[str]]:
    return csv.reader(
        lines, delimiter=delimiter, escapechar=escape, strict=True, skipinitialspace=True
    )


class _Lines:
    """The lines of a text, one for each ``begin``: the csv module gets no second one for a row."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._ahead: deque[tuple[str, bool]] = deque()
        self.line = ""
        self.number = 0
        self.cut = False
        self._given = False

    def begin(self) -> None:
        """Let the next line be asked for."""
        self._given = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._given:
            raise StopIteration
        self._given = True
        if not self.take():
            raise StopIteration
        return self.line

    def take(self) -> str:
        """The next line with its end; empty at the end of the text."""
        self.line, self.cut = self._ahead.popleft() if self._ahead else self._read()
        self.number += 1
        return self.line

    def ahead(self, distance: int) -> str:
        """The line that comes ``distance`` lines after this one, without taking it."""
        while len(self._ahead) < distance:
            self._ahead.append(self._read())
        return self._ahead[distance - 1][0]

    def _read(self) -> tuple[str, bool]:
        line = self._text.readline(LONGEST_LINE)
        if len(line) < LONGEST_LINE or line.endswith(("\n", "\r")):
            return line, False
        rest = line
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(LONGEST_LINE)
        return line, True
