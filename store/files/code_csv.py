"""Reading a shop's codes from a CSV file with any separator and any usual encoding.

Rows that cannot be used go to a second file with line number and reason.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from domain.codes import bare
from domain.errors import DomainError
from store.files.csv_encoding import encoding_of, open_text

HEADERS = ("code", "codes", "voucher", "voucher_code", "coupon_code", "discount_code", "gift_card")
LONGEST = 64


class CodesInvalid(DomainError):
    """A file that cannot be read as a list of codes at all."""


class CodeReader:
    """An iterator of the usable codes of one file, in its order.

    The first row must be a header with a column named code. ``rejects`` is where unusable rows go,
    by default the file's name with ``.rejects.csv``; it is only made when there is one, for this
    user only, because it contains codes. ``accepted`` and ``rejected`` count so far.
    """

    def __init__(self, path: Path, rejects: Path | None = None) -> None:
        self.path = path
        self.rejects = rejects or path.with_name(path.name + ".rejects.csv")
        self.accepted = 0
        self.rejected = 0
        self._seen: set[int] = set()
        self._rejects_file: TextIO | None = None

    def __iter__(self) -> Iterator[str]:
        self.rejects.unlink(missing_ok=True)
        try:
            encoding = encoding_of(self.path)
            with open_text(self.path, encoding.name) as (text, _):
                yield from self._codes_of(text)
        except csv.Error as error:
            raise CodesInvalid(
                f"{self.path.name} cannot be read beyond row {self.accepted + self.rejected + 1}.",
                "Is a quote not closed there? Fix it and import the file again.",
            ) from error
        finally:
            if self._rejects_file is not None:
                self._rejects_file.close()
                self._rejects_file = None

    def _codes_of(self, text: TextIO) -> Iterator[str]:
        first = text.readline(65_536)
        text.seek(0)
        reader = csv.reader(text, delimiter=max(",;\t", key=first.count))
        header = [re.sub(r"[^a-z0-9]+", "_", one.strip().lower()) for one in next(reader, [])]
        name = next((one for one in HEADERS if one in header), None)
        if name is None:
            # The header is not quoted: it may be a code.
            raise CodesInvalid(
                f"{self.path.name} has no column of codes.",
                "Name one of its columns code, in the first row of the file.",
            )
        column = header.index(name)
        for row in reader:
            if not any(row):
                continue
            code = row[column].strip() if column < len(row) else ""
            why = self._fault(code)
            if why:
                self._reject(reader.line_num, why, code)
                continue
            self.accepted += 1
            yield code

    def _fault(self, code: str) -> str:
        spelling = bare(code)
        if not spelling:
            return "There is no code."
        if len(code) > LONGEST:
            return f"A code has at most {LONGEST} characters."
        # It goes into mails as it is, HTML among them.
        if not (code.isascii() and code.isprintable()) or set(code) & set("<>&\"'"):
            return "A code has only plain letters, digits and marks, none of <>&\"'."
        if hash(spelling) in self._seen:
            return "This code is in the file already."
        self._seen.add(hash(spelling))
        return ""

    def _reject(self, line: int, why: str, code: str) -> None:
        self.rejected += 1
        if self._rejects_file is None:
            self.rejects.touch(mode=0o600)
            self._rejects_file = self.rejects.open("w", encoding="utf-8", newline="")
            csv.writer(self._rejects_file).writerow(["line", "reason", "code"])
        csv.writer(self._rejects_file).writerow([line, why, code])
