"""Suggests what a person probably meant by a word that we do not know."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str], shown: str = "{}") -> str:
    """Return "Did you mean …?" for the nearest known word, or the list of them if none is near.

    ``shown`` is how a word is written where the person typed it, with ``{}`` for the word.
    """
    words = sorted(known)
    near = get_close_matches(word[:100], words, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {shown.replace('{}', near[0])}?"
    return f"Known here: {', '.join(shown.replace('{}', one) for one in words)}."
