"""The copy of a channel: what a playbook or a person wrote, rendered by the channel itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from channels.contract import Channel, ChannelKind, Template
from channels.mail_copy import UNSUBSCRIBE_VALUE
from domain.errors import DomainError
from domain.message import CLASS_OF, PERSONAL_FIELDS, Copy, MessageClass, MessageKind, Voice
from domain.near_misses import near_misses
from domain.templates import Rendered

_NO_LINKS = (
    " Unsubscribe links are in goodwill mail only, and need FRONTFOOT_PUBLIC_URL and "
    "FRONTFOOT_LINK_SECRET."
)


def final_copy(channel: Channel, rendered: Rendered, *, mark: str, voice: Voice | None) -> Copy:
    """The final copy of ``channel``. Raises ``CannotExpress``."""
    return channel.render(
        Template(
            text=rendered.text,
            subject=rendered.subject,
            html=rendered.html,
            link=rendered.link,
            mark=mark,
            voice=voice,
        )
    )


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
        filled = PERSONAL_FIELDS | ({UNSUBSCRIBE_VALUE} if copy.channel in linked else set())
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
        if goodwill and copy.channel in direct and not _has_code(copy):
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
