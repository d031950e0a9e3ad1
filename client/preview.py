"""What a message would say on each of its channels, while its author is still typing.

Written by the same code that writes what approvers sign, from the incident's own plan, templates
and facts. Only the time in its mark and the numbers that the incident gives it may differ.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from channels import registry
from channels.configured import ChannelMisconfigured
from channels.contract import CannotExpress, Channel
from channels.copies import is_direct, refuse_misplaced
from channels.writing import Writing, latest_word
from client.copy_length import CopyLength, length_of
from client.engine import Engine
from client.errors import WrongInput
from client.facts import facts_of, read_typed
from client.incident_plan import plan_of
from domain.errors import DomainError
from domain.explanation import Explanation
from domain.ids import SUBSCRIBERS, MessageRef
from domain.message import Copy, MessageKind
from domain.model import Value
from domain.status import IncidentStatus
from store.people import subscribers
from store.people.subscribers import SubscribersChoice
from store.stops import quarantines


class CopyPreview(Value):
    """The copy for one channel, or for one audience there, with its length; or ``why_not``."""

    channel: str
    audience: str | None = None
    copy_: Copy | None = None
    length: CopyLength | None = None
    why_not: Explanation | None = None


async def preview(
    engine: Engine,
    status: IncidentStatus,
    kind: MessageKind,
    *,
    number: int | None = None,
    copy: Mapping[str, str] | None = None,
    next_update_by: datetime | None = None,
    components: Collection[str] = (),
    notify: bool = True,
    facts: Mapping[str, object] | None = None,
) -> tuple[CopyPreview, ...]:
    """The copies of a new message of ``kind``, or of a revision of message ``number``.

    ``copy`` as in ``client.messages.propose``; ``components`` are those that it sets,
    ``facts`` are to be recorded before it, as by ``client.facts.record_facts``. A copy that could
    not be made says why. Raises ``WrongInput`` where there is no plan to write from, and
    ``DomainError`` for words for a channel that the message does not go to.
    """
    writing, names = await _writing(engine, status, kind, number, copy, next_update_by, facts or {})
    channels = await asyncio.to_thread(_channels, names)
    built = [one for one in channels.values() if not isinstance(one, Explanation)]
    place = MessageRef(
        incident=status.incident, number=number or len(status.messages) + 1, revision=1
    )
    writing = replace(writing, link=latest_word(writing.plan, kind, place, built))
    writing.refuse_strangers([one.name for one in built if is_direct(one)])
    places: list[tuple[str, str | None]] = [(name, None) for name in names]
    told = writing.plan.subscribers
    if told is not None and notify and writing.plan.tells_subscribers(kind):
        choice = SubscribersChoice(tuple(components), writing.at)
        message_class = writing.plan.messages[kind].class_of(kind)
        if await subscribers.cut(await engine.ledger(), choice, message_class):
            places.append((told.channel, SUBSCRIBERS))
    return tuple([await _one(writing, channels, *one) for one in places])


async def _writing(
    engine: Engine,
    status: IncidentStatus,
    kind: MessageKind,
    number: int | None,
    copy: Mapping[str, str] | None,
    next_update_by: datetime | None,
    facts: Mapping[str, object],
) -> tuple[Writing, tuple[str, ...]]:
    found = await plan_of(engine, status)
    if found is None:
        raise WrongInput(
            "The playbook of this incident cannot be read here, so there is no preview.",
            "Propose it: you see the words before they are signed.",
        )
    plan, files = found
    if kind is MessageKind.REPLY_RULES:
        raise WrongInput(
            "Reply rules have no preview: they are the playbook's, with the facts of this moment.",
            "Propose them: you see every wording before it is signed.",
        )
    if kind not in plan.messages:
        raise WrongInput("The playbook has no such message.", "Choose another kind.")
    known = await facts_of(engine, status.incident, status.facts)
    ordinal = 1 + sum(
        one.kind is kind and (number is None or one.number < number) for one in status.messages
    )
    settings = engine.settings
    writing = Writing(
        incident=status.incident,
        title=status.title,
        plan=plan,
        kind=kind,
        ordinal=ordinal,
        at=datetime.now(UTC),
        files=files,
        facts=read_typed({**known.words, **facts}).filled(),
        draft=copy or {},
        next_update_by=next_update_by,
        links=bool(settings.public_url and settings.link_secret),
        not_ours=await quarantines.all_in_force(await engine.ledger()),
    )
    names = [*plan.messages[kind].channels]
    if plan.subscribers is not None:
        names.append(plan.subscribers.channel)
    return writing, tuple(dict.fromkeys(names))


def _channels(names: tuple[str, ...]) -> dict[str, Channel | Explanation]:
    """Each channel, or why it cannot be built here. Blocks while their packages are imported."""
    found: dict[str, Channel | Explanation] = {}
    for name in names:
        try:
            found[name], _ = registry.build_to_render(name)
        except (ChannelMisconfigured, DomainError) as error:
            found[name] = error.explanation
    return found


async def _one(
    writing: Writing,
    channels: Mapping[str, Channel | Explanation],
    name: str,
    audience: str | None,
) -> CopyPreview:
    channel = channels[name]
    if isinstance(channel, Explanation):
        return CopyPreview(channel=name, audience=audience, why_not=channel)
    try:
        made = writing.copy(channel, audience)
        refuse_misplaced(
            writing.kind,
            [made],
            direct=[name] if is_direct(channel) else [],
            linked=[name] if audience is None and writing.is_linked(channel) else [],
        )
    except (DomainError, CannotExpress) as error:
        return CopyPreview(channel=name, audience=audience, why_not=error.explanation)
    return CopyPreview(channel=name, audience=audience, copy_=made, length=await length_of(made))
