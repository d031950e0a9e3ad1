"""How long a text may be: refused in words before it is sent anywhere, and again where it arrives.

A server of Temporal ends a workflow whose history grows too large, so nothing that somebody types
or sends reaches one unbounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.errors import DomainError

TITLE_LIMIT = 200
REASON_LIMIT = 2_000
URL_LIMIT = 2_000
NAME_LIMIT = 64
"""The most characters of a person's id, a digest, or the id of a draft."""

NAMES_LIMIT = 100
"""The most names in one list: audiences, facts, batches."""

DRAFT_LIMIT = 100_000
"""The most characters of a draft of free copy, all channels together."""

MOST_MESSAGES = 150
"""The most messages of one incident: its whole state travels when its workflow continues as new."""


def refuse_long(what: str, text: str | None, limit: int) -> None:
    """Raise ``DomainError`` if ``text`` has more than ``limit`` characters; ``what`` names it."""
    if text is not None and len(text) > limit:
        raise DomainError(
            f"{what} has {len(text):,} characters; the most are {limit:,}.",
            "Shorten it and try again.",
            means="Nothing was changed.",
        )


def refuse_many(what: str, names: Iterable[str], limit: int = NAMES_LIMIT) -> None:
    """Raise ``DomainError`` if ``names`` are more than ``limit``, or one of them is too long."""
    every = list(names)
    if len(every) > limit:
        raise DomainError(
            f"There are {len(every):,} {what}; the most are {limit:,}.",
            "Name fewer and try again.",
            means="Nothing was changed.",
        )
    for name in every:
        refuse_long(f"One of the {what}", name, NAME_LIMIT)


def refuse_long_draft(copy: Mapping[str, str]) -> None:
    """Raise ``DomainError`` if a draft of free copy is too long as a whole.

    How much one channel takes is its adapter's, and is checked when the message is rendered.
    """
    refuse_many("texts", copy)
    length = sum(len(text) for text in copy.values())
    if length > DRAFT_LIMIT:
        raise DomainError(
            f"The copy has {length:,} characters, all channels together; the most are "
            f"{DRAFT_LIMIT:,}.",
            "Shorten it and try again.",
            means="Nothing was changed.",
        )
