"""Answering on pages: one mention or several, agreeing, taking back, and how each reply stands."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from client import answering, replies
from client.replies import ReplyRow
from domain.model import Value
from domain.reply_states import ReplyGroup, states_of
from surfaces.console.access import actor, engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

HERE = "/desk/replies"
MOST = 100

router = APIRouter(route_class=Page)

ReplyNumber = Annotated[int, Path(ge=1, le=2**53)]


class Several(Value):
    """Mentions that get the same saved reply."""

    number: tuple[Annotated[int, Field(ge=1, le=2**53)], ...] = ()
    saved: str = ""


@router.get(HERE)
async def show(
    request: Request, which: Annotated[ReplyGroup, Query()] = ReplyGroup.WAITING
) -> Response:
    """Our replies in one state, the oldest first."""
    return await _show(request, which)


@router.post(HERE)
async def take_several(request: Request, chosen: Annotated[Several, Form()]) -> Response:
    """Answer the chosen mentions with a saved reply."""
    if not chosen.number:
        return see("/desk")
    work = answering.answer_many(
        engine_of(request), chosen.number, actor=actor(request), saved=chosen.saved
    )
    done = await attempted(work)
    if isinstance(done, Refused):
        return await _show(request, ReplyGroup.PLANNED, done)
    if done.left:
        return await _show(request, ReplyGroup.PLANNED, left=done.left)
    return see(f"{HERE}?which={ReplyGroup.PLANNED}")


@router.post(HERE + "/{reply}/agreement")
async def take_agreement(request: Request, reply: ReplyNumber) -> Response:
    """Let it out: a second person has read it."""
    return await _done(
        request, replies.agree_to_reply(engine_of(request), reply, actor=actor(request))
    )


@router.post(HERE + "/{reply}/withdrawal")
async def take_withdrawal(request: Request, reply: ReplyNumber) -> Response:
    """Take it back before it is sent."""
    return await _done(request, replies.take_back(engine_of(request), reply, actor=actor(request)))


@router.post(HERE + "/{reply}/settlement")
async def take_settlement(
    request: Request,
    reply: ReplyNumber,
    went_out: Annotated[bool, Form()],
    url: Annotated[str, Form()] = "",
) -> Response:
    """Enter whether an unknown one went out."""
    work = replies.settle_reply(
        engine_of(request), reply, sent=went_out, actor=actor(request), url=url
    )
    return await _done(request, work)


async def _done(request: Request, work: Awaitable[ReplyRow]) -> Response:
    done = await attempted(work)
    if isinstance(done, Refused):
        return await _show(request, ReplyGroup.WAITING, done)
    return see(f"/desk/{done.mention}")


async def _show(
    request: Request,
    which: ReplyGroup,
    refused: Refused | None = None,
    left: dict[str, int] | None = None,
) -> Response:
    found = await replies.list_replies(
        engine_of(request), states_of(which), waiting=which is ReplyGroup.WAITING, limit=MOST
    )
    return page(
        request,
        "replies",
        "Replies",
        refused.status if refused else 200,
        which=which,
        every=[one for one in ReplyGroup if one is not ReplyGroup.ALL],
        found=found,
        most=MOST,
        left=left or {},
        waiting=await replies.waiting_accounts(engine_of(request)),
        me=session(request).person.id,
        refusal=refused.explanation if refused else None,
    )
