"""Cells of the CSV files that we write, safe to open in a spreadsheet.

A spreadsheet takes a cell that begins with =, +, - or @ for a formula, and a formula can send what
is in the file elsewhere (OWASP, "CSV Injection"). An apostrophe before it makes it a text. It also
goes after a separator inside a cell, because a program that expects another separator than the
comma begins a new cell there. Our importer takes the apostrophes out of our own files again.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(
    # At the beginning of a cell, or of what may become one ...
    r"(?:^|(?<=[,;|\t\r\n]))"
    # ... with nothing before it that a program might leave out ...
    r"(?=[\s\"'`\uff02\uff07\u2018\u2019\u201c\u201d\u200b\ufeff]*"
    # ... what begins a formula, also in the wide forms of East Asian keyboards.
    r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])"
)


def guarded(cell: object) -> str:
    """A cell as it is written: with an apostrophe wherever a formula could begin."""
    return _FORMULA.sub("'", str(cell))


def unguarded(cell: str) -> str:
    """A cell that ``guarded`` has written, as it was before."""
    return _FORMULA_GUARDED.sub("", cell)


def is_safe(cell: str) -> bool:
    """Whether a cell needs no guard."""
    return _FORMULA.search(cell) is None


_FORMULA_GUARDED = re.compile(f"{_FORMULA.pattern}'")
