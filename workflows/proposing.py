"""Having a message rendered for every channel, and making of it what stands before a gate."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.proposals import RENDER_MESSAGE, Rendered, RenderMessage
    from domain.gate import Gate
    from domain.incident import IncidentState, MessageState
    from domain.message import MessageKind
    from workflows.calls import call
    from workflows.contract import Propose, Revise
    from workflows.policies import LEDGER


async def render(
    state: IncidentState,
    asked: Propose | Revise,
    kind: MessageKind,
    *,
    number: int,
    revision: int,
    ordinal: int,
) -> MessageState:
    """One revision of a message behind a new gate; its words stay in the ledger.

    Raises ``ActivityError`` if it cannot be rendered, for instance because a fact is missing.
    """
    argument = RenderMessage(
        message=state.ref_to(number, revision),
        kind=kind,
        ordinal=ordinal,
        author=asked.by,
        title=state.title,
        templates=state.templates,
        plan=state.plan,
        audience=state.audience,
        facts=state.facts,
        copy_draft=asked.copy_draft,
        next_update_by=asked.next_update_by,
        at=workflow.now(),
    )
    rendered: Rendered = await call(
        RENDER_MESSAGE, argument, LEDGER, summary=f"{kind} {ordinal}, revision {revision}"
    )
    return MessageState(
        number=number,
        kind=kind,
        ordinal=ordinal,
        revision=revision,
        author=asked.by,
        proposed_at=argument.at,
        gate=Gate(policy=state.plan_of(kind).gate, digest=rendered.digest, author=asked.by),
        channels=tuple(one.channel for one in rendered.channels),
        direct=tuple(one.channel for one in rendered.channels if one.direct),
        retractable=tuple(one.channel for one in rendered.channels if one.retracts),
        audience_count=rendered.audience_count,
        codes_worth=rendered.codes_worth,
    )
