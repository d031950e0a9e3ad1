"""Rendering a message for every channel of its plan, and keeping what approvers will sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.proposed_page import ProposedPage
from activities.recovery import refuse_behind
from activities.signatures.proposals import (
    RENDER_MESSAGE,
    ChannelCopy,
    MessageRendered,
    RenderMessage,
)
from channels.contract import Channel, Retracts
from channels.copies import final_copy, is_direct, may_have_links, refuse_misplaced
from channels.subscriber_copy import with_links
from domain import templates
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.facts import Facts, missing_facts
from domain.ids import SUBSCRIBERS, refuse_reserved
from domain.message import (
    FREE_SUBJECT,
    FREE_TEXT,
    AudienceCut,
    Copy,
    Document,
    MessageClass,
    MessageKind,
    mark_of,
)
from domain.plural import plural
from domain.subscribers import MANAGE_FIELD, touched_components
from domain.suggest import did_you_mean
from domain.templates import RenderContext
from domain.unsubscribe import FIELD
from store.kernel.database import Database
from store.people import audiences, subscribers
from store.people.subscribers import SubscribersChoice
from store.record import drafts, messages, playbooks


class ProposalActivities:
    """Makes documents; publishes nothing."""

    def __init__(
        self, database: Database, channels: dict[str, Channel], *, links: bool = False
    ) -> None:
        """``links``: goodwill mail has an unsubscribe link for each recipient."""
        self._database = database
        self._channels = channels
        self._links = links
        self._page = ProposedPage(database, self._channel)

    def all(self) -> list[Bound]:
        """Every activity here, for a worker."""
        return [self.render_message]

    @defined(RENDER_MESSAGE)
    async def render_message(self, order: RenderMessage) -> MessageRendered:
        """Render and store one revision; asked again, answer with what was stored."""
        incident = order.message.incident
        with failing_in_words(datetime.now(UTC)):
            document = await messages.find_request(self._database, incident, order.request)
            ordinal = order.ordinal
            if document is None:
                place = await messages.free_place(
                    self._database, order.message, order.kind, order.ordinal
                )
                ref = order.message.model_copy(
                    update={"number": place.number, "revision": place.revision}
                )
                changes = {"message": ref, "ordinal": place.ordinal}
                document = await self._document(order.model_copy(update=changes))
                ordinal = place.ordinal
                await messages.save_revision(self._database, document, order.author, order.request)
        offer, people = document.offer, sum(cut.count for cut in document.customers)
        told = document.subscribers
        return MessageRendered(
            digest=document.digest(),
            channels=tuple(self._in_numbers(copy) for copy in document.copies),
            audiences=tuple(cut.name for cut in document.customers),
            audience_count=people,
            subscriber_count=told.count if told else 0,
            codes_worth=f"{offer.cost(people)} {offer.currency}"
            if offer and document.customers
            else None,
            number=document.number,
            revision=document.revision,
            ordinal=ordinal,
        )

    async def _document(self, order: RenderMessage) -> Document:
        # A new number could be one that this ledger has forgotten.
        await refuse_behind(self._database, order.message.incident, order.known)
        plan = order.plan.messages[order.kind]
        files = await playbooks.load_snapshot(self._database, order.templates)
        facts = await self._facts(order)
        missing = missing_facts(facts)
        self._page.refuse_components_elsewhere(order)
        if order.kind is MessageKind.RESOLUTION_NOTE and missing:
            raise DomainError(
                f"A resolution note needs facts that are not filled in: {', '.join(missing)}.",
                "Fill them in, then propose it again.",
            )
        draft = await self._draft(order)
        self._refuse_strangers(draft, order)
        copies = tuple(self._copy(order, name, files, facts, draft) for name in plan.channels)
        cuts = await self._audiences(order, plan.class_of(order.kind))
        offer = order.plan.offer if order.kind is MessageKind.GOODWILL_OFFER else None
        refuse_misplaced(
            order.kind,
            copies,
            direct=[name for name in plan.channels if is_direct(self._channel(name))],
            linked=[name for name in plan.channels if self._has_link(order, self._channel(name))],
        )
        if offer is not None and cuts:
            offer.refuse_over_budget(sum(cut.count for cut in cuts))
        document = Document(
            incident=order.message.incident,
            number=order.message.number,
            revision=order.message.revision,
            kind=order.kind,
            proposed_at=order.at,
            copies=copies,
            audiences=cuts,
            offer=offer,
            next_update_by=order.next_update_by,
            page=await self._page.entry(order, facts),
            notify=order.notify,
        )
        return await self._with_subscribers(order, document, files, facts, draft)

    async def _with_subscribers(
        self,
        order: RenderMessage,
        document: Document,
        files: Mapping[str, str],
        facts: Mapping[str, str],
        draft: Mapping[str, str],
    ) -> Document:
        """The document with its copy for the subscribers of the status page, if any get it."""
        section = order.plan.subscribers
        if section is None or not order.notify or not order.plan.tells_subscribers(order.kind):
            return document
        message_class = order.plan.messages[order.kind].class_of(order.kind)
        choice = SubscribersChoice(touched_components(document), document.proposed_at)
        told = await subscribers.cut(self._database, choice, message_class, document.customers)
        if told is None:
            return document
        if not self._links:
            raise DomainError(
                f"This message goes to {plural(told.count, 'subscriber')} of the status page, and "
                "this worker cannot make the links to unsubscribe.",
                "Set FRONTFOOT_PUBLIC_URL and FRONTFOOT_LINK_SECRET and restart the worker, or "
                "propose it without notifying subscribers.",
            )
        copy = self._copy(order, section.channel, files, facts, draft, audience=SUBSCRIBERS)
        refuse_misplaced(order.kind, [copy], direct=[section.channel], linked=[])
        changes = {
            "copies": (*document.copies, copy),
            "audiences": (*document.audiences, told),
        }
        return document.model_copy(update=changes)

    def _copy(
        self,
        order: RenderMessage,
        name: str,
        files: Mapping[str, str],
        facts: Mapping[str, str],
        draft: Mapping[str, str],
        audience: str | None = None,
    ) -> Copy:
        channel, written_for = self._channel(name), audience or name
        to_subscribers = audience == SUBSCRIBERS
        voice = order.plan.voices.get(name)
        mark = mark_of(order.message.incident, order.kind, order.ordinal, order.at)
        if draft:
            rendered = templates.free_copy(
                _words_for(written_for, draft),
                written_for,
                subject=draft.get(FREE_SUBJECT) or order.title if is_direct(channel) else None,
                link=self._page.link(order),
            )
        else:
            context = RenderContext(
                incident=order.message.incident,
                title=order.title,
                company=order.plan.company,
                kind=order.kind,
                ordinal=order.ordinal,
                at=order.at,
                mark=mark,
                voice=voice,
                facts={**order.plan.facts, **facts},
                link=self._page.link(order),
                next_update_by=order.next_update_by,
                offer=order.plan.offer,
                unsubscribe_link=FIELD
                if to_subscribers or self._has_link(order, channel)
                else None,
                manage_link=MANAGE_FIELD if to_subscribers else None,
            )
            rendered = templates.render(order.kind, written_for, files, context)
        if to_subscribers:
            rendered = with_links(rendered, order.plan.company)
        copy = final_copy(channel, rendered, mark=mark, voice=voice)
        return copy.model_copy(update={"audience": audience}) if audience else copy

    def _has_link(self, order: RenderMessage, channel: Channel) -> bool:
        """Whether mail of this kind will have unsubscribe links when it is sent."""
        return self._links and may_have_links(order.kind, channel)

    async def _facts(self, order: RenderMessage) -> Mapping[str, str]:
        if order.facts is None:
            return {}
        draft = await drafts.load(self._database, order.facts)
        return Facts.model_validate(draft.body).filled()

    async def _draft(self, order: RenderMessage) -> Mapping[str, str]:
        if order.copy_draft is None:
            return {}
        draft = await drafts.load(self._database, order.copy_draft)
        return {name: str(text) for name, text in draft.body.items()}

    async def _audiences(
        self, order: RenderMessage, message_class: MessageClass
    ) -> tuple[AudienceCut, ...]:
        """Who gets it on direct channels, each in the first of their audiences."""
        plan = order.plan.messages[order.kind]
        direct = [name for name in plan.channels if is_direct(self._channel(name))]
        if not direct:
            return ()
        if not order.audiences:
            raise DomainError(
                f"This message goes to {', '.join(direct)}, but the incident has no audience.",
                NextStep(
                    action=Action.SET_AUDIENCE,
                    incident=order.message.incident,
                    advice="Choose an audience that has been imported, then propose it again.",
                ),
            )
        cuts: list[AudienceCut] = []
        for name in order.audiences:
            refuse_reserved(name)
            cuts.append(await audiences.cut(self._database, name, message_class, cuts))
        return tuple(cuts)

    def _refuse_strangers(self, draft: Mapping[str, str], order: RenderMessage) -> None:
        """Raise ``DomainError`` for free copy of a channel that the message does not go to."""
        channels = [*order.plan.messages[order.kind].channels]
        direct = any(is_direct(self._channel(name)) for name in channels)
        if order.plan.tells_subscribers(order.kind):
            channels.append(SUBSCRIBERS)
            direct = True
        strangers = sorted(set(draft) - {*channels, FREE_TEXT, FREE_SUBJECT})
        if strangers:
            raise DomainError(
                f"There is copy for {strangers[0][:40]!r}, and this message does not go there. "
                f"It goes to {', '.join(channels)}.",
                did_you_mean(strangers[0], channels),
            )
        if FREE_SUBJECT in draft and not direct:
            raise DomainError(
                "There is a subject, and this message goes to no channel that has one.",
                "Leave the subject out, or write it into the text.",
            )

    def _channel(self, name: str) -> Channel:
        channel = self._channels.get(name)
        if channel is None:
            raise DomainError(
                f"The playbook sends this to {name}, but this worker has no such channel.",
                "Add it to FRONTFOOT_CHANNELS with its credentials and restart the worker.",
            )
        return channel

    def _in_numbers(self, copy: Copy) -> ChannelCopy:
        channel = self._channel(copy.channel)
        can = channel.capabilities
        return ChannelCopy(
            channel=copy.channel,
            direct=is_direct(channel),
            length=len(copy.text),
            max_length=can.max_length,
            unit=can.length_unit,
            retracts=isinstance(channel, Retracts),
            audience=copy.audience,
        )


def _words_for(channel: str, draft: Mapping[str, str]) -> str:
    words = draft.get(channel) or draft.get(FREE_TEXT)
    if not words:
        raise DomainError(
            f"There is no copy for {channel}.",
            "Write a text for all channels, or one for each that the message goes to.",
        )
    return words
