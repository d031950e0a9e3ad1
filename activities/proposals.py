"""Rendering a message for every channel of its plan, and keeping what approvers will sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from activities.defined import Bound, defined
from activities.failures import failing_in_words
from activities.holding import proposed_holding, released_document
from activities.proposed_page import ProposedPage
from activities.proposed_replies import proposed_replies
from activities.recovery import refuse_behind
from activities.signatures.proposals import (
    RENDER_MESSAGE,
    ChannelCopy,
    MessageRendered,
    RenderMessage,
)
from channels.contract import Channel, Retracts
from channels.copies import is_direct, refuse_misplaced
from channels.writing import Writing, latest_word
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.facts import Facts, missing_facts, missing_for_people
from domain.ids import SUBSCRIBERS, refuse_reserved
from domain.message import (
    AudienceCut,
    Copy,
    Document,
    MessageClass,
    MessageKind,
)
from domain.plural import plural
from domain.proposing import people_not_told
from domain.subscribers import touched_components
from store.kernel.database import Database
from store.people import audiences, subscribers
from store.people.subscribers import SubscribersChoice
from store.record import drafts, messages, playbooks
from store.stops import quarantines


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
            reply_channels=_form_channels(document),
        )

    async def _document(self, order: RenderMessage) -> Document:
        # A new number could be one that this ledger has forgotten.
        await refuse_behind(self._database, order.message.incident, order.known)
        files = await playbooks.load_snapshot(self._database, order.templates)
        if order.kind is MessageKind.REPLY_RULES:
            return proposed_replies(order, files, await self._facts(order), self._channel)
        if order.kind is MessageKind.HOLDING_STATEMENTS:
            return proposed_holding(order, files, self._channel)
        if order.release is not None:
            page = await self._page.entry(order, await self._facts(order))
            return await released_document(
                order, order.release, self._database, self._channel, page
            )
        plan = order.plan.messages[order.kind]
        facts = await self._facts(order)
        missing = missing_facts(facts)
        self._page.refuse_components_elsewhere(order)
        untold = missing_for_people(facts) if plan.people_concerned else []
        if untold:
            raise people_not_told(order.kind, untold, order.message.incident)
        if order.kind is MessageKind.RESOLUTION_NOTE and missing:
            raise DomainError(
                f"A resolution note needs facts that are not filled in: {', '.join(missing)}.",
                "Fill them in, then propose it again.",
            )
        channels = [self._channel(name) for name in plan.channels]
        writing = Writing(
            incident=order.message.incident,
            title=order.title,
            plan=order.plan,
            kind=order.kind,
            ordinal=order.ordinal,
            at=order.at,
            files=files,
            facts=facts,
            draft=await self._draft(order),
            link=latest_word(order.plan, order.kind, order.message, channels),
            next_update_by=order.next_update_by,
            links=self._links,
            not_ours=await quarantines.all_in_force(self._database),
        )
        direct = [one.name for one in channels if is_direct(one)]
        writing.refuse_strangers(direct)
        copies = tuple(writing.copy(channel) for channel in channels)
        cuts = await self._audiences(order, plan.class_of(order.kind))
        offer = order.plan.offer if order.kind is MessageKind.GOODWILL_OFFER else None
        refuse_misplaced(
            order.kind,
            copies,
            direct=direct,
            linked=[one.name for one in channels if writing.is_linked(one)],
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
        return await self._with_subscribers(order, document, writing)

    async def _with_subscribers(
        self, order: RenderMessage, document: Document, writing: Writing
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
        copy = writing.copy(self._channel(section.channel), audience=SUBSCRIBERS)
        refuse_misplaced(order.kind, [copy], direct=[section.channel], linked=[])
        changes = {
            "copies": (*document.copies, copy),
            "audiences": (*document.audiences, told),
        }
        return document.model_copy(update=changes)

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


def _form_channels(document: Document) -> tuple[str, ...]:
    """The channels on which a form lets something out."""
    if document.replies is not None:
        return document.replies.channels
    statements = document.holding.statements if document.holding else ()
    return tuple(sorted({name for one in statements for name in one.channels}))
