"""Reading an audience from a CSV file with any separator and any usual encoding.

Rows that cannot be used go to a second file with line number and reason, in the same format, so
that a person can fix them in that file and import it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Generator, Iterator
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TextIO

from domain.errors import DomainError
from domain.plural import plural
from store.files.csv_encoding import CP1252, Encoding, encoding_of, open_text
from store.files.csv_rows import CsvRows
from store.people.addresses import AROUND, InvalidAddress, mailbox_of, read_address, unwrapped
from store.people.audiences import AudienceRow

ADDRESS_HEADERS = ("email", "e_mail", "mail", "address", "email_address", "e_mail_address")
MOST_COLUMNS = 50
LONGEST_VALUE = 1_000
MOST_REMEMBERED = 5_000_000
"""Addresses remembered to find repeats inside a file (about 65 bytes each)."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]")
_BREAK = re.compile(r"\s*[\r\n]+\s*")
_DOUBLE = "This address is in the file already."
_REPORT_EVERY = 5_000


class AudienceInvalid(DomainError):
    """A file that cannot be read as an audience at all."""


class AudienceReader:
    """An iterator of the usable rows of one file; a context manager, or closed at its end.

    ``rejects`` is where unusable rows go, by default the file's name with ``.rejects.csv``; it is
    only made when there is one. ``progress`` is called with bytes read and bytes in all.
    Afterwards, ``accepted``, ``rejected`` and ``notices`` say what came of it; ``doubled`` of the
    rejected rows only repeat an address. A value with line breaks in it is kept on one line.
    """

    def __init__(
        self,
        path: Path,
        rejects: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.path = path
        self.rejects = rejects or path.with_name(path.name + ".rejects.csv")
        self.accepted = 0
        self.rejected = 0
        self.doubled = 0
        self.notices: list[str] = []
        self._progress = progress
        self._seen: set[int] = set()
        self._rejects_file: TextIO | None = None
        self._rows = self._read()

    def __iter__(self) -> Iterator[AudienceRow]:
        return self

    def __next__(self) -> AudienceRow:
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

    def _read(self) -> Generator[AudienceRow, None, None]:
        try:
            encoding = encoding_of(self.path)
        except OSError as error:
            raise AudienceInvalid(
                f"{self.path.name} cannot be read: {error.strerror}.", "Check the path."
            ) from error
        if self.rejects.exists() and self.rejects.samefile(self.path):
            raise AudienceInvalid(
                f"{self.path.name} is both the list and the file for rows that cannot be used.",
                "Name another file with --rejects.",
            )
        self.notices.extend(_notice(self.path, encoding))
        self.rejects.unlink(missing_ok=True)
        try:
            with open_text(self.path, encoding.name) as (text, raw):
                yield from self._rows_of(text, raw)
        finally:
            if self._rejects_file is not None:
                self._rejects_file.close()
                self._rejects_file = None

    def _rows_of(self, text: TextIOWrapper, raw: BinaryIO) -> Generator[AudienceRow, None, None]:
        total = self.path.stat().st_size
        delimiter, declared = _delimiter(text)
        rows = CsvRows(text, delimiter, lambda values: not _why_not(values, width, at_address)[1])
        if declared:
            rows.skip()
        cells = rows.header()
        header = _header(self.path, cells)
        at_address, at_segment = header.index("email"), _place(header, "segment")
        others = _others(header)
        width = len(header)
        for count, (line, last, values, fault) in enumerate(rows, 1):
            if count % _REPORT_EVERY == 0 and self._progress is not None:
                self._progress(min(raw.tell(), total), total)
            row = values if line == last else [_BREAK.sub(" ", value) for value in values]
            if not fault and not "".join(row).strip():
                continue
            address, why = ("", fault) if fault else _why_not(row, width, at_address)
            if why and [cell.strip(AROUND) for cell in row] == cells:
                why = "This is the header again."
            if not why and self._is_double(address):
                self.doubled += 1
                why = _DOUBLE
            if why:
                where = why if last == line else f"{why} (lines {line} to {last})"
                self._reject(header, row, line, where)
                continue
            self.accepted += 1
            columns = {name: row[at].strip() for at, name in others if row[at]}
            segment = row[at_segment].strip() if at_segment is not None else ""
            yield AudienceRow(address, columns, segment or None)
        if self._progress is not None:
            self._progress(total, total)

    def _is_double(self, address: str) -> bool:
        mark = hash(mailbox_of(address))
        if mark in self._seen:
            return True
        if len(self._seen) < MOST_REMEMBERED:
            self._seen.add(mark)
            if len(self._seen) == MOST_REMEMBERED:
                self.notices.append(
                    f"Beyond {MOST_REMEMBERED:,} rows, doubled addresses are not listed among the "
                    "rejects; the import still leaves them out."
                )
        return False

    def _reject(self, header: list[str], row: list[str], line: int, why: str) -> None:
        self.rejected += 1
        if self._rejects_file is None:
            # For this user only: it contains addresses.
            self.rejects.touch(mode=0o600)
            self._rejects_file = self.rejects.open("w", encoding="utf-8", newline="")
            csv.writer(self._rejects_file).writerow(["line", "reason", *header])
        csv.writer(self._rejects_file).writerow([line, why, *row])


def read_rows(
    path: Path,
    rejects: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AudienceReader:
    """Read the usable rows of the CSV file at ``path``; the first row must be a header.

    The header needs a column of addresses (email, e-mail, mail or address). ``segment`` is the
    recipient's segment; every other column is kept under its name in lower case with underscores,
    and fills ``[[name]]`` in the copy; ``line`` and ``reason`` of a rejects file are left out.
    ``AudienceInvalid``, at the first row, if the file cannot be used.
    """
    return AudienceReader(path, rejects, progress)


def _notice(path: Path, encoding: Encoding) -> list[str]:
    if encoding.name == CP1252:
        return [
            f"{path.name} is not UTF-8 and was read as Windows-1252: check a few names with "
            "accents."
        ]
    if encoding.broken:
        return [
            f"{path.name} is UTF-8 with {encoding.broken:,} bytes that cannot be read: the rows "
            "that have them are among the rejects."
        ]
    return []


def _delimiter(text: TextIOWrapper) -> tuple[str, bool]:
    """The separator of the file, and whether its first line does nothing but declare it."""
    first = text.readline(65_536)
    text.seek(0)
    if first.endswith("\n"):
        # Then a carriage return in the middle of a line is damage, not the end of a line.
        text.reconfigure(newline="\n")
    declared = re.fullmatch(r'"?sep=(.)"?\r?\n?', first, re.IGNORECASE)
    if declared is not None:
        # Excel's own way to name the separator.
        return declared[1], True
    outside = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=outside.count), False


def _header(path: Path, cells: list[str] | None) -> list[str]:
    if cells is None:
        raise AudienceInvalid(
            f"The first row of {path.name} opens a quote and does not close it.",
            "Close it, or export the list again.",
        )
    names = [re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_") for cell in cells]
    if not any(names):
        raise AudienceInvalid(
            f"{path.name} is empty.", "Export it again with a header row and a column named email."
        )
    if len(names) > MOST_COLUMNS:
        raise AudienceInvalid(
            f"{path.name} has {len(names)} columns, and {MOST_COLUMNS} is the most.",
            "Export only the columns that the copy uses.",
        )
    address = next((name for name in ADDRESS_HEADERS if name in names), None)
    if address is None:
        found = ", ".join(cell.strip()[:30] for cell in cells[:10])
        if "@" in found:
            found = "none: the first row contains an address"
        raise AudienceInvalid(
            f"{path.name} has no column of addresses. Columns found: {found}.",
            "Name one of them email, in the first row of the file.",
        )
    names = [
        "email" if name == address else name or f"column_{n}" for n, name in enumerate(names, 1)
    ]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise AudienceInvalid(
            f"{path.name} has two columns named {' and '.join(doubled)}.", "Rename one of them."
        )
    return names


def _others(header: list[str]) -> list[tuple[int, str]]:
    own = {"email", "segment"}
    if header[:2] == ["line", "reason"]:
        # A rejects file that somebody has fixed.
        own |= {"line", "reason"}
    return [(at, name) for at, name in enumerate(header) if name not in own]


def _place(header: list[str], name: str) -> int | None:
    return header.index(name) if name in header else None


def _why_not(row: list[str], width: int, at_address: int) -> tuple[str, str]:
    """The address of a row, and why the row cannot be used; one of the two is empty."""
    why = _fault(row, width)
    if why:
        return "", why
    typed = row[at_address].strip()
    try:
        return read_address(typed), ""
    except InvalidAddress as error:
        why = error.what
    bare = unwrapped(typed)
    if not bare:
        return "", "There is no address."
    try:
        return read_address(bare), ""
    except InvalidAddress:
        return "", why


def _fault(row: list[str], width: int) -> str:
    """Why a row cannot be used, whatever its address; empty if it can."""
    if len(row) != width:
        columns = plural(len(row), "column")
        return f"It has {columns}, and the header has {width}."
    joined = "".join(row)
    if not (joined.isascii() and joined.isprintable()) and any(
        # A tab before or after a value came with it when it was copied.
        _CONTROL.search(value.strip())
        for value in row
    ):
        return "It has control characters or letters that cannot be read."
    if len(joined) > LONGEST_VALUE and max(map(len, row)) > LONGEST_VALUE:
        return f"A value is longer than {LONGEST_VALUE} letters."
    return ""
