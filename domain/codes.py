"""Single-use codes: how they are made from a secret, spelt, checked and read back.

A code is derived, not drawn: every attempt makes the same one, so that issuing it is idempotent
on any worker, and nobody can guess one without the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence

from domain.derived import for_recipients
from domain.errors import DomainError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, which people misread or misspell into words."""

CODE_LENGTH = 12
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
# Dashes, spaces, line ends and the invisible marks that come along when a code is pasted.
_IGNORED = frozenset({"Pd", "Zs", "Zl", "Zp", "Cc", "Cf"})
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})


def derive_symbols(secret: bytes, incident: str, version: int, recipients: Sequence[int]) -> bytes:
    """The ``CODE_LENGTH`` symbols of each recipient's code, one code after the other.

    For one version of an incident's offer. Each symbol is the lowest five bits of one of the
    recipient's derived bytes, 60 bits in all. The same arguments make the same codes for ever. An
    empty ``secret`` is a ``ValueError``, because anybody could then make codes.
    """
    if not secret:
        raise ValueError("codes need a secret")
    purpose = f"code|{incident}|{version}".encode()
    return for_recipients(secret, purpose, recipients).translate(_LOWEST_FIVE_BITS)


def derive_code(secret: bytes, incident: str, recipient: int, version: int) -> str:
    """The code of one recipient of one incident: 12 symbols (60 bits) and a check symbol."""
    [code] = spell(derive_symbols(secret, incident, version, [recipient]))
    return code


def secret_mark(secret: bytes) -> str:
    """Eight digits that distinguish one secret from another and reveal nothing about it."""
    return hmac.digest(secret, b"fingerprint of derivation 2", hashlib.sha256).hex()[:8]


def spell(symbols: bytes, *, grouped: bool = False) -> list[str]:
    """Codes from their symbols, as ``derive_symbols`` returns them: each with its check symbol.

    ``grouped`` inserts the dashes of ``show_code``. All codes at once, column by column: a
    broadcast needs a million of them, and a loop over letters would cost more than sending them.
    """
    places = _GROUPED_PLACES if grouped else range(CODE_LENGTH + 1)
    width = places[-1] + 1
    page = bytearray(b"-" * (len(symbols) // CODE_LENGTH * width))
    for at, place in enumerate(places[:-1]):
        page[place::width] = symbols[at::CODE_LENGTH]
    page[width - 1 :: width] = _check_symbols(symbols)
    text = page.decode("ascii")
    return [text[at : at + width] for at in range(0, len(text), width)]


def _check_symbols(symbols: bytes) -> bytes:
    """``check_symbol`` of each code: columns are added as long numbers whose digits are bytes."""
    count = len(symbols) // CODE_LENGTH
    total = 0
    for half in (range(CODE_LENGTH // 2), range(CODE_LENGTH // 2, CODE_LENGTH)):
        columns = (symbols[at::CODE_LENGTH].translate(_WEIGHED[at % 2]) for at in half)
        # Six values below 32 add up to less than 256, so nothing is carried from byte to byte.
        summed = sum(int.from_bytes(column, "big") for column in columns)
        total += int.from_bytes(summed.to_bytes(count, "big").translate(_REMAINDER), "big")
    return total.to_bytes(count, "big").translate(_CHECKS)


def check_symbol(symbols: str) -> str:
    """The Luhn mod 32 check symbol of ``symbols``, which fits no other single spelling of them.

    Every second value is doubled and its digits in base 32 are added: 0..15 become the even and
    16..31 the odd values of 0..31. That is a bijection (plain doubling modulo 32 is not), so any
    one changed symbol changes the sum. Of swapped neighbours, only 0 and Z go unnoticed.
    """
    total = 0
    for place, symbol in enumerate(reversed(symbols)):
        total += _folded(_VALUE[symbol]) if place % 2 == 0 else _VALUE[symbol]
    return ALPHABET[-total % 32]


def _folded(value: int) -> int:
    return 2 * value // 32 + 2 * value % 32


# For bytes.translate: what becomes of each of the 256 bytes.
_LOWEST_FIVE_BITS = bytes(ord(ALPHABET[byte % 32]) for byte in range(256))
_PLAIN = bytes(_VALUE.get(chr(byte), 0) for byte in range(256))
# By whether a symbol's place is odd. The last of the twelve is, and the first to be folded.
_WEIGHED = (_PLAIN, bytes(_folded(value) for value in _PLAIN))
_REMAINDER = bytes(byte % 32 for byte in range(256))
_CHECKS = bytes(ord(ALPHABET[-byte % 32]) for byte in range(256))
_GROUPED_PLACES = (0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14)


def read_code(text: str) -> str:
    """A code as a person may type it, in its one spelling of 13 symbols.

    Accepts lower case, spaces, dashes of any kind, wide letters, and I, L or O for the digits
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
            "That code has a typing mistake: its check letter does not match.",
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
