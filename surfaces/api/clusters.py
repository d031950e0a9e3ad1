"""Clusters of mentions that ask the same, and the plan of answering what is open."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from client import clusters
from client.clusters import Cluster, ListedCluster
from client.reply_plan import ChannelPlan, Ends, plan_replies, plan_sentences
from domain.times import UtcTime
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, Listed, Shown, Time

router = APIRouter(route_class=Resource, prefix=BASE, tags=["mentions"])

ClusterInPath = Annotated[
    int, Path(description="The cluster's number.", ge=1, le=2**53, examples=[3])
]
MentionInPath = Annotated[
    int, Path(description="The mention's number.", ge=1, le=2**53, examples=[12])
]
_Incident = Annotated[
    str, Query(description="Count only its mentions.", max_length=48, pattern=r"^[a-z0-9-]*$")
]


class ClusterShown(Shown):
    """Mentions that ask the same. `saved` is the saved reply that a person suggests; "" for none.

    `named_by` is empty while the name is made of the mentions' own words.
    """

    number: int
    name: str
    named_by: str
    saved: str

    @classmethod
    def of(cls, cluster: Cluster) -> ClusterShown:
        """The same for the wire."""
        return cls.model_validate(cluster.model_dump())


class ClusterListed(ClusterShown):
    """A cluster with how many of its mentions are in each state.

    `newest` is the number of the newest open mention, or of the newest one if none is open.
    """

    open: int
    answered: int
    dismissed: int
    deleted: int
    newest: int
    newest_text: str

    @classmethod
    def counted(cls, one: ListedCluster) -> ClusterListed:
        """The same for the wire."""
        shown = one.cluster.model_dump() | {"newest_text": one.newest.mention.text}
        return cls.model_validate(shown)


class NamingCluster(Asked):
    """The name that it is to have."""

    name: Annotated[str, Field(min_length=1, max_length=clusters.LONGEST_NAME)]


class MovingMention(Asked):
    """The cluster that it belongs to; null for none."""

    cluster: Annotated[int, Field(ge=1, le=2**53)] | None


class MentionMoved(Shown):
    """It is done."""

    number: int
    cluster: int | None


class LimitShown(Shown):
    """At most `count` publications in `window_seconds`, of which `reserve` are not for replies."""

    count: int
    window_seconds: float
    used: int
    reserve: int
    left: int


class ChannelPlanShown(Shown):
    """How long answering what is open takes on a channel, and what it costs, in US dollars.

    `takes_seconds` is without new arrivals, `done_at` with as many as in the last hour; null where
    `ends` says why. `in_words` has the same in sentences.
    """

    channel: str
    open: int
    arriving_an_hour: int
    ends: Ends
    takes_seconds: float | None
    done_at: Time | None
    cost: str
    cost_with_links: str
    checked_on: str | None
    limits: list[LimitShown]
    in_words: list[str]

    @classmethod
    def of(cls, plan: ChannelPlan, at: UtcTime) -> ChannelPlanShown:
        """The same for the wire."""
        limits = [
            LimitShown(
                count=one.limit.count,
                window_seconds=one.limit.window.total_seconds(),
                used=one.used,
                reserve=one.reserve,
                left=one.left,
            )
            for one in plan.limits
        ]
        return cls(
            channel=plan.channel,
            open=plan.open,
            arriving_an_hour=plan.arriving_an_hour,
            ends=plan.ends,
            takes_seconds=None if plan.takes is None else plan.takes.total_seconds(),
            done_at=plan.done_at,
            cost=f"{plan.cost:.2f}",
            cost_with_links=f"{plan.cost_with_links:.2f}",
            checked_on=plan.checked_on.isoformat() if plan.checked_on else None,
            limits=limits,
            in_words=plan_sentences(plan, at),
        )


@router.get("/mentions/clusters")
async def list_all_clusters(
    request: Request,
    incident: _Incident = "",
    least: Annotated[int, Query(description="Mentions that each has.", ge=1, le=1_000)] = 2,
    limit: Annotated[int, Query(ge=1, le=clusters.MOST)] = 50,
) -> Listed[ClusterListed]:
    """Which mentions ask the same, the clusters with most open ones first. There is one page."""
    found = await clusters.list_clusters(
        engine_of(request), incident=incident, least=least, limit=limit
    )
    return Listed(items=[ClusterListed.counted(one) for one in found])


@router.get("/mentions/plan")
async def read_plan(request: Request, incident: _Incident = "") -> Listed[ChannelPlanShown]:
    """How long answering what is open takes on each channel, and what it costs."""
    found = await plan_replies(engine_of(request), incident)
    return Listed(items=[ChannelPlanShown.of(one, found.at) for one in found.channels])


@router.post("/mentions/clusters/{number}/name", status_code=201)
async def name_cluster(
    request: Request, number: ClusterInPath, asked: NamingCluster
) -> ClusterShown:
    """Give a cluster a name that stays."""
    named = await clusters.rename_cluster(
        engine_of(request), number, asked.name, actor=actor(request)
    )
    return ClusterShown.of(named)


@router.post("/mentions/{number}/cluster", status_code=201)
async def move_mention(
    request: Request, number: MentionInPath, asked: MovingMention
) -> MentionMoved:
    """Put a mention into another cluster, or into none. It stays there if it is edited."""
    await clusters.move_mentions(engine_of(request), [number], asked.cluster, actor=actor(request))
    return MentionMoved(number=number, cluster=asked.cluster)
