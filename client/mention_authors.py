"""Who said it, in words; addresses only for those who may see them."""

from __future__ import annotations

from domain.mentions import Author, Mention, MentionKind
from domain.printable import in_one_line

HIDDEN = "address hidden"
_LONGEST = 120


def has_hidden_address(mention: Mention, *, addresses: bool) -> bool:
    """Whether its author is known by an address that is not to be shown."""
    return mention.kind is MentionKind.MAIL and not addresses


def without_address(mention: Mention) -> Mention:
    """A mail without what tells from where it came: only the name is left, unless it tells."""
    name = mention.author.name
    author = Author(name="" if "@" in name else name)
    hidden = {"id": HIDDEN, "author": author, "conversation": "", "reply_to": ""}
    return mention.model_copy(update=hidden)


def author_of(mention: Mention, *, addresses: bool = True) -> str:
    """``@ann (Ann), 1,204 followers``; ``Ann (address hidden)`` for a mail."""
    if has_hidden_address(mention, addresses=addresses):
        name = _line(without_address(mention).author.name) or "Somebody"
        return f"{name} ({HIDDEN})"
    author = mention.author
    sign = "" if mention.kind is MentionKind.MAIL else "@"
    name = _line(author.name)
    handle = f"{sign}{_line(author.handle)}" if author.handle else ""
    who = f"{handle} ({name})" if handle and name else handle or name or "somebody unnamed"
    if author.followers is None:
        return who
    return f"{who}, {author.followers:,} follower{'' if author.followers == 1 else 's'}"


def _line(text: str) -> str:
    return in_one_line(text, _LONGEST)
