"""Making reply rules of a playbook and the facts of the moment, for the channels that answer."""

from __future__ import annotations

from collections.abc import Mapping

from channels.contract import Channel, Measures
from domain.errors import DomainError
from domain.facts import COPY_FACTS
from domain.plan_problems import PlanProblem
from domain.playbook import Playbook
from domain.playbook_replies import RepliesPlan, SavedReplyPlan, saved_problems
from domain.reply_text import forbidden_in, has_link
from domain.saved_replies import (
    AUTHOR,
    FreeReplies,
    ReplyRules,
    SavedReply,
    with_facts,
)

ROOM_FOR_AUTHOR = 50
"""Characters kept free for an author's name: the longest that X lets people have."""


def reply_rules_of(
    plan: Playbook, replies: RepliesPlan, known: Mapping[str, str], channels: Mapping[str, Channel]
) -> ReplyRules:
    """The rules as they are put before their gate; ``known`` are the incident's facts, by name.

    ``channels`` has each of ``replies.channels``. Raises ``DomainError`` for saved replies that
    ``playbook check`` refuses, and for a wording that must not be said in public once its facts are
    filled in.
    """
    for problem in saved_problems(replies, plan.fact_names):
        raise DomainError(
            f"The playbook's saved replies cannot be signed: {_place(replies, problem)} "
            f"{problem.detail}.",
            "Open an incident with the corrected playbook; this one keeps its own.",
        )
    shown = {name for reply in replies.saved for name in reply.facts()}
    return ReplyRules(
        channels=replies.channels,
        saved=tuple(_saved(one, {**plan.facts, **known}, channels) for one in replies.saved),
        free=_free(plan, replies),
        risk_words=replies.risk_words,
        links_cost=tuple(one for one in replies.channels if channels[one].capabilities.link_costs),
        facts={name: known.get(name, "") for name in sorted(shown) if name in COPY_FACTS},
    )


def unfit_for(channel: Channel, wording: str, *, links: bool) -> str | None:
    """Why a channel cannot carry a wording, after its name; None if it can."""
    able = channel.capabilities
    text = wording.replace(AUTHOR, "x" * ROOM_FOR_AUTHOR)
    length = channel.length_of(text) if isinstance(channel, Measures) else len(text)
    if able.max_length is not None and length > able.max_length:
        name = f" with {ROOM_FOR_AUTHOR} for the author's name" if AUTHOR in wording else ""
        return (
            f"is too long for {channel.name}: {length} {able.length_unit}{name}, of at most "
            f"{able.max_length}"
        )
    if able.link_costs and not links and has_link(text):
        return f"has a link, which on {channel.name} costs many times a reply without one"
    return None


def _saved(
    reply: SavedReplyPlan, known: Mapping[str, str], channels: Mapping[str, Channel]
) -> SavedReply:
    wordings = tuple(with_facts(one, known) for one in reply.wordings)
    unset = tuple(one for one in reply.facts() if not known.get(one))
    for number, wording in enumerate(wordings, 1):
        why = forbidden_in(wording)
        if why is not None:
            raise DomainError(
                f"Saved reply {reply.name}, wording {number}, cannot be said in public: {why}",
                "Look at the facts that it shows, and change them; then propose again.",
            )
    # Until every fact is known, nobody knows how long it will be.
    unfit = [
        name
        for name, channel in channels.items()
        if not unset and any(unfit_for(channel, one, links=reply.links) for one in wordings)
    ]
    return SavedReply(
        name=reply.name,
        title=reply.title,
        wordings=wordings,
        facts=tuple(reply.facts()),
        unset=unset,
        unfit=tuple(unfit),
    )


def _place(replies: RepliesPlan, problem: PlanProblem) -> str:
    _, _, place, *inside = problem.place
    name = replies.saved[int(place)].name
    numbers = [int(one) + 1 for one in inside if isinstance(one, int)]
    return f"{name}, wording {numbers[0]}," if numbers else name


def _free(plan: Playbook, replies: RepliesPlan) -> FreeReplies | None:
    free = replies.free
    if free is None:
        return None
    return FreeReplies(
        roles=free.roles,
        people=tuple(one for one in plan.roster if set(one.roles) & set(free.roles)),
        check=free.check,
        sample=free.sample,
        links=free.links,
    )
