"""Clusters: which mentions ask the same, their names, and putting one into another."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from client import clusters
from client.cluster_replies import answer_cluster, sendable_replies
from client.clusters import LONGEST_NAME, list_clusters, merge_clusters, rename_cluster
from client.incidents import recorded_incidents
from domain.mentions import ForeignLine
from domain.reply_states import ReplyGroup
from surfaces.console.access import actor, engine_of
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

HERE = "/desk/clusters"
ONE = HERE + "/{number}"

router = APIRouter(route_class=Page)

Number = Annotated[int, Path(ge=1, le=2**53)]


@router.get(HERE)
async def show(request: Request, incident: ForeignLine = "") -> Response:
    """The clusters, those with most open mentions first: of an incident, or all."""
    return await _show(request, incident)


@router.post(ONE + "/name")
async def take_name(
    request: Request,
    number: Number,
    name: Annotated[str, Form()] = "",
    saved: Annotated[str, Form()] = "",
) -> Response:
    """Name it, and suggest a saved reply."""

    async def work() -> None:
        engine = engine_of(request)
        await rename_cluster(engine, number, name, actor=actor(request))
        await clusters.suggest_reply(engine, number, saved)

    return await _done(request, work())


@router.post(ONE + "/merger")
async def take_merger(
    request: Request, number: Number, into: Annotated[int, Form(ge=1, le=2**53)] = 1
) -> Response:
    """Put all of it into another one."""
    return await _done(request, merge_clusters(engine_of(request), number, into))


@router.post(ONE + "/replies")
async def take_replies(
    request: Request,
    number: Number,
    saved: Annotated[str, Form()] = "",
    incident: Annotated[ForeignLine, Form()] = "",
) -> Response:
    """Answer all that is open in it with a saved reply."""
    work = answer_cluster(
        engine_of(request), number, actor=actor(request), saved=saved, incident=incident
    )
    done = await attempted(work)
    if isinstance(done, Refused):
        return await _show(request, incident, done)
    if done.left:
        return await _show(request, incident, left=done.left)
    return see(f"/desk/replies?which={ReplyGroup.PLANNED}")


async def _done(request: Request, work: Awaitable[object]) -> Response:
    done = await attempted(work)
    if isinstance(done, Refused):
        return await _show(request, "", done)
    return see(HERE)


async def _show(
    request: Request,
    incident: str,
    refused: Refused | None = None,
    left: dict[str, int] | None = None,
) -> Response:
    engine = engine_of(request)
    return page(
        request,
        "clusters",
        "What asks the same",
        refused.status if refused else 200,
        incident=incident,
        incidents=[one.slug for one in await recorded_incidents(engine)],
        found=await list_clusters(engine, incident=incident),
        saved=await sendable_replies(engine, incident),
        left=left or {},
        longest=LONGEST_NAME,
        refusal=refused.explanation if refused else None,
    )
