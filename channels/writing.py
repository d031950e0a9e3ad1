"""Writing the copies of one message: what approvers sign, and what an author sees while typing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from channels.contract import Channel, WritesPage
from channels.copies import final_copy, is_direct, may_have_links
from channels.subscriber_copy import with_links
from domain import templates
from domain.errors import DomainError
from domain.ids import SUBSCRIBERS, MessageRef, publication_key
from domain.message import FREE_SUBJECT, FREE_TEXT, Copy, MessageKind, Voice, mark_of
from domain.playbook import Playbook
from domain.subscribers import MANAGE_FIELD
from domain.suggest import did_you_mean
from domain.templates import RenderContext, Rendered
from domain.unsubscribe import FIELD


@dataclass(frozen=True)
class Writing:
    """What the copies of one message are made of.

    ``files`` are the playbook's, by name; ``draft`` is free copy by channel, or empty for the
    templates. ``ordinal`` counts within the kind. ``link`` is where the latest word is. With
    ``links`` goodwill mail has a place for each recipient's unsubscribe link. ``not_ours`` are the
    channels in quarantine.
    """

    incident: str
    title: str
    plan: Playbook
    kind: MessageKind
    ordinal: int
    at: datetime
    files: Mapping[str, str]
    facts: Mapping[str, str]
    draft: Mapping[str, str]
    link: str | None = None
    next_update_by: datetime | None = None
    links: bool = False
    not_ours: Collection[str] = ()

    @property
    def mark(self) -> str:
        """What distinguishes a public post of it from every other."""
        return mark_of(self.incident, self.kind, self.ordinal, self.at)

    def copy(self, channel: Channel, audience: str | None = None) -> Copy:
        """The final copy for ``channel``, or for one ``audience`` there that has its own.

        Raises ``PlaybookInvalid``, ``CannotExpress`` or ``DomainError``.
        """
        speaking = self.plan.speaking(channel.name, self.kind, self.at)
        voice = speaking.alone() if speaking is not None else None
        return self.final(channel, audience, voice, self.rendered(channel, audience, voice))

    def final(
        self, channel: Channel, audience: str | None, voice: Voice | None, rendered: Rendered
    ) -> Copy:
        """What ``channel`` makes of the words that were ``rendered``. Raises ``CannotExpress``."""
        copy = final_copy(channel, rendered, mark=self.mark, voice=voice)
        return copy.model_copy(update={"audience": audience}) if audience else copy

    def rendered(self, channel: Channel, audience: str | None, voice: Voice | None) -> Rendered:
        """The words, before the channel itself has rendered them."""
        written_for = audience or channel.name
        to_subscribers = audience == SUBSCRIBERS
        if self.draft:
            rendered = templates.free_copy(
                _words_for(written_for, self.draft),
                written_for,
                subject=self.draft.get(FREE_SUBJECT) or self.title if is_direct(channel) else None,
                link=self.link,
            )
        else:
            context = RenderContext(
                incident=self.incident,
                title=self.title,
                company=self.plan.company,
                kind=self.kind,
                ordinal=self.ordinal,
                at=self.at,
                mark=self.mark,
                voice=voice,
                facts={**self.plan.facts, **self.facts},
                link=self.link,
                next_update_by=self.next_update_by,
                offer=self.plan.offer,
                unsubscribe_link=FIELD if to_subscribers or self.is_linked(channel) else None,
                manage_link=MANAGE_FIELD if to_subscribers else None,
                not_ours=tuple(sorted({*self.not_ours} - {channel.name})),
            )
            rendered = templates.render(self.kind, written_for, self.files, context)
        return with_links(rendered, self.plan.company) if to_subscribers else rendered

    def is_linked(self, channel: Channel) -> bool:
        """Whether mail of this kind will have unsubscribe links when it is sent."""
        return self.links and may_have_links(self.kind, channel)

    def refuse_strangers(self, direct: Collection[str]) -> None:
        """Raise ``DomainError`` for free copy of a channel that the message does not go to.

        ``direct`` are those of its channels that write to each recipient.
        """
        channels = [*self.plan.messages[self.kind].channels]
        has_subject = bool(direct)
        if self.plan.tells_subscribers(self.kind):
            channels.append(SUBSCRIBERS)
            has_subject = True
        strangers = sorted(set(self.draft) - {*channels, FREE_TEXT, FREE_SUBJECT})
        if strangers:
            raise DomainError(
                f"There is copy for {strangers[0][:40]!r}, and this message does not go there. "
                f"It goes to {', '.join(channels)}.",
                did_you_mean(strangers[0], channels),
            )
        if FREE_SUBJECT in self.draft and not has_subject:
            raise DomainError(
                "There is a subject, and this message goes to no channel that has one.",
                "Leave the subject out, or write it into the text.",
            )


def latest_word(
    plan: Playbook, kind: MessageKind, message: MessageRef, channels: Iterable[Channel]
) -> str | None:
    """Where the latest word is: the message's own place on the page, if it goes there."""
    for channel in channels:
        if isinstance(channel, WritesPage):
            return channel.address_of(
                message.incident,
                publication_key(message, channel.name),
                article=kind is MessageKind.GOODWILL_OFFER,
            )
    return plan.link


def _words_for(channel: str, draft: Mapping[str, str]) -> str:
    words = draft.get(channel) or draft.get(FREE_TEXT)
    if not words:
        raise DomainError(
            f"There is no copy for {channel}.",
            "Write a text for all channels, or one for each that the message goes to.",
        )
    return words
