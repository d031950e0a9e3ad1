"""Strangers' words as they can be shown: nothing in them acts on the screen that shows them."""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"
# Joins emoji and shapes letters; harmless, unlike the marks that reverse the order of words.
_HARMLESS = "\u200c\u200d\ufe0f"


def clean(text: str) -> str:
    """``text`` without anything that moves the cursor or reverses the order of words.

    What was removed is shown as its code point, so that nobody signs what cannot be seen.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter
        if letter in _KEPT or letter in _HARMLESS or unicodedata.category(letter)[0] != "C"
        else f"\\u{ord(letter):04x}"
        for letter in text
    )


def in_one_line(text: str, most: int) -> str:
    """The beginning of ``text`` as one line of ``most`` characters, clean."""
    line = " ".join(text.split())
    return clean(line if len(line) <= most else line[: most - 1] + "…")
