"""The columns of a CSV file: their names, and which of them has what is looked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain, count
from typing import NamedTuple

from domain.errors import DomainError
from domain.pasted import without_marks, without_quotes

_SHOWN = 10
_LONGEST_SHOWN = 30


class CsvInvalid(DomainError):
    """A file that cannot be read as a list at all."""


class Wanted(NamedTuple):
    """The column that a list cannot do without, and how to know it.

    ``names`` say it, ``words`` say it among others, and ``fits`` tells whether a value can be one.
    ``by_value``: a column that fits will do, whatever its name is, and a header that fits is none.
    ``option`` is how a person names the column.
    """

    what: str
    named: str
    option: str
    names: frozenset[str]
    words: frozenset[str]
    fits: Callable[[str], bool]
    by_value: bool

    def is_named(self, cell: str) -> bool:
        """Whether a header cell says that this is the column."""
        name = plain_name(cell)
        return name in self.names or not self.words.isdisjoint(name.split("_"))


class Columns(NamedTuple):
    """The header of one file, as it is written there and in our spelling, and some of its rows."""

    file: str
    cells: Sequence[str]
    names: Sequence[str]
    sample: Sequence[Sequence[str]]

    @classmethod
    def of(cls, file: str, cells: Sequence[str], sample: Sequence[Sequence[str]]) -> Columns:
        """Those of a file with this header; a name that comes again gets a number."""
        if not any(without_marks(cell).strip() for cell in cells):
            raise CsvInvalid(f"{file} is empty.", "Export it again with a header row.")
        names: list[str] = []
        for at, cell in enumerate(cells, 1):
            plain = plain_name(cell) or f"column_{at}"
            spellings = chain([plain], (f"{plain}_{number}" for number in count(2)))
            names.append(next(one for one in spellings if one not in names))
        return cls(file, cells, names, sample)

    def names_with(self, at: int, name: str) -> list[str]:
        """Every name, with ``name`` for the column ``at`` and for no other."""
        numbered = [f"{one}_{n}" if one == name else one for n, one in enumerate(self.names, 1)]
        return [*numbered[:at], name, *numbered[at + 1 :]]

    @property
    def repeated(self) -> list[int]:
        """The columns whose name another one before them has."""
        plain = [plain_name(cell) for cell in self.cells]
        return [at for at, name in enumerate(plain) if name and name in plain[:at]]

    def find(self, wanted: Wanted, asked_for: str = "") -> int:
        """Where the wanted column is. ``CsvInvalid`` if there is none, or more than one."""
        if wanted.by_value and any(map(wanted.fits, self.cells)):
            raise CsvInvalid(
                f"{self.file} has no header: the first row contains an address.",
                f"Put a row with the names of the columns above it, such as {wanted.named}.",
            )
        if self._is_title(wanted):
            raise CsvInvalid(
                f"The first row of {self.file} is not a header: it has one column, and the rows "
                "below it have more.",
                "Delete what is above the row with the names of the columns.",
            )
        found = self._asked_for(wanted, asked_for) if asked_for else self._candidates(wanted)
        if not found:
            raise self._none(wanted)
        if len(found) > 1:
            raise self._several(wanted, found)
        return found[0]

    def _is_title(self, wanted: Wanted) -> bool:
        """Whether the first row is the title of an export, above its header."""
        if len(self.cells) > 1 or wanted.is_named(self.cells[0]):
            return False
        rows = [row[0] for row in self.sample if row]
        return 2 * sum(any(one in row for one in ",;\t|") for row in rows) > len(rows)

    def _candidates(self, wanted: Wanted) -> list[int]:
        every = range(len(self.cells))
        named = [at for at in every if plain_name(self.cells[at]) in wanted.names]
        fitting = [at for at in every if self._fits(at, wanted)]
        spoken = [at for at in every if wanted.is_named(self.cells[at])]
        holding = fitting if wanted.by_value else []
        if named:
            sure = [at for at in named if at in fitting]
            # Values that are something else altogether refute a name; a few that fit do not.
            doubtful = [at for at in named if not self._refuted(at, wanted)]
            return sure or (doubtful + holding if holding else named)
        return [at for at in spoken if at in holding] or holding or spoken

    def _asked_for(self, wanted: Wanted, asked_for: str) -> list[int]:
        every = range(len(self.cells))
        same = [at for at in every if self.cells[at].strip() == asked_for.strip()]
        alike = [at for at in every if plain_name(self.cells[at]) == plain_name(asked_for)]
        if same or alike:
            return same or alike
        if asked_for.strip().isdecimal() and 1 <= int(asked_for) <= len(self.cells):
            return [int(asked_for) - 1]
        raise CsvInvalid(
            f"{self.file} has no column {asked_for.strip()[:_LONGEST_SHOWN]!r}. "
            f"{self._found(wanted)}".strip(),
            f"Give the name of a column with {wanted.option}, or its number.",
        )

    def _fits(self, at: int, wanted: Wanted) -> bool:
        """Whether most values of a column can be what is wanted."""
        values = self._values(at)
        return bool(values) and 2 * sum(map(wanted.fits, values)) >= len(values)

    def _refuted(self, at: int, wanted: Wanted) -> bool:
        values = self._values(at)
        return bool(values) and not any(map(wanted.fits, values))

    def _values(self, at: int) -> list[str]:
        return [row[at] for row in self.sample if at < len(row) and row[at].strip()]

    def _several(self, wanted: Wanted, found: Sequence[int]) -> CsvInvalid:
        listed = " and ".join(f"{self.shown(at)} (column {at + 1})" for at in found)
        return CsvInvalid(
            f"{self.file} has {len(found)} columns that may hold the {wanted.what}: {listed}.",
            f"Say which one with {wanted.option}, by its name or its number.",
        )

    def _none(self, wanted: Wanted) -> CsvInvalid:
        return CsvInvalid(
            f"{self.file} has no column of {wanted.what}. {self._found(wanted)}".strip(),
            f"Name one of its columns {wanted.named}, in the first row of the file, or say which "
            f"one it is with {wanted.option}.",
        )

    def _found(self, wanted: Wanted) -> str:
        if not wanted.by_value:
            # Without a header, the first row is a value, which must not be shown.
            return ""
        return f"Columns found: {', '.join(map(self.shown, range(len(self.cells))[:_SHOWN]))}."

    def shown(self, at: int) -> str:
        """A column's name for a person, on one line."""
        return " ".join(self.cells[at].split())[:_LONGEST_SHOWN] or "(no name)"


def plain_name(cell: str) -> str:
    """A header cell as copy names the column: lower case, with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", without_quotes(without_marks(cell)).lower()).strip("_")
