"""Proposing: a message rendered for every channel, and put before its gate."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.proposals import (
        RENDER_MESSAGE,
        ChannelCopy,
        MessageRendered,
        RenderMessage,
    )
    from domain.gate import Gate
    from domain.gate_policy import GateCase
    from domain.ids import AudienceName
    from domain.incident import IncidentState
    from domain.limits import NAME_LIMIT, refuse_long
    from domain.message import MessageClass, MessageKind
    from domain.message_state import MessageState
    from domain.page_entry import ComponentState
    from domain.page_rules import refuse_unknown_components
    from domain.plural import plural
    from domain.promises import refuse_promise, whole_minute
    from domain.proposing import refuse_proposal, refuse_revision, refuse_unfilled, stage_for
    from domain.publication import Destination
    from domain.roster import roles_of
    from workflows.calls import call
    from workflows.contract.writing import Propose, Revise
    from workflows.lifecycle import Lifecycle
    from workflows.policies import ASKED
    from workflows.timeline import Timeline
    from workflows.turns import turn


class Proposing:
    """Adds messages to the incident, and replaces those that are revised.

    ``turn_lock`` lets one proposal be rendered at a time, so that numbers and stages stay in order.
    """

    def __init__(
        self,
        state: IncidentState,
        timeline: Timeline,
        lifecycle: Lifecycle,
        turn_lock: asyncio.Lock,
    ) -> None:
        self._state = state
        self._timeline = timeline
        self._lifecycle = lifecycle
        self._turn = turn_lock

    def refuse_proposal(self, propose: Propose) -> None:
        """Raise ``DomainError`` unless it may be proposed now."""
        refuse_proposal(self._state, propose.kind, propose.actor)
        refuse_long("The id of the draft", propose.copy_draft, NAME_LIMIT)
        refuse_unknown_components(propose.components, self._state.plan.page)
        refuse_promise(_shown_time(propose), workflow.now())
        if propose.owner:
            self._state.refuse_unknown_owner(propose.owner)

    async def propose(self, propose: Propose) -> MessageState:
        """Render a message and add it, and enter its stage if it begins one."""
        state = self._state
        async with turn(self._turn):
            await self._lifecycle.refuse_unregistered()
            self.refuse_proposal(propose)
            stage = stage_for(state, propose.kind)
            number, ordinal = state.next_of(propose.kind)
            message = await self._render(
                propose,
                propose.kind,
                number=number,
                revision=1,
                ordinal=ordinal,
                promise=_shown_time(propose),
                components=propose.components,
                notify=propose.notify,
            )
            message.owner = propose.owner or propose.actor.person
            self._lifecycle.enter(stage, propose.actor)
            state.messages.append(message)
        about = f"message {message.number}: {propose.kind} {message.digest[:8]}"
        self._timeline.add("proposed", propose.actor, about)
        return message

    def refuse_revision(self, revise: Revise) -> None:
        """Raise ``DomainError`` unless the message may be revised now."""
        self._state.refuse_stranger(revise.actor)
        refuse_long("The id of the draft", revise.copy_draft, NAME_LIMIT)
        refuse_unknown_components(revise.components or {}, self._state.plan.page)
        message = self._state.message(revise.message)
        refuse_revision(self._state, message)
        refuse_unfilled(self._state, message.kind)
        refuse_promise(_promise_after(revise, message), workflow.now())

    async def revise(self, revise: Revise) -> MessageState:
        """Render a new revision; whatever was decided about the one before is void."""
        state = self._state
        async with turn(self._turn):
            self.refuse_revision(revise)
            old = state.message(revise.message)
            new = await self._render(
                revise,
                old.kind,
                number=old.number,
                revision=old.revision + 1,
                ordinal=old.ordinal,
                promise=_promise_after(revise, old),
                components=old.components if revise.components is None else revise.components,
                notify=old.notify if revise.notify is None else revise.notify,
            )
            new.owner = old.owner
            # While the copy was being rendered, an approval may have opened the old gate.
            refuse_revision(state, old)
            state.messages[state.messages.index(old)] = new
        self._timeline.add(
            "revised",
            revise.actor,
            f"message {new.number} is now {new.digest[:8]}, was {old.digest[:8]}; "
            f"{plural(len(old.gate.decisions), 'decision')} void",
        )
        return new

    async def _render(
        self,
        asked: Propose | Revise,
        kind: MessageKind,
        *,
        number: int,
        revision: int,
        ordinal: int,
        promise: datetime | None,
        components: dict[str, ComponentState],
        notify: bool,
    ) -> MessageState:
        """One revision of a message behind a new gate; its words stay in the ledger.

        Raises ``ActivityError`` if it cannot be rendered, for instance because a fact is missing.
        """
        state, author = self._state, asked.actor.person
        argument = RenderMessage(
            message=state.ref_to(number, revision),
            kind=kind,
            ordinal=ordinal,
            author=author,
            title=state.title,
            templates=state.templates,
            plan=state.plan,
            audiences=state.audiences,
            facts=state.facts.current,
            copy_draft=asked.copy_draft,
            next_update_by=promise,
            components=components,
            notify=notify,
            at=workflow.now(),
            request=str(workflow.uuid4()),
            known=self._timeline.known(),
        )
        rendered = await call(
            RENDER_MESSAGE, argument, ASKED, summary=f"{kind} {ordinal}, revision {revision}"
        )
        return message_of(state, argument, rendered)


def message_of(
    state: IncidentState, order: RenderMessage, rendered: MessageRendered
) -> MessageState:
    """A revision that was rendered, behind a new gate."""
    return MessageState(
        number=rendered.number,
        kind=order.kind,
        ordinal=rendered.ordinal,
        revision=rendered.revision,
        author=order.author,
        proposed_at=order.at,
        gate=_gate(state, order, rendered),
        destinations=_destinations(rendered),
        retractable=tuple(one.channel for one in rendered.channels if one.retracts),
        audience_count=rendered.audience_count,
        subscriber_count=rendered.subscriber_count,
        notify=order.notify,
        codes_worth=rendered.codes_worth,
        next_update_by=order.next_update_by,
        components=order.components,
        reply_channels=rendered.reply_channels,
    )


def _gate(state: IncidentState, order: RenderMessage, rendered: MessageRendered) -> Gate:
    """The gate of this message: what the plan's policy comes to for it, at this severity."""
    plan = state.plan.plan_for(order.kind)
    safety = plan is not None and plan.class_of(order.kind) is MessageClass.SAFETY
    offer = state.plan.offer if rendered.codes_worth else None
    policy, reasons = state.gate_of(order.kind).settled(
        GateCase(
            severity=state.severity,
            overrides=safety and rendered.audience_count > 0,
            worth=offer.cost(rendered.audience_count) if offer else None,
            speakers=tuple(
                role
                for role in state.plan.speakers(order.kind, order.at)
                if role not in roles_of(state.plan.roster).get(order.author, ())
            ),
        )
    )
    ends = policy.expires_after
    return Gate(
        policy=policy,
        digest=rendered.digest,
        author=order.author,
        reasons=reasons,
        expires_at=order.at + ends if ends else None,
    )


def _shown_time(asked: Propose | Revise) -> datetime | None:
    """The promise that was asked for, as the copy will show it."""
    return whole_minute(asked.next_update_by) if asked.next_update_by else None


def _promise_after(revise: Revise, old: MessageState) -> datetime | None:
    """The promise of a new revision: what was asked for, otherwise what the old one promises."""
    if revise.promise_none:
        return None
    return _shown_time(revise) or old.next_update_by


def _destinations(rendered: MessageRendered) -> tuple[Destination, ...]:
    """A post channel once, a direct channel for each audience, or for that of its copy alone."""
    return tuple(
        Destination(channel=one.channel, audience=audience)
        for one in rendered.channels
        for audience in _audiences_of(one, rendered)
    )


def _audiences_of(copy: ChannelCopy, rendered: MessageRendered) -> tuple[AudienceName | None, ...]:
    if copy.audience is not None:
        return (copy.audience,)
    return rendered.audiences if copy.direct else (None,)
