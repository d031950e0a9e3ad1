"""What comes along when an address or a code is pasted or exported, and is no part of it.

Invisible marks are told by their Unicode category, so that no list of them can be incomplete; the
few that Unicode counts as letters or symbols, though nobody sees them, are named here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_JOINERS = "\u200c\u200d"
# Ignorable by Unicode's definition, or blank, and in no category of their own.
BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Characters that nobody sees, though Unicode counts them as letters, marks or symbols."""
_QUOTES = frozenset("'\"`´′″＇＂‚„")
_WHITE_OR_QUOTE = frozenset({"Zs", "Zl", "Zp", "Cc", "Pi", "Pf"})
_BRACKET = frozenset({"Ps", "Pe"})
_SEPARATORS = frozenset(",;:.")
_FORMULA = re.compile(r"=\s*(?=\")")


def without_marks(text: str) -> str:
    """``text`` without invisible marks, wherever they are.

    Joiners between two letters beyond ASCII stay: there they belong to the spelling.
    """
    if text.isascii():
        return text
    seen = BLANK.sub("", text)
    return "".join(
        letter
        for at, letter in enumerate(seen)
        if unicodedata.category(letter) != "Cf" or (letter in _JOINERS and _joins(seen, at))
    )


def without_quotes(text: str) -> str:
    """``text`` without white space and quotes at its two ends."""
    return _stripped(_FORMULA.sub("", text.strip()), _is_quote)


def without_punctuation(text: str) -> str:
    """``text`` without white space, quotes, brackets and separators at its two ends."""
    return _stripped(without_quotes(text), _is_punctuation)


def code_point(letter: str) -> str:
    """How a person finds a character that cannot be seen: ``U+200E (left-to-right mark)``."""
    unnamed = "control character" if unicodedata.category(letter) == "Cc" else "without a name"
    return f"U+{ord(letter):04X} ({unicodedata.name(letter, unnamed).lower()})"


def odd_character(text: str) -> str:
    """The first character that is neither plain nor a letter, as its code point; else empty."""
    for letter in text:
        plain = letter.isascii() and letter.isprintable()
        if not plain and unicodedata.category(letter)[0] not in "LMN":
            return code_point(letter)
    return ""


def _joins(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return all(
        side and not side.isascii() and unicodedata.category(side)[0] in "LM"
        for side in (before, after)
    )


def _stripped(text: str, goes: Callable[[str], bool]) -> str:
    begin, end = 0, len(text)
    while begin < end and goes(text[begin]):
        begin += 1
    while begin < end and goes(text[end - 1]):
        end -= 1
    return text[begin:end]


def _is_quote(letter: str) -> bool:
    return letter in _QUOTES or unicodedata.category(letter) in _WHITE_OR_QUOTE


def _is_punctuation(letter: str) -> bool:
    return _is_quote(letter) or letter in _SEPARATORS or unicodedata.category(letter) in _BRACKET
