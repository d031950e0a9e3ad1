"""Reading a shop's codes from a CSV file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from domain.codes import bare
from domain.pasted import without_marks, without_quotes
from domain.plural import plural
from store.files.csv_columns import Columns, Wanted
from store.files.csv_import import CsvImport, Unusable
from store.files.spreadsheet import is_safe

LONGEST = 64


def _fault(code: str) -> str:
    """Why a code cannot be used; empty if it can."""
    if not bare(code):
        return "There is no code."
    if len(code) > LONGEST:
        return f"A code has at most {LONGEST} characters."
    # It goes into mails as it is, HTML among them.
    if not (code.isascii() and code.isprintable()) or set(code) & set("<>&\"'"):
        return "A code has only plain letters, digits and marks, none of <>&\"'."
    if not is_safe(code):
        # The exported list must have the code itself, for the shop to read.
        return "A spreadsheet would take it for a formula: a code does not begin with =, +, - or @."
    return ""


_CODES = Wanted(
    what="codes",
    named="code",
    option="--code-column",
    names=frozenset(
        ("code", "codes", "voucher", "vouchers", "voucher_code", "voucher_codes", "coupon",
         "coupons", "coupon_code", "coupon_codes", "discount_code", "discount_codes", "promo_code",
         "promo_codes", "promotion_code", "promotion_codes", "gift_card", "gift_cards",
         "gift_card_code", "gift_code", "gutschein", "gutscheincode", "rabattcode")
    ),
    # Other names with the word code in them are those of countries and postal districts.
    words=frozenset(),
    fits=lambda value: not _fault(_pasted(value)),
    by_value=False,
)  # fmt: skip


class Codes:
    """Each row is one code; its other columns are left alone."""

    one = "code"

    def __init__(self, code_column: str = "") -> None:
        self._code_column = code_column
        self._code = 0
        self._cleaned = 0

    def begin(self, columns: Columns) -> list[str]:
        """Find the codes."""
        self._code = columns.find(_CODES, self._code_column)
        return columns.names_with(self._code, "code")

    def alone(self, values: list[str]) -> bool:
        """Whether there is what looks like a code and not like a word of a sentence."""
        code = _pasted(values[self._code]) if len(values) > self._code else ""
        made_up = any(map(str.isdigit, code)) or code.isupper()
        return made_up and " " not in code and not _fault(code)

    def read(self, values: list[str]) -> tuple[str, str]:
        """A code, compared without dashes, spaces and case."""
        typed = values[self._code].strip()
        code = _pasted(typed)
        why = _fault(code)
        if why:
            raise Unusable(why)
        self._cleaned += code != typed
        return bare(code), code

    def notices(self) -> list[str]:
        """How many codes were not written as they are."""
        if not self._cleaned:
            return []
        codes = plural(self._cleaned, "code")
        return [f"{codes} had quotes or invisible marks around them, which were taken off."]


CodeReader = CsvImport[str]


def read_codes(
    path: Path,
    rejects: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    code_column: str = "",
) -> CodeReader:
    """Read the usable codes of the CSV file at ``path``, in its order; the first row is a header.

    The codes are in a column named so, or in ``code_column`` (a name or a number). ``CsvInvalid``,
    at the first row, if the file cannot be used.
    """
    return CsvImport(path, Codes(code_column), rejects, progress)


def _pasted(text: str) -> str:
    return without_quotes(without_marks(text))
