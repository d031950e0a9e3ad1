"""What changed between two texts, word by word, for somebody who signs the second."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from enum import StrEnum

from domain.model import Value

_TOKENS = re.compile(r"\s+|[\w'’-]+|[^\w\s]")
_CONTEXT = 16
"""Tokens of what stayed that are shown on each side of a change; spaces count too."""


class Kind(StrEnum):
    """What became of a piece of text; ``gap`` stands for what stayed and is left out."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"


class Piece(Value):
    """Some words that follow one another, with the spaces between them."""

    kind: Kind
    text: str = ""


def changes(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces of ``after`` in order, with those of ``before`` where they were; () if equal."""
    if before == after:
        return ()
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    pieces: list[Piece] = []
    for place, (what, from_old, to_old, from_new, to_new) in enumerate(codes):
        if what == "equal":
            pieces += _kept(new[from_new:to_new], first=place == 0, last=place == len(codes) - 1)
            continue
        removed, added = "".join(old[from_old:to_old]), "".join(new[from_new:to_new])
        if removed:
            pieces.append(Piece(kind=Kind.REMOVED, text=removed))
        if added:
            pieces.append(Piece(kind=Kind.ADDED, text=added))
    return tuple(pieces)


def _kept(tokens: list[str], *, first: bool, last: bool) -> Iterator[Piece]:
    """What stayed: only its ends, where they are beside a change."""
    head = 0 if first else _CONTEXT
    tail = 0 if last else _CONTEXT
    if len(tokens) <= head + tail + 1:
        yield Piece(kind=Kind.SAME, text="".join(tokens))
        return
    if head:
        yield Piece(kind=Kind.SAME, text="".join(tokens[:head]))
    yield Piece(kind=Kind.GAP)
    if tail:
        yield Piece(kind=Kind.SAME, text="".join(tokens[-tail:]))
