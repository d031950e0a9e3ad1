"""Reading a list from a CSV file with any usual separator and encoding: what all lists share.

Rows that cannot be used go to a second file with line number and reason, in the same format, so
that a person can fix them in that file and import it. What a row has to be is said by the kind of
list: an audience, or codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Generic, Protocol, Self, TypeVar

from domain.pasted import without_marks
from domain.plural import plural
from store.files.csv_columns import Columns, CsvInvalid, plain_name
from store.files.csv_encoding import CP1252, Encoding, encoding_of, open_text
from store.files.csv_layout import layout_of
from store.files.csv_rows import CsvRow, CsvRows
from store.files.foreign_files import LOOKED_AT, Foreign, foreign_bytes, foreign_text
from store.files.rejects import ADDED, Rejects
from store.files.spreadsheet import unguarded

Item = TypeVar("Item")
Made = TypeVar("Made", covariant=True)

MOST_REMEMBERED = 5_000_000
"""Values remembered to find repeats inside a file (about 65 bytes each)."""

_BREAK = re.compile(r"\s*[\r\n]+\s*")
_REPORT_EVERY = 5_000
# What old systems put after the last line.
_ENDS_OF_FILES = dict.fromkeys((0x00, 0x1A))


class Unusable(Exception):
    """A row that cannot be used; its words say why, and repeat nothing of it."""


class Kind(Protocol[Made]):
    """What a list of one kind needs of a CSV file, and what it makes of a row."""

    one: str
    """What a row stands for: address, code."""

    def begin(self, columns: Columns) -> list[str]:
        """Find the columns it needs, and return what they are called in the file of rejects."""

    def alone(self, values: list[str]) -> bool:
        """Whether values are so clearly a row that they cannot be a part of another."""

    def read(self, values: list[str]) -> tuple[str, Made]:
        """A row as it is compared and as it is imported. ``Unusable`` says why not."""

    def notices(self) -> list[str]:
        """What a person should know of the rows that were read."""


class CsvImport(Generic[Item]):
    """An iterator of the usable rows of one file; a context manager, or closed at its end.

    ``rejects`` is where unusable rows go, by default the file's name with ``.rejects.csv``; it is
    only made when there is one. ``progress`` is called with bytes read and bytes in all.
    Afterwards, ``accepted``, ``rejects`` and ``notices`` say what came of it; ``doubled`` of the
    rejected rows only repeat one before. A value with line breaks in it is kept on one line.
    """

    def __init__(
        self,
        path: Path,
        kind: Kind[Item],
        rejects: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.path = path
        self.rejects = Rejects(rejects or path.with_name(path.name + ".rejects.csv"))
        self.accepted = 0
        self.doubled = 0
        self.notices: list[str] = []
        self._kind = kind
        self._progress = progress
        self._seen: set[int] = set()
        self._width = 0
        self._rows = self._read()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        return next(self._rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close both files."""
        self._rows.close()

    def _read(self) -> Generator[Item, None, None]:
        encoding = self._encoding()
        self._refuse_itself()
        self.notices.extend(_of_encoding(self.path.name, encoding))
        try:
            with open_text(self.path, encoding.name) as (text, raw):
                yield from self._rows_of(text, raw)
        finally:
            self.rejects.close()
        self.notices.extend(self._kind.notices())

    def _encoding(self) -> Encoding:
        try:
            with self.path.open("rb") as file:
                self._refuse(foreign_bytes(file.read(LOOKED_AT)))
            return encoding_of(self.path)
        except OSError as error:
            raise CsvInvalid(
                f"{self.path.name} cannot be read: {error.strerror}.", "Check the path."
            ) from error

    def _refuse(self, foreign: Foreign | None) -> None:
        if foreign is not None:
            raise CsvInvalid(f"{self.path.name} is {foreign.what}, not CSV.", foreign.next_step)

    def _refuse_itself(self) -> None:
        try:
            same = self.rejects.path.samefile(self.path)
        except OSError:
            return
        if same:
            raise CsvInvalid(
                f"{self.path.name} is both the list and the file for rows that cannot be used.",
                "Name another file with --rejects.",
            )

    def _rows_of(self, text: TextIOWrapper, raw: BinaryIO) -> Generator[Item, None, None]:
        self._refuse(foreign_text(text.read(LOOKED_AT)))
        text.seek(0)
        layout = layout_of(text)
        rows = CsvRows(text, layout.delimiter, self._kind.alone)
        if layout.declared:
            rows.skip()
        cells = rows.header()
        if cells is None:
            raise CsvInvalid(
                f"The first row of {self.path.name} opens a quote and does not close it.",
                "Close it, or export the list again.",
            )
        self._width = len(cells)
        self.rejects.begin(self._kind.begin(Columns.of(self.path.name, cells, layout.sample[1:])))
        header = [plain_name(cell) for cell in cells]
        ours = tuple(header[: len(ADDED)]) == ADDED
        total = self.path.stat().st_size
        for count, row in enumerate(rows, 1):
            if count % _REPORT_EVERY == 0 and self._progress is not None:
                self._progress(min(raw.tell(), total), total)
            if ours:
                row = row._replace(values=[unguarded(value) for value in row.values])
            try:
                item = self._item(row)
            except Unusable as error:
                self._reject(row, str(error), header)
                continue
            if item is not None:
                self.accepted += 1
                yield item
        if self._progress is not None:
            self._progress(total, total)

    def _item(self, row: CsvRow) -> Item | None:
        """What a row stands for; None if it is blank."""
        line, last, values, fault = row
        if fault:
            raise Unusable(fault)
        if line != last:
            values = [_BREAK.sub(" ", value) for value in values]
        if len(values) != self._width:
            values = self._filled(values)
        try:
            key, item = self._kind.read(values)
        except Unusable:
            if not without_marks("".join(values)).translate(_ENDS_OF_FILES).strip():
                return None
            raise
        mark = hash(key)
        if mark in self._seen:
            self.doubled += 1
            raise Unusable(f"This {self._kind.one} is in the file already.")
        if len(self._seen) < MOST_REMEMBERED:
            self._remember(mark)
        return item

    def _filled(self, values: list[str]) -> list[str]:
        """The values of a row that leaves out empty cells at its end, or has too many of them."""
        if any(map(str.strip, values[self._width :])):
            columns = plural(len(values), "column")
            raise Unusable(f"It has {columns}, and the header has {self._width}.")
        return [*values, *[""] * (self._width - len(values))][: self._width]

    def _remember(self, mark: int) -> None:
        self._seen.add(mark)
        if len(self._seen) == MOST_REMEMBERED:
            self.notices.append(
                f"Beyond {MOST_REMEMBERED:,} rows, repeats are not listed among the rejects; the "
                "import still leaves them out."
            )

    def _reject(self, row: CsvRow, why: str, header: list[str]) -> None:
        if [plain_name(value) for value in row.values] == header:
            why = "This is the header again."
        lines = f"(lines {row.line} to {row.last})" if row.line != row.last else ""
        values = [_BREAK.sub(" ", value) for value in row.values]
        self.rejects.add(row.line, why, values, lines)


def _of_encoding(name: str, encoding: Encoding) -> list[str]:
    if encoding.name == CP1252:
        return [
            f"{name} is not UTF-8 and was read as Windows-1252: check a few names with accents."
        ]
    if encoding.broken:
        return [
            f"{name} is UTF-8 with {plural(encoding.broken, 'byte')} that cannot be read: a "
            "value that has one is left out, and an address or code that has one is rejected."
        ]
    return []
