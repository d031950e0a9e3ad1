"""Answering all that asks the same: one decision, and a reply of its own for each mention."""

from __future__ import annotations

from collections import Counter

from client.answering import MOST, PlannedReplies, answer_many
from client.clusters import open_in_cluster
from client.engine import Engine
from client.incidents import recorded_incidents
from client.replies import ReplyRow, current_replies
from client.saved_replies import SavedReplyView, reply_rules
from domain.actor import Actor
from domain.errors import DomainError
from domain.explanation import Action, NextStep

__all__ = ["answer_cluster", "sendable_replies"]


async def answer_cluster(
    engine: Engine, cluster: int, *, actor: Actor, saved: str, incident: str = ""
) -> PlannedReplies:
    """Plan a saved reply to every open mention of a cluster that has none: of an incident, or all.

    Raises ``UnknownCluster``, and ``DomainError`` if none could be planned.
    """
    numbers = await open_in_cluster(engine, cluster, incident)
    answered = await current_replies(engine, numbers)
    wanted = [one for one in numbers if one not in answered]
    planned: list[ReplyRow] = []
    left: Counter[str] = Counter()
    refused: DomainError | None = None
    for begin in range(0, len(wanted), MOST):
        some = wanted[begin : begin + MOST]
        try:
            done = await answer_many(engine, some, actor=actor, saved=saved)
        except DomainError as error:
            refused = error
            left[error.explanation.what] += len(some)
        else:
            planned += done.planned
            left.update(done.left)
    if not planned:
        raise refused or DomainError(
            f"Cluster {cluster} has no open mention without a reply.",
            NextStep(action=Action.LIST_CLUSTERS, advice="See what is open."),
            means="Nothing was planned.",
        )
    return PlannedReplies(planned=tuple(planned), left=dict(left))


async def sendable_replies(engine: Engine, incident: str = "") -> list[SavedReplyView]:
    """The saved replies that can be sent now: of an incident, or of the open one opened last."""
    if not incident:
        running = [one for one in await recorded_incidents(engine) if one.closed_at is None]
        incident = running[0].slug if running else ""
    rules = await reply_rules(engine, incident) if incident else None
    return [one for one in rules.saved if one.why_not is None] if rules is not None else []
