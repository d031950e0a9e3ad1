"""What a reply must not say in public, and what a second person has to read first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from domain.codes import read_code
from domain.errors import DomainError
from domain.pasted import without_marks

_NEVER = "a reply never holds an address, a code or an account detail."

_EMAIL = re.compile(
    r"(?<![\w@.+-])[\w.+%-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)
_PUBLIC_NUMBER = re.compile(
    r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\bCVE-\d{4}-\d{4,7}\b"
)
_DIGITS = re.compile(r"\+?\(?\d(?:[\s()./-]{0,2}\d){6,}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_GROUPED_CODE = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4,5}){2,}\b", re.IGNORECASE)
_TOKEN = re.compile(r"\b[0-9A-Za-z]{8,24}\b")
_LINK = re.compile(
    r"https?://|\bwww\.|(?<![\w@.-])(?:[^\W_][\w-]*\.)+[a-z]{2,12}\b(?!@)", re.IGNORECASE
)
_FEWEST_OF_A_PHONE = 9
"""Fewer digits are a time, a number of customers, a year. With a plus sign 7 are enough."""


def forbidden_in(text: str, *, links: bool = True) -> str | None:
    """What keeps ``text`` from being a public reply, as a sentence; None if nothing does.

    It finds an e-mail address, a phone number, a number of a card or an account, and whatever looks
    like a code; a link too, unless ``links``, for a channel that charges for them.
    """
    # What is invisible, or another form of the same letter, must not hide anything.
    plain = unicodedata.normalize("NFKC", without_marks(text)).replace("\u20e3", "")
    if _EMAIL.search(plain):
        return f"It has an e-mail address, and {_NEVER}"
    if _has_code(plain):
        return f"It has what looks like a code, and {_NEVER}"
    if _IBAN.search(plain):
        return f"It has the number of an account, and {_NEVER}"
    number = _number_in(plain)
    if number is not None:
        return f"It has {number}, and {_NEVER}"
    if not links and has_link(plain):
        return "It has a link, and on this channel each link costs extra."
    return None


def has_link(text: str) -> bool:
    """Whether a platform would make a link of something in ``text``; rather too often."""
    return bool(_LINK.search(text))


def risky(text: str, words: Iterable[str]) -> str | None:
    """The first of the risk ``words`` that is in ``text``, also as the beginning of a word."""
    plain = _folded(text)
    for word in words:
        if re.search(rf"(?<!\w){re.escape(_folded(word))}", plain):
            return word
    return None


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", without_marks(text)).casefold()
    return " ".join(plain.split())


def _number_in(text: str) -> str | None:
    """``a phone number`` or ``the number of a card``, if there is one."""
    for found in _DIGITS.finditer(_PUBLIC_NUMBER.sub("that", text)):
        digits = re.sub(r"\D", "", found[0])
        if 13 <= len(digits) <= 19 and _is_card(digits):
            return "the number of a card"
        if len(digits) >= _FEWEST_OF_A_PHONE or found[0].startswith("+"):
            return "a phone number"
    return None


def _is_card(digits: str) -> bool:
    """Whether the last digit is the check digit of the others, by Luhn."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _has_code(text: str) -> bool:
    for grouped in _GROUPED_CODE.finditer(text):
        letters = grouped[0].replace("-", "")
        if _is_ours(letters) or (not letters.isdigit() and any(map(str.isdigit, letters))):
            return True
    return any(_looks_drawn(one[0]) for one in _TOKEN.finditer(text))


def _looks_drawn(token: str) -> bool:
    """Whether a word is one of our codes, or capitals and digits as other systems draw them."""
    if token != token.upper() and not any(map(str.isdigit, token)):
        return False
    # A year after a word changes from letters to digits once, a drawn code more often.
    changes = sum(one.isdigit() != two.isdigit() for one, two in pairwise(token))
    return _is_ours(token) or (token == token.upper() and changes >= 2)


def _is_ours(token: str) -> bool:
    try:
        read_code(token)
    except DomainError:
        return False
    return True
