"""Messages: one thing decided once, and the copy that each channel will carry for it."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from enum import StrEnum

from pydantic import model_validator

from domain.errors import DomainError
from domain.holding import HoldingForms, Released
from domain.ids import SUBSCRIBERS, AudienceName, ChannelName, Slug
from domain.message_kind import MessageKind
from domain.model import Value
from domain.offer import OfferTerms
from domain.page_entry import PageEntry
from domain.saved_replies import ReplyRules
from domain.stage import Stage
from domain.times import UtcTime, show_moment
from domain.voice import Voice

__all__ = [
    "CLASS_OF",
    "FREE_SUBJECT",
    "FREE_TEXT",
    "PERSONAL_FIELD",
    "PERSONAL_FIELDS",
    "SHORT_DIGEST",
    "STAGE_OF",
    "AudienceCut",
    "Copy",
    "Document",
    "MessageClass",
    "MessageKind",
    "Voice",
    "mark_of",
]

SHORT_DIGEST = 8
"""The fewest hexadecimal digits of a digest that a decision may name."""


class MessageClass(StrEnum):
    """Which is worse if nobody knows whether it arrived: silence, or saying it twice."""

    SAFETY = "safety"
    GOODWILL = "goodwill"


STAGE_OF: dict[MessageKind, Stage | None] = {
    MessageKind.ANNOUNCEMENT: Stage.ACKNOWLEDGE,
    MessageKind.PROGRESS_UPDATE: Stage.ASSURE,
    MessageKind.RESOLUTION_NOTE: Stage.RESOLVE,
    MessageKind.GOODWILL_OFFER: Stage.MAKE_GOOD,
    # A correction belongs to whichever stage the mistake was made in.
    MessageKind.CORRECTION: None,
    # People ask, and are answered, from the first minute to the last.
    MessageKind.REPLY_RULES: None,
    # They are prepared in peace.
    MessageKind.HOLDING_STATEMENTS: None,
}

CLASS_OF: dict[MessageKind, MessageClass] = {
    MessageKind.ANNOUNCEMENT: MessageClass.SAFETY,
    MessageKind.PROGRESS_UPDATE: MessageClass.SAFETY,
    MessageKind.RESOLUTION_NOTE: MessageClass.SAFETY,
    MessageKind.GOODWILL_OFFER: MessageClass.GOODWILL,
    MessageKind.CORRECTION: MessageClass.SAFETY,
    MessageKind.REPLY_RULES: MessageClass.SAFETY,
    MessageKind.HOLDING_STATEMENTS: MessageClass.SAFETY,
}

PERSONAL_FIELD = re.compile(r"\[\[([a-z_]+)\]\]")
"""Where each recipient's own value goes in direct copy, such as ``[[code]]``."""

PERSONAL_FIELDS = frozenset({"code"})
"""The values that are filled in for each recipient; unsubscribe links have their own name."""


FREE_TEXT = "text"
"""The part of free copy for every channel that has no text of its own."""

FREE_SUBJECT = "subject"
"""The part of free copy that is the subject of mail; each other part is named by its channel."""


class Copy(Value):
    """What one channel will carry for a message: rendered, final, and what approvers sign.

    Posts have ``text`` and perhaps ``link``; mail has ``subject``, ``text`` and perhaps ``html``.
    ``audience`` is the only one that it is for; None: every audience without a copy of its own.
    ``mark`` is the part of ``text`` that distinguishes this post from all our others ("Update 2,
    14:05 UTC"): most providers offer no idempotency key, so we look for the mark.
    """

    channel: ChannelName
    text: str
    subject: str | None = None
    html: str | None = None
    link: str | None = None
    mark: str = ""
    voice: Voice | None = None
    audience: AudienceName | None = None

    def personal_fields(self) -> tuple[str, ...]:
        """Names of the values that differ from recipient to recipient, sorted."""
        found: set[str] = set()
        for part in (self.subject, self.text, self.html):
            found.update(PERSONAL_FIELD.findall(part or ""))
        return tuple(sorted(found))


class AudienceCut(Value):
    """Who a direct message goes to, fixed when it is proposed.

    ``up_to`` is the largest recipient id of the audience at that moment: whoever is imported later
    is not in the count that the approvers signed, and does not get it.
    """

    name: AudienceName
    count: int
    up_to: int


class Document(Value):
    """All that an approver signs: the copy of every channel, the audiences and the offer.

    Somebody who is in several audiences gets it with the first of them. ``next_update_by`` is the
    time by which the copy promises the next update, ``page`` what the status page shows with its
    words, if it goes there. ``notify`` is false if its subscribers are not to be told. Reply rules
    have ``replies`` and no copies, holding statements have ``holding``. ``released`` says of which
    of those the copies were made, which nobody has to sign once more.
    """

    incident: Slug
    number: int
    revision: int
    kind: MessageKind
    proposed_at: UtcTime
    copies: tuple[Copy, ...]
    audiences: tuple[AudienceCut, ...] = ()
    offer: OfferTerms | None = None
    next_update_by: UtcTime | None = None
    page: PageEntry | None = None
    notify: bool = True
    replies: ReplyRules | None = None
    holding: HoldingForms | None = None
    released: Released | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Document:
        if bool(self.copies) != self.kind.published:
            raise ValueError("a document has copies, unless it is of a form")
        if (self.replies is None) == (self.kind is MessageKind.REPLY_RULES):
            raise ValueError("reply rules are in documents of that kind, and in no others")
        if (self.holding is None) == (self.kind is MessageKind.HOLDING_STATEMENTS):
            raise ValueError("holding statements are in documents of that kind, and in no others")
        return self

    @model_validator(mode="after")
    def _one_copy_for_each_channel(self) -> Document:
        places = [(copy.channel, copy.audience) for copy in self.copies]
        if len(set(places)) != len(places):
            raise ValueError(
                "a document has one copy for each channel and audience, and this one has two"
            )
        return self

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of this document, 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def canonical(self) -> bytes:
        """The one byte string that represents this document: sorted keys, UTF-8, no spaces.

        Fields that equal their defaults are left out: a field that a newer version adds must not
        change the digest of a message that is already signed.
        """
        content = self.model_dump(mode="json", exclude_defaults=True)
        content["copies"] = sorted(
            content["copies"], key=lambda copy: (str(copy["channel"]), copy.get("audience", ""))
        )
        return json.dumps(
            content, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        ).encode()

    def copy_for(self, channel: str, audience: str | None = None) -> Copy:
        """The copy of ``channel`` for ``audience``: its own, or that for every audience.

        ``KeyError`` if the message does not go there.
        """
        there = {copy.audience: copy for copy in self.copies if copy.channel == channel}
        found = there.get(audience) or there.get(None)
        if found is None:
            raise KeyError(channel)
        return found

    def cut_for(self, audience: str | None) -> tuple[AudienceCut, tuple[AudienceCut, ...]]:
        """What was signed of ``audience``, and of those before it, whose recipients it leaves out.

        ``DomainError`` if the message does not go there.
        """
        names = [cut.name for cut in self.audiences]
        if audience not in names:
            raise DomainError(
                f"This message does not go to the audience {(audience or '')[:60]!r}.",
                "Open the incident with that audience, then propose.",
            )
        place = names.index(audience)
        return self.audiences[place], self.audiences[:place]

    @property
    def customers(self) -> tuple[AudienceCut, ...]:
        """The audiences of the incident, without the subscribers of the status page."""
        return tuple(cut for cut in self.audiences if cut.name != SUBSCRIBERS)

    @property
    def subscribers(self) -> AudienceCut | None:
        """The subscribers of the status page who get it; None if nobody of them does."""
        return next((cut for cut in self.audiences if cut.name == SUBSCRIBERS), None)


def mark_of(incident: str, kind: MessageKind, ordinal: int, at: datetime) -> str:
    """The words that distinguish one public post from every other: kind, number, time, incident.

    A post needs them for two reasons: X refuses the same text twice, and after an answer was lost
    they are how we recognise our own post. The incident is given as four digits of a hash, so that
    two incidents that say the same in the same minute do not take each other's posts for their own.
    """
    names = {
        MessageKind.ANNOUNCEMENT: "Notice",
        MessageKind.PROGRESS_UPDATE: "Update",
        MessageKind.RESOLUTION_NOTE: "Resolved",
        MessageKind.GOODWILL_OFFER: "Making it right",
        MessageKind.CORRECTION: "Correction",
        MessageKind.REPLY_RULES: "Reply rules",
        MessageKind.HOLDING_STATEMENTS: "Holding statements",
    }
    reference = hashlib.sha256(incident.encode()).hexdigest()[:4]
    return f"{names[kind]} {ordinal}, {show_moment(at)}, ref {reference}"
