"""The rows of a CSV file whose lines may be damaged: damage costs only the line that has it.

In the ``csv`` module an unclosed quote swallows every line up to the next quote. Here a line is a
row; several lines are one row only if quotes join them and none of them is a row by itself.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import NamedTuple

LONGEST_LINE = 131_072
"""Letters of a line that are kept in memory, and the most that the csv module takes as a value."""

MOST_LINES = 100
"""Lines that one row may have, with line breaks inside quotes."""

_NOT_CLOSED = "A quote is opened and not closed."
_MANY_LINES = "A value has a line break in it: is a quote not closed?"
_CUT = f"The line is longer than {LONGEST_LINE:,} letters."
_TORN = "It has control characters in the middle."


class CsvRow(NamedTuple):
    """One row: the lines it took (both included), its values, and why it cannot be read if so."""

    line: int
    last: int
    values: list[str]
    fault: str = ""


class CsvRows:
    """An iterator of the rows of ``text``, in one pass; ``header`` must be read before.

    ``alone`` says whether values are a usable row of this file: a line that is one was not meant
    to be inside the quotes of a line before it.
    """

    def __init__(
        self, text: TextIOWrapper, delimiter: str, alone: Callable[[list[str]], bool]
    ) -> None:
        self._lines = _Lines(text)
        self._delimiter = delimiter
        self._alone = alone
        self._width = 0

    def skip(self) -> None:
        """Pass over a line that belongs to no row."""
        self._lines.take()

    def header(self) -> list[str] | None:
        """The first row, empty if there is none; None if a quote in it is not closed."""
        lines = [self._lines.take()]
        while sum(line.count('"') for line in lines) % 2:
            line = self._lines.take()
            if not line or len(lines) == MOST_LINES:
                return None
            lines.append(line)
        row = next(csv.reader(lines, delimiter=self._delimiter), [])
        self._width = len(row)
        return row

    def __iter__(self) -> Iterator[CsvRow]:
        lines = self._lines
        reader = csv.reader(lines, delimiter=self._delimiter)
        while True:
            lines.begin()
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error:
                # A carriage return inside the line.
                values = lines.line.rstrip("\r\n").split(self._delimiter)
                yield CsvRow(lines.number, lines.number, values, _TORN)
                continue
            if lines.cut:
                yield CsvRow(lines.number, lines.number, [], _CUT)
            elif lines.wanted_more:
                yield self._opened(values)
            else:
                yield CsvRow(lines.number, lines.number, values)

    def _opened(self, values: list[str]) -> CsvRow:
        """The row of a line at whose end a quote is open."""
        lines, first = self._lines, self._lines.number
        alone = CsvRow(first, first, [one.rstrip("\r\n") for one in values], _NOT_CLOSED)
        together = [lines.line]
        while not self._closed(together):
            line = lines.ahead(len(together))
            if (
                not line
                or len(together) == MOST_LINES
                or sum(map(len, together)) + len(line) > LONGEST_LINE
                or self._is_row(line)
            ):
                return alone
            together.append(line)
        whole = self._strictly(together)
        if whole is None or len(whole) != self._width:
            return alone
        for _ in together[1:]:
            lines.take()
        return CsvRow(first, lines.number, whole, self._doubt(together[1:]))

    def _doubt(self, inside: list[str]) -> str:
        """Why several lines may be several rows: one of them has all its columns."""
        widths = (len(self._strictly([line]) or []) for line in inside)
        return _MANY_LINES if self._width in widths else ""

    def _closed(self, together: list[str]) -> bool:
        # A quote inside quotes is written twice, so an even number closes them all.
        return sum(line.count('"') for line in together) % 2 == 0

    def _is_row(self, line: str) -> bool:
        values = self._strictly([line])
        return values is not None and len(values) == self._width and self._alone(values)

    def _strictly(self, lines: list[str]) -> list[str] | None:
        try:
            rows = list(csv.reader(lines, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None


class _Lines:
    """The lines of a text, one for each ``begin``: the csv module gets no second one for a row."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._ahead: deque[tuple[str, bool]] = deque()
        self.line = ""
        self.number = 0
        self.cut = False
        self.wanted_more = False
        self._given = False

    def begin(self) -> None:
        """Let the next line be asked for."""
        self._given = self.wanted_more = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._given:
            self.wanted_more = True
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
