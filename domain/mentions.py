"""What people say to us in public: a mention, its states, and how it may be closed.

The words are strangers'. Nothing that they contain may keep them from being stored: a mention that
cannot be stored is a mention lost. So what a ledger cannot hold is replaced, what is too long is
cut, and whatever else is in them is kept as it came. Each surface shows it safely.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from domain.ids import ChannelName
from domain.model import Value
from domain.times import UtcTime

LONGEST_TEXT = 40_000
"""Characters of one mention that are kept; the longest posts of the networks are shorter."""

LONGEST_ID = 200
LONGEST_LINE = 500
"""Characters of an id, and of a name, a handle or an address."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def storable(text: object) -> str:
    """``text`` as every ledger can hold it: without NUL and halves of characters.

    Anything that is no text is empty: it says nothing that somebody could answer.
    """
    return _UNSTORABLE.sub(_REPLACEMENT, text) if isinstance(text, str) else ""


def _bounded_id(text: object) -> str:
    """An id, whole or, if it is absurdly long, with a digest at its end: two never become one."""
    kept = storable(text)
    if len(kept) <= LONGEST_ID:
        return kept
    digest = hashlib.sha256(kept.encode()).hexdigest()
    return f"{kept[: LONGEST_ID - len(digest) - 1]}~{digest}"


def _bounded_line(text: object) -> str:
    return storable(text)[:LONGEST_LINE]


ForeignId = Annotated[str, BeforeValidator(_bounded_id)]
ForeignLine = Annotated[str, BeforeValidator(_bounded_line)]


class MentionKind(StrEnum):
    """Where it was said: in a post that names us, under one of our posts, or in a mail to us."""

    MENTION = "mention"
    COMMENT = "comment"
    MAIL = "mail"


class MentionState(StrEnum):
    """``open`` until it is closed in one of three ways.

    *answered*: there is a receipt of our reply. *dismissed*: a person or a rule said why it needs
    none. *deleted*: its author or the platform took it away.
    """

    OPEN = "open"
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    DELETED = "deleted"


def same_words(one: str, other: str) -> bool:
    """Whether two versions say the same: white space and line ends change nothing that is meant."""
    return one.split() == other.split()


class DismissalReason(StrEnum):
    """Why a mention needs no reply; ``other`` comes with words of one's own."""

    SPAM = "spam"
    OURS = "ours"
    DUPLICATE = "duplicate"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    NEEDS_NONE = "needs_none"
    AUTOMATIC = "automatic"
    OTHER = "other"

    @property
    def about_the_words(self) -> bool:
        """Whether other words would have to be judged anew: not where it is about the author."""
        return self not in (self.SPAM, self.OURS, self.AUTOMATIC)


class Author(Value):
    """Who said it, as far as the platform tells; all may be empty."""

    id: ForeignId = ""
    handle: ForeignLine = ""
    name: ForeignLine = ""
    followers: int | None = Field(default=None, ge=0, le=2**53)


class Mention(Value):
    """One thing that somebody said to us, in one version.

    ``id`` is the platform's and the same for all versions; an edit has another ``version``.
    ``changed_at`` is when this version was written, ``written_at`` when the first was. ``language``
    is what the platform says, ``url`` where people read it. ``cut``: the text was longer.
    ``private``: only we can read it. ``automatic``: a machine answered, and nobody needs a reply.
    """

    channel: ChannelName
    id: ForeignId = Field(min_length=1)
    version: ForeignId = ""
    kind: MentionKind = MentionKind.MENTION
    conversation: ForeignId = ""
    author: Author = Author()
    text: str = ""
    cut: bool = False
    language: ForeignLine = ""
    reply_to: ForeignId = ""
    url: ForeignLine = ""
    written_at: UtcTime
    changed_at: UtcTime
    private: bool = False
    automatic: bool = False

    @model_validator(mode="before")
    @classmethod
    def _keep(cls, given: Any) -> Any:
        """Bound the text, and take the first version's time where no other is known."""
        if not isinstance(given, dict):
            return given
        text = storable(given.get("text"))
        return {
            **given,
            "text": text[:LONGEST_TEXT],
            "cut": bool(given.get("cut")) or len(text) > LONGEST_TEXT,
            "changed_at": given.get("changed_at") or given.get("written_at"),
        }


class Gone(Value):
    """The platform says that something was deleted; ``id`` is that of the mention."""

    channel: ChannelName
    id: ForeignId = Field(min_length=1)


MENTIONS_PATH = "/mentions"


def mentions_path(channel: str) -> str:
    """Where a channel's provider tells of mentions, below the public URL."""
    return f"{MENTIONS_PATH}/{channel}"


def version_of(text: object) -> str:
    """The version of a text on a platform that has no name for it: twelve digits of its digest."""
    return hashlib.sha256(storable(text).encode()).hexdigest()[:12]


_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})


def is_automatic(headers: Mapping[str, str], sender: str) -> bool:
    """Whether a mail was sent by a machine: an absence notice, a bounce, a mailing list.

    ``headers`` are found by lower-case names; ``sender`` is that of the envelope, which a bounce
    leaves empty (RFC 3834, RFC 5321). A mailing to a million brings tens of thousands of these.
    """
    if sender.strip().strip("<>") == "":
        return True
    submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    precedence = headers.get("precedence", "").strip().lower()
    replied = "x-autoreply" in headers or "x-autorespond" in headers
    return submitted not in ("", "no") or precedence in _BULK or replied
