"""Counts in sentences, with the right form of what is counted."""

from __future__ import annotations


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 recipient`` or ``1,200 recipients``; ``many`` is for other forms than one with an s."""
    word = one if count == 1 else many if many is not None else f"{one}s"
    return f"{count:,} {word}"
