"""Replies: answering what people say, agreeing to it, taking it back, and how each stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from client import answering, replies
from client.answering import LONGEST, MOST, PlannedReplies
from client.cluster_replies import answer_cluster
from client.replies import ReplyRow
from domain.publication import PublicationState
from domain.reply_states import ReplyGroup, states_of
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.clusters import ClusterInPath
from surfaces.api.mentions import MentionInPath
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, Limit, Listed, Shown, Time, Told

router = APIRouter(route_class=Resource, prefix=BASE, tags=["replies"])

ReplyInPath = Annotated[int, Path(description="The reply's number.", ge=1, le=2**53, examples=[7])]
_Saved = Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]


class ReplyShown(Shown):
    """Our reply to one mention. `waits`: a second person has to agree to the words first.

    `state` is that of a publication: `accepted` has a receipt, and only then is the mention
    answered; of `unknown` nobody can tell whether it went out. `saved` is empty for words of one's
    own.
    """

    number: int
    mention: int
    channel: str
    text: str
    saved: str
    by: str
    second: str
    waits: bool
    state: str
    planned_at: Time
    url: str | None
    answered_at: Time | None
    explanation: Told | None

    @classmethod
    def of(cls, row: ReplyRow) -> ReplyShown:
        """The same for the wire."""
        return cls(
            number=row.number,
            mention=row.mention,
            channel=row.channel,
            text=row.text,
            saved=row.ground.saved,
            by=row.ground.by,
            second=row.ground.second,
            waits=row.waits and row.state is PublicationState.PLANNED,
            state=row.state.value,
            planned_at=row.planned_at,
            url=row.receipt.url if row.receipt else None,
            answered_at=row.receipt.at if row.receipt else None,
            explanation=Told.of(row.explanation) if row.explanation else None,
        )


class Answering(Asked):
    """A saved reply by its name, or words of one's own: one of the two."""

    saved: _Saved = ""
    text: Annotated[str, Field(max_length=LONGEST)] = ""


class AnsweringMany(Asked):
    """The mentions that get this saved reply, each in another wording."""

    mentions: Annotated[
        list[Annotated[int, Field(ge=1, le=2**53)]], Field(min_length=1, max_length=MOST)
    ]
    saved: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class AnsweringCluster(Asked):
    """The saved reply for all that is open in a cluster: of an incident, or of all."""

    saved: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
    incident: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")] = ""


class RepliesPlanned(Shown):
    """How many replies were planned, and why others were not, each reason with how many."""

    planned: list[int]
    left: dict[str, int]

    @classmethod
    def of(cls, done: PlannedReplies) -> RepliesPlanned:
        """The same for the wire; replies by their numbers."""
        return cls(planned=[one.number for one in done.planned], left=done.left)


class AboutReply(Asked):
    """Nothing: it is about the reply in the path."""


class SettlingReply(Asked):
    """What somebody saw on the platform, and where."""

    went_out: bool
    url: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


@router.post("/mentions/{number}/replies", status_code=201)
async def answer_mention(request: Request, number: MentionInPath, asked: Answering) -> ReplyShown:
    """Answer a mention. It is sent as soon as the account's limits allow."""
    row = await answering.answer(
        engine_of(request), number, actor=actor(request), text=asked.text, saved=asked.saved
    )
    return ReplyShown.of(row)


@router.post("/replies", status_code=201)
async def answer_many_mentions(request: Request, asked: AnsweringMany) -> RepliesPlanned:
    """Answer many mentions with the same saved reply."""
    done = await answering.answer_many(
        engine_of(request), asked.mentions, actor=actor(request), saved=asked.saved
    )
    return RepliesPlanned.of(done)


@router.post("/mentions/clusters/{number}/replies", status_code=201)
async def answer_one_cluster(
    request: Request, number: ClusterInPath, asked: AnsweringCluster
) -> RepliesPlanned:
    """Answer all that is open in a cluster with the same saved reply."""
    done = await answer_cluster(
        engine_of(request), number, actor=actor(request), saved=asked.saved, incident=asked.incident
    )
    return RepliesPlanned.of(done)


@router.get("/replies")
async def list_all_replies(
    request: Request,
    which: ReplyGroup = ReplyGroup.ALL,
    incident: Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")] = "",
    limit: Limit = 100,
) -> Listed[ReplyShown]:
    """Our replies, the oldest first; `waiting` are those for a second person."""
    found = await replies.list_replies(
        engine_of(request),
        states_of(which),
        waiting=which is ReplyGroup.WAITING,
        incident=incident,
        limit=limit,
    )
    return Listed(items=[ReplyShown.of(one) for one in found], next=None)


@router.get("/replies/{number}")
async def read_reply(request: Request, number: ReplyInPath) -> ReplyShown:
    """One reply, and how it stands."""
    return ReplyShown.of(await replies.show_reply(engine_of(request), number))


@router.post("/replies/{number}/agreement", status_code=201)
async def agree_to_one_reply(
    request: Request, number: ReplyInPath, asked: AboutReply
) -> ReplyShown:
    """Let a reply out that waits for a second person: the token's person has read it."""
    row = await replies.agree_to_reply(engine_of(request), number, actor=actor(request))
    return ReplyShown.of(row)


@router.post("/replies/{number}/withdrawal", status_code=201)
async def take_one_back(request: Request, number: ReplyInPath, asked: AboutReply) -> ReplyShown:
    """Withdraw a reply before it is sent; its mention stays open."""
    return ReplyShown.of(await replies.take_back(engine_of(request), number, actor=actor(request)))


@router.post("/replies/{number}/settlement", status_code=201)
async def settle_one_reply(
    request: Request, number: ReplyInPath, asked: SettlingReply
) -> ReplyShown:
    """Say of a reply whose end nobody knows whether it is public."""
    row = await replies.settle_reply(
        engine_of(request), number, sent=asked.went_out, actor=actor(request), url=asked.url
    )
    return ReplyShown.of(row)
