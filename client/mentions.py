"""What people say to us: lists, one with its versions, and how each source is."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

from channels import registry
from channels.configured import ChannelMisconfigured
from client.claims import SEE_STATES, refuse_held
from client.desk_shifts import with_duty
from client.engine import Engine
from client.errors import UnknownIncident, WrongInput
from client.mention_rows import row_of, rows_of
from client.source_state import SeenSource, seen
from domain.actor import Actor
from domain.errors import DomainError
from domain.mentions import LONGEST_LINE, DismissalReason, MentionState, storable
from domain.model import Value
from domain.priorities import MentionPriority
from settings import Settings
from store.desk import closing, entering, reading, sources
from store.desk.closing import Dismissal
from store.desk.reading import MentionRow, MentionVersion, Order, Which
from store.record import incidents

__all__ = [
    "MentionList",
    "MentionRow",
    "MentionVersion",
    "Order",
    "ShownMention",
    "dismiss",
    "draw_into",
    "list_mentions",
    "list_sources",
    "not_begun",
    "reopen",
    "show_mention",
]

MOST = 500
"""Mentions of one page of a list."""

_NEED_WORDS = {
    DismissalReason.OTHER: "why they need no reply",
    DismissalReason.DUPLICATE: "the number of the mention that they repeat",
    DismissalReason.ANSWERED_ELSEWHERE: "where the answer can be read",
}


class MentionList(Value):
    """A page of mentions in the order that was asked for, and how many are in each state.

    ``after``: the number to give for the next page; None after the last one. ``counts`` are of the
    incident that was asked for, or of all.
    """

    mentions: tuple[MentionRow, ...]
    after: int | None
    counts: dict[MentionState, int]


class ShownMention(Value):
    """One mention, with every version of its words, the oldest first."""

    row: MentionRow
    versions: tuple[MentionVersion, ...]


async def list_mentions(
    engine: Engine,
    *,
    state: MentionState | None = None,
    channel: str = "",
    author: str = "",
    incident: str = "",
    claimed_by: str = "",
    mail: bool = True,
    cluster: int | None = None,
    language: str = "",
    priority: MentionPriority = MentionPriority.NONE,
    order: Order = Order.NEWEST,
    after: int | None = None,
    limit: int = 50,
) -> MentionList:
    """The first mentions in this order, or those behind number ``after``.

    ``author`` is an id or a handle as the platform has it, with or without an @ before it.
    ``claimed_by`` is who claimed them last; without ``mail`` no mail is among them. ``language`` is
    as the platform says, ``priority`` the least that they have. Raises ``WrongInput`` if there is
    no mention of that number.
    """
    ledger = await engine.ledger()
    place = None
    if after is not None:
        place = (await row_of(engine, after)).after()
    which = Which(
        state=state,
        channel=channel,
        author=author.removeprefix("@"),
        incident=incident,
        claimed_by=claimed_by,
        mail=mail,
        cluster=cluster,
        language=language,
        priority=priority,
    )
    limit = min(max(limit, 1), MOST)
    found = await reading.listed(ledger, which, limit + 1, place, order)
    shown = found[:limit]
    return MentionList(
        mentions=tuple(shown),
        after=shown[-1].number if len(found) > limit else None,
        counts=await reading.counts(ledger, incident),
    )


async def show_mention(engine: Engine, number: int) -> ShownMention:
    """One mention by its number; ``WrongInput`` if there is none."""
    row = await row_of(engine, number)
    versions = await reading.versions(await engine.ledger(), number)
    return ShownMention(row=row, versions=tuple(versions))


async def draw_into(engine: Engine, numbers: Collection[int], incident: str) -> int:
    """Have mentions belong to an incident; how many do now.

    Raises ``WrongInput`` if there is no such incident, or one of the mentions is not there.
    """
    ledger = await engine.ledger()
    if await incidents.find(ledger, incident) is None:
        raise UnknownIncident(incident)
    await rows_of(engine, numbers)
    return await entering.draw_into(ledger, numbers, incident)


async def dismiss(
    engine: Engine,
    numbers: Collection[int],
    reason: DismissalReason,
    *,
    actor: Actor,
    words: str = "",
) -> int:
    """Close open mentions that need no reply; how many were open.

    Raises ``WrongInput`` if one is not there or the reason needs words, and ``DomainError`` if none
    of them is open, or somebody else has claimed one: then none is closed.
    """
    words = storable(words).strip()
    if not words and reason in _NEED_WORDS:
        raise WrongInput(
            f"'{reason}' needs words: {_NEED_WORDS[reason]}.",
            "Say it, and dismiss them again.",
        )
    if len(words) > LONGEST_LINE:
        raise WrongInput(
            f"The words have {len(words):,} characters, and {LONGEST_LINE} at most are kept.",
            "Make them shorter.",
        )
    at = datetime.now(UTC)
    refuse_held(await rows_of(engine, numbers), actor, at)
    dismissal = Dismissal(reason=reason, words=words, by=actor.person)
    dismissed = await closing.dismiss(await engine.ledger(), numbers, dismissal, at)
    if not dismissed:
        # Somebody may have been quicker.
        refuse_held(await rows_of(engine, numbers), actor, at)
    return _some(dismissed, numbers, "open")


async def reopen(engine: Engine, numbers: Collection[int]) -> int:
    """Open mentions again that were dismissed; how many were.

    Raises ``WrongInput`` if one is not there, and ``DomainError`` if none of them was dismissed.
    """
    await rows_of(engine, numbers)
    return _some(await closing.reopen(await engine.ledger(), numbers), numbers, "dismissed")


def _some(moved: Collection[int], numbers: Collection[int], state: str) -> int:
    if moved:
        return len(moved)
    which = "The mention is" if len(set(numbers)) == 1 else "None of the mentions is"
    not_so = f"{which} not {state}" if len(set(numbers)) == 1 else f"{which} {state}"
    raise DomainError(
        f"{not_so}, so nothing was changed.",
        SEE_STATES,
    )


async def list_sources(engine: Engine) -> list[SeenSource]:
    """Every source that is to be listened to and has been begun with, by name.

    Each says who answers there now, where the plan of an open incident assigns people.
    """
    settings, now = engine.settings, datetime.now(UTC)
    found = await sources.all_sources(await engine.ledger())
    heard = [
        one
        for one in (seen(source, now) for source in found)
        if (settings.reads_private if one.private else settings.listens_to)(one.channel)
    ]
    return await with_duty(engine, heard, now)


async def not_begun(settings: Settings, known: Collection[str]) -> list[str]:
    """The channels that are to be listened to and that no worker has begun with."""
    asked = [one for one in settings.channels if settings.listens_to(one) and one not in known]
    return await asyncio.to_thread(lambda: [one for one in asked if _can_listen(one)])


def _can_listen(channel: str) -> bool:
    try:
        return registry.build_to_render(channel)[0].capabilities.listens
    except ChannelMisconfigured:
        # That is another check's to say.
        return False
