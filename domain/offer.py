"""The goodwill that was promised, and the single-use codes that make it good.

A code is derived, not drawn: every attempt makes the same one, so that issuing it is idempotent
wherever it goes, and nobody who does not know the secret can guess one.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from datetime import date
from decimal import Decimal

from pydantic import Field, field_validator

from domain.errors import DomainError
from domain.model import Written

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, which people misread or misspell into words."""

CODE_LENGTH = 12
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
# Dashes, spaces, line ends and the invisible marks that come along when a code is pasted.
_IGNORED = frozenset({"Pd", "Zs", "Zl", "Zp", "Cc", "Cf"})
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})


class OfferTerms(Written):
    """What one recipient gets, and what all of it may cost at most.

    ``worth`` is the value of one code and ``budget_cap`` the most that all codes of the incident
    may be worth together, both in ``currency``.
    """

    title: str = Field(min_length=1)
    worth: Decimal = Field(gt=0, max_digits=12, decimal_places=2)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    budget_cap: Decimal = Field(gt=0, max_digits=16, decimal_places=2)
    expires: date | None = None
    version: int = Field(default=1, ge=1)

    @field_validator("worth", "budget_cap")
    @classmethod
    def _in_hundredths(cls, amount: Decimal) -> Decimal:
        # One amount, one spelling: 10 and 10.00 must not give two digests.
        return amount.quantize(Decimal("0.01"))

    def cost(self, recipients: int) -> Decimal:
        """What codes for ``recipients`` people are worth together."""
        return self.worth * recipients

    def refuse_over_budget(self, recipients: int) -> None:
        """Raise ``DomainError`` if codes for ``recipients`` people would pass the budget cap."""
        if self.cost(recipients) > self.budget_cap:
            raise DomainError(
                f"{recipients:,} codes of {self.worth} {self.currency} come to "
                f"{self.cost(recipients):,} {self.currency}, over the cap of "
                f"{self.budget_cap:,} {self.currency}.",
                "Lower the worth, choose a smaller audience, or have finance raise the cap in "
                "the playbook and open with that.",
            )


def derive_code(secret: bytes, incident: str, recipient: int, version: int) -> str:
    """The code of one recipient of one incident: 12 symbols (60 bits) and a check symbol.

    The same arguments make the same code for ever. ``secret`` never leaves the worker; an empty one
    is a ``ValueError``, because anybody could then make codes.
    """
    if not secret:
        raise ValueError("codes need a secret")
    mark = f"{incident}|{recipient}|{version}".encode()
    number = int.from_bytes(hmac.digest(secret, mark, hashlib.sha256)[:8], "big") >> 4
    code, total = "", 0
    for shift in range(50, -1, -10):
        pair = (number >> shift) & 1023
        code += _PAIRS[pair]
        total += _PAIR_SUMS[pair]
    return code + ALPHABET[-total % 32]


def check_symbol(symbols: str) -> str:
    """The Luhn mod 32 check symbol of ``symbols``, which fits no other single spelling of them.

    Every second value is doubled and its digits in base 32 are added: 0..15 become the even and
    16..31 the odd values of 0..31. That is a bijection (plain doubling modulo 32 is not), so any
    one changed symbol changes the sum. Of neighbours that swap places, only 0 and Z go unnoticed.
    """
    total = 0
    for place, symbol in enumerate(reversed(symbols)):
        total += _folded(_VALUE[symbol]) if place % 2 == 0 else _VALUE[symbol]
    return ALPHABET[-total % 32]


def _folded(value: int) -> int:
    return 2 * value // 32 + 2 * value % 32


# A broadcast derives a million codes; two symbols at a time nearly halves what one costs.
_PAIRS = tuple(left + right for left in ALPHABET for right in ALPHABET)
_PAIR_SUMS = tuple(left + _folded(right) for left in range(32) for right in range(32))


def read_code(text: str) -> str:
    """A code as a person may type it, in its one spelling of 13 symbols.

    Forgiven: lower case, spaces, dashes of any kind, wide letters, and I, L or O for the digits
    they look like. ``DomainError`` if it cannot be a code of ours.
    """
    plain = unicodedata.normalize("NFKC", text[:200])
    kept = (letter for letter in plain if unicodedata.category(letter) not in _IGNORED)
    symbols = "".join(kept).upper().translate(_READ_AS)
    if len(symbols) != CODE_LENGTH + 1 or any(symbol not in _VALUE for symbol in symbols):
        raise DomainError(
            "That is not one of our codes: it should have 13 letters and digits.",
            "Copy it from the e-mail once more.",
        )
    if check_symbol(symbols[:-1]) != symbols[-1]:
        raise DomainError(
            "That code has a typing mistake: its check letter does not fit.",
            "Compare it with the e-mail, letter by letter.",
        )
    return symbols


def show_code(code: str) -> str:
    """A code in groups that can be read out over the telephone: ``XXXX-XXXX-XXXXX``."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"
