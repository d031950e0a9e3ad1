"""Reading recipients from a CSV file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from domain.plural import plural
from store.files.csv_columns import Columns, Wanted
from store.files.csv_import import CsvImport, Unusable
from store.people.addresses import InvalidAddress, looks_like_address, mailbox_of, read_pasted
from store.people.audiences import AudienceRow

MOST_COLUMNS = 50
LONGEST_VALUE = 1_000

_ADDRESSES = Wanted(
    what="addresses",
    named="email",
    option="--address-column",
    names=frozenset(
        ("email", "e_mail", "mail", "emails", "email_address", "e_mail_address", "mail_address",
         "emailaddress", "email_adresse", "e_mail_adresse", "mailadresse", "courriel",
         "adresse_e_mail", "adresse_email", "adresse_mail", "correo", "correo_electronico")
    ),
    words=frozenset(
        ("mail", "email", "emailaddress", "address", "addresses", "adresse", "courriel", "correo")
    ),
    fits=looks_like_address,
    by_value=True,
)  # fmt: skip
_OWN = re.compile(r"(line|reason)(_\d+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]")


class Recipients:
    """Each row is a recipient: an address, a segment, and values that copy may use.

    A value that no mail could show is left out, and the recipient is in without it.
    """

    one = "address"

    def __init__(self, address_column: str = "") -> None:
        self._address_column = address_column
        self._columns: Columns | None = None
        self._address = 0
        self._segment: int | None = None
        self._kept: list[tuple[int, str]] = []
        self._too_many = 0
        self._cleaned = 0
        self._left_out: Counter[int] = Counter()

    def begin(self, columns: Columns) -> list[str]:
        """Find the addresses; every other column is kept under its name."""
        self._columns = columns
        self._address = columns.find(_ADDRESSES, self._address_column)
        names = columns.names_with(self._address, "email")
        self._segment = names.index("segment") if "segment" in names else None
        # A rejects file that somebody has fixed, perhaps for the second time.
        fixed = names[:2] == ["line", "reason"]
        others = [
            (at, name)
            for at, name in enumerate(names)
            if at not in (self._address, self._segment) and not (fixed and _OWN.fullmatch(name))
        ]
        self._kept = others[:MOST_COLUMNS]
        self._too_many = len(others) - len(self._kept)
        return names

    def alone(self, values: list[str]) -> bool:
        """Whether there is an address where one belongs, be it right or wrong."""
        return len(values) > self._address and looks_like_address(values[self._address])

    def read(self, values: list[str]) -> tuple[str, AudienceRow]:
        """A recipient, compared by mailbox."""
        try:
            address, cleaned = read_pasted(values[self._address])
        except InvalidAddress as error:
            raise Unusable(error.what) from None
        joined = "".join(values)
        if not (len(joined) <= LONGEST_VALUE and joined.isascii() and joined.isprintable()):
            values = self._without_odd(values)
        self._cleaned += cleaned
        columns = {name: values[at].strip() for at, name in self._kept if values[at]}
        segment = values[self._segment].strip() if self._segment is not None else ""
        return mailbox_of(address), AudienceRow(address, columns, segment or None)

    def notices(self) -> list[str]:
        """Where the addresses are, and what was left out."""
        return [*self._of_columns(), *self._of_values()]

    def _of_columns(self) -> list[str]:
        if self._columns is None:
            return []
        found = []
        if not _ADDRESSES.is_named(self._columns.cells[self._address]):
            found.append(
                f"The addresses are those of the column {self._columns.shown(self._address)}; "
                f"{_ADDRESSES.option} names another."
            )
        for at in self._columns.repeated:
            found.append(
                f"Two columns are named {self._columns.shown(at)}; the second is kept as "
                f"{self._columns.names[at]}."
            )
        if self._too_many:
            found.append(
                f"{plural(self._too_many, 'column')} beyond the first {MOST_COLUMNS} "
                f"{'is' if self._too_many == 1 else 'are'} left out."
            )
        return found

    def _of_values(self) -> list[str]:
        found = []
        if self._cleaned:
            found.append(
                f"{plural(self._cleaned, 'address', 'addresses')} had quotes, invisible marks or "
                "other text around them, which was taken off."
            )
        if self._left_out and self._columns is not None:
            shown = [f"{self._columns.shown(at)}: {n:,}" for at, n in self._left_out.most_common()]
            count = plural(self._left_out.total(), "value was", "values were")
            found.append(
                f"{count} left out ({', '.join(shown)}), because a value has at most "
                f"{LONGEST_VALUE:,} characters, all of them readable. The rows are in without them."
            )
        return found

    def _without_odd(self, values: list[str]) -> list[str]:
        """The values of a row, with nothing in place of what no mail could show."""
        usable = list(values)
        for at, value in enumerate(values):
            # A tab before or after a value came with it when it was copied.
            bare = value.strip()
            if at != self._address and (len(bare) > LONGEST_VALUE or _CONTROL.search(bare)):
                usable[at] = ""
                self._left_out[at] += 1
        return usable


AudienceReader = CsvImport[AudienceRow]


def read_rows(
    path: Path,
    rejects: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    address_column: str = "",
) -> AudienceReader:
    """Read the usable rows of the CSV file at ``path``; the first row must be a header.

    The addresses are in the column whose name and values say so, or in ``address_column`` (a name
    or a number). ``segment`` is the recipient's segment; every other column is kept under its name
    in lower case with underscores; ``line`` and ``reason`` of a rejects file are left out.
    ``CsvInvalid``, at the first row, if the file cannot be used.
    """
    return CsvImport(path, Recipients(address_column), rejects, progress)
