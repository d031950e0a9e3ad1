"""The copy of a channel: what a playbook or a person wrote, rendered by the channel itself."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable

from channels.contract import CannotExpress, Channel, ChannelKind, Template
from channels.mail_copy import UNSUBSCRIBE_VALUE
from domain.errors import DomainError
from domain.ids import SUBSCRIBERS
from domain.message import CLASS_OF, PERSONAL_FIELDS, Copy, MessageClass, MessageKind, Voice
from domain.near_misses import near_misses
from domain.public_text import TextFault, fault_in, forbidden_in, is_blank
from domain.subscribers import SUBSCRIBER_FIELDS
from domain.templates import Rendered

_TAG = re.compile(r"<(style|script|title|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.DOTALL | re.I)
_NO_LINKS = (
    " Unsubscribe links are in goodwill mail only, and need FRONTFOOT_PUBLIC_URL and "
    "FRONTFOOT_LINK_SECRET."
)


def final_copy(channel: Channel, rendered: Rendered, *, mark: str, voice: Voice | None) -> Copy:
    """The final copy of ``channel``. Raises ``CannotExpress``."""
    copy = channel.render(
        Template(
            text=rendered.text,
            subject=rendered.subject,
            html=rendered.html,
            link=rendered.link,
            mark=mark,
            voice=voice,
        )
    )
    _refuse_unreadable(copy)
    return copy


def _refuse_unreadable(copy: Copy) -> None:
    """Raise ``CannotExpress`` if a part of the copy cannot be seen, or must not be published."""
    voice = copy.voice
    lines = {
        "subject": copy.subject,
        "link": copy.link,
        "sender's name": voice and voice.name,
        "sender's address": voice and voice.address,
        "reply address": voice and voice.reply_to,
    }
    faults = {
        "text": fault_in(copy.text),
        "HTML": _html_fault(copy.html) if copy.html else None,
        "sign-off": fault_in(voice.sign_off) if voice else None,
        **{name: fault_in(line or "", one_line=True) for name, line in lines.items()},
    }
    for name, fault in faults.items():
        if fault is not None:
            raise CannotExpress(f"{copy.channel}: the {name} {fault}", fault.next_step)


def _html_fault(page: str) -> TextFault | None:
    """The fault of a page, of what a reader sees of it, or of characters spelt as entities."""
    words = html.unescape(_TAG.sub(lambda tag: "\n" * tag[0].count("\n"), page))
    if is_blank(words):
        return TextFault("shows no text", "Write something that people can read.")
    return forbidden_in(page) or forbidden_in(words)


def is_direct(channel: Channel) -> bool:
    """Whether it goes to one person at a time."""
    return channel.capabilities.kind is ChannelKind.DIRECT


def may_have_links(kind: MessageKind, channel: Channel) -> bool:
    """Whether copy of this kind can have an unsubscribe link for each recipient."""
    return CLASS_OF[kind] is MessageClass.GOODWILL and is_direct(channel)


def refuse_misplaced(
    kind: MessageKind, copies: Iterable[Copy], *, direct: Collection[str], linked: Collection[str]
) -> None:
    """Raise ``DomainError`` for a field that nobody fills in, and for an offer without its code.

    ``direct`` are the channels that write to each recipient, ``linked`` those with unsubscribe
    links.
    """
    goodwill = CLASS_OF[kind] is MessageClass.GOODWILL
    for copy in copies:
        fields = copy.personal_fields()
        to_subscribers = copy.audience == SUBSCRIBERS
        filled = PERSONAL_FIELDS | ({UNSUBSCRIBE_VALUE} if copy.channel in linked else set())
        if to_subscribers:
            filled = SUBSCRIBER_FIELDS
        strangers = sorted({*fields, *_misspelt(copy)} - filled)
        if strangers:
            raise DomainError(
                f"The copy for {copy.channel} asks for [[{strangers[0]}]], which nobody fills in.",
                f"What can be filled in there: {', '.join(f'[[{one}]]' for one in sorted(filled))}."
                + (_NO_LINKS if UNSUBSCRIBE_VALUE in strangers else ""),
            )
        if "code" in fields and not goodwill:
            raise DomainError(
                f"The copy for {copy.channel} has a place for a code, but makes no offer.",
                "Only a goodwill offer carries codes: take [[code]] out.",
            )
        if goodwill and copy.channel in direct and not (to_subscribers or _has_code(copy)):
            raise DomainError(
                f"The copy for {copy.channel} makes an offer and has no place for the code.",
                "Write [[code]] where each recipient's code is to stand, in the text and in HTML "
                "of your own.",
            )


def _misspelt(copy: Copy) -> set[str]:
    """What stands between double square brackets and is not the name of a field."""
    parts = (copy.subject or "", copy.text)
    found = (miss.written for part in parts for miss in near_misses(part, {}))
    return {one.strip("[]") for one in found if one.startswith("[[") and one.endswith("]]")}


def _has_code(copy: Copy) -> bool:
    return all("[[code]]" in part for part in (copy.text, copy.html) if part is not None)
