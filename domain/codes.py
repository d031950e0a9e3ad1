"""Single-use codes: how they are made from a secret, spelt, checked and read back.

A code is derived, not drawn: every attempt makes the same one, so that issuing it is idempotent
wherever it goes, and nobody who does not know the secret can guess one.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable

from domain.errors import DomainError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, which people misread or misspell into words."""

CODE_LENGTH = 12
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
# Dashes, spaces, line ends and the invisible marks that come along when a code is pasted.
_IGNORED = frozenset({"Pd", "Zs", "Zl", "Zp", "Cc", "Cf"})
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})
_BLOCK = 64


class CodeMaker:
    """Makes the codes of one version of an incident's offer, by recipient.

    A code is a number of 60 bits, the first of HMAC-SHA-256 over ``incident|recipient|version``;
    ``spell`` writes it. The same arguments make the same code for ever. ``secret`` never leaves the
    worker; an empty one is a ``ValueError``, because anybody could then make codes.
    """

    def __init__(self, secret: bytes, incident: str, version: int) -> None:
        if not secret:
            raise ValueError("codes need a secret")
        # HMAC by its own definition (RFC 2104), with both of its keyed states made only once:
        # hmac.digest() makes them anew for each message, and a broadcast needs a million.
        key = hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(one ^ 0x36 for one in padded))
        self._inner.update(f"{incident}|".encode())
        self._outer = hashlib.sha256(bytes(one ^ 0x5C for one in padded))
        self._after = f"|{version}".encode()

    def numbers(self, recipients: Iterable[int]) -> list[int]:
        """The number of each recipient's code, in the same order."""
        inner_copy, outer_copy, after = self._inner.copy, self._outer.copy, self._after
        made = []
        for recipient in recipients:
            inner = inner_copy()
            inner.update(b"%d%b" % (recipient, after))
            outer = outer_copy()
            outer.update(inner.digest())
            made.append(int.from_bytes(outer.digest()[:8], "big") >> 4)
        return made


def derive_code(secret: bytes, incident: str, recipient: int, version: int) -> str:
    """The code of one recipient of one incident: 12 symbols (60 bits) and a check symbol."""
    return spell(CodeMaker(secret, incident, version).numbers([recipient])[0])


def secret_mark(secret: bytes) -> str:
    """Eight digits that tell one secret from another and tell nothing about it."""
    return hmac.digest(secret, b"fingerprint", hashlib.sha256).hex()[:8]


def spell(number: int) -> str:
    """The 13 symbols of a code's number."""
    a, b, c = number >> 50, number >> 40 & 1023, number >> 30 & 1023
    d, e, f = number >> 20 & 1023, number >> 10 & 1023, number & 1023
    pair, value = _PAIRS, _PAIR_SUMS
    total = value[a] + value[b] + value[c] + value[d] + value[e] + value[f]
    return f"{pair[a]}{pair[b]}{pair[c]}{pair[d]}{pair[e]}{pair[f]}{ALPHABET[-total % 32]}"


def spell_in_groups(number: int) -> str:
    """The code of a number as ``show_code`` shows it, in one go: mails need a million of them."""
    a, b, c = number >> 50, number >> 40 & 1023, number >> 30 & 1023
    d, e, f = number >> 20 & 1023, number >> 10 & 1023, number & 1023
    pair, value = _PAIRS, _PAIR_SUMS
    total = value[a] + value[b] + value[c] + value[d] + value[e] + value[f]
    return f"{pair[a]}{pair[b]}-{pair[c]}{pair[d]}-{pair[e]}{pair[f]}{ALPHABET[-total % 32]}"


def number_of(code: str) -> int:
    """The number that ``spell`` makes ``code`` of; ``code`` is as ``read_code`` returns it."""
    number = 0
    for symbol in code[:CODE_LENGTH]:
        number = number << 5 | _VALUE[symbol]
    return number


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


# A broadcast spells a million codes; two symbols at a time nearly halves what one costs.
_PAIRS = tuple(left + right for left in ALPHABET for right in ALPHABET)
_PAIR_SUMS = tuple(left + _folded(right) for left in range(32) for right in range(32))


def read_code(text: str) -> str:
    """A code as a person may type it, in its one spelling of 13 symbols.

    Forgiven: lower case, spaces, dashes of any kind, wide letters, and I, L or O for the digits
    they look like. ``DomainError`` if it cannot be a code of ours.
    """
    symbols = bare(text).translate(_READ_AS)
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


def bare(text: str) -> str:
    """Any code in capitals, without the spaces and dashes in which people group it."""
    plain = unicodedata.normalize("NFKC", text[:200])
    kept = (letter for letter in plain if unicodedata.category(letter) not in _IGNORED)
    return "".join(kept).upper()


def show_code(code: str) -> str:
    """A code in groups that can be read out over the telephone: ``XXXX-XXXX-XXXXX``."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"
