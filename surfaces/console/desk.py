"""The desk: what people say to us, the newest first, and dismissing several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from pydantic import BeforeValidator, Field
from starlette.responses import Response

from client.claims import current_claim
from client.cluster_replies import sendable_replies
from client.clusters import cluster_names
from client.desk import DeskNews, Which, desk_news, newest_mention
from client.desk_shifts import colleagues
from client.incidents import ListedIncident, recorded_incidents
from client.mention_authors import author_of
from client.mentions import Order, dismiss, list_mentions, not_begun
from domain.abilities import Ability
from domain.mentions import DismissalReason, ForeignLine, MentionState
from domain.model import Value
from domain.priorities import MentionPriority
from surfaces.console.abilities import lacking
from surfaces.console.access import actor, engine_of, session
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.live import repeated
from surfaces.console.rendering import page, part, see
from surfaces.console.reply_plan import shown_plans

HERE = "/desk"
ON_A_PAGE = 50
_MOST_BRIEFINGS = 3
EVERY = timedelta(seconds=5)
REASONS = [one for one in DismissalReason if one is not DismissalReason.AUTOMATIC]
"""Why a person dismisses something; what machines write is dismissed by a rule."""

router = APIRouter(route_class=Page)


def _number(typed: object) -> object:
    return None if typed == "" else typed


ClusterNumber = Annotated[Annotated[int, Field(ge=1, le=2**53)] | None, BeforeValidator(_number)]
"""A cluster as a form names it: a field that was left empty names none."""


class Filters(Value):
    """Which mentions the queue has, as its address says it; ``mine``: those that I claimed."""

    state: Literal["open", "answered", "dismissed", "deleted", "all"] = "open"
    channel: ForeignLine = ""
    incident: ForeignLine = ""
    author: ForeignLine = ""
    cluster: ClusterNumber = None
    language: ForeignLine = ""
    priority: MentionPriority = MentionPriority.NONE
    order: Order = Order.NEWEST
    mine: bool = False

    @property
    def wanted(self) -> MentionState | None:
        """The state, or None for all."""
        return None if self.state == "all" else MentionState(self.state)

    @property
    def narrow(self) -> bool:
        """Whether something beside the state is asked for."""
        all_of_it = Filters(state=self.state, order=self.order)
        return self != all_of_it

    def href(self, place: str = HERE, **more: str | int) -> str:
        """The address of the queue with these filters, or with ``more`` in their place."""
        said = self.model_dump(exclude_defaults=True) | more
        said = {name: "1" if one is True else one for name, one in said.items()}
        said = {name: one for name, one in said.items() if (name, one) != ("state", "open")}
        return f"{place}?{urlencode(said)}" if said else place

    def which(self, person: str) -> Which:
        """The same for the ledger. An address finds no mail: addresses of pages end in logs."""
        return Which(
            state=self.wanted,
            channel=self.channel,
            author=self.author.strip().removeprefix("@"),
            incident=self.incident,
            claimed_by=person if self.mine else "",
            mail=not self.author.strip(),
            cluster=self.cluster,
            language=self.language.strip(),
            priority=self.priority,
        )


class Chosen(Value):
    """What was chosen on the queue, and why it is to be dismissed."""

    number: tuple[Annotated[int, Field(ge=1, le=2**53)], ...] = ()
    reason: DismissalReason = DismissalReason.SPAM
    words: str = ""


@router.get(HERE)
async def show(
    request: Request,
    asked: Annotated[Filters, Query()],
    after: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Response:
    """The queue, or the page of it behind mention ``after``."""
    return await _show(request, asked, after=after)


@router.get(HERE + "/live")
async def show_live(
    request: Request, asked: Annotated[Filters, Query()], since: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """What has changed since the queue was made; the queue itself stays as it is."""

    async def render() -> str:
        news = await _news(request, asked, since)
        waiting = await _not_begun(request, news)
        return part(
            request, "desk", asked=asked, news=news, not_begun=waiting, states=_states(asked)
        )

    return repeated(request, render, EVERY)


@router.post(HERE + "/dismissals")
async def take_dismissals(
    request: Request, asked: Annotated[Filters, Query()], chosen: Annotated[Chosen, Form()]
) -> Response:
    """Dismiss the chosen ones."""
    if not chosen.number:
        return see(asked.href())
    work = dismiss(
        engine_of(request),
        chosen.number,
        chosen.reason,
        actor=actor(request),
        words=chosen.words,
    )
    done = await attempted(work)
    if isinstance(done, Refused):
        return await _show(request, asked, chosen, done)
    return see(asked.href())


async def show_refused(request: Request, asked: Filters, refused: Refused) -> Response:
    """The queue with why something was not done."""
    return await _show(request, asked, refused=refused)


async def _show(
    request: Request,
    asked: Filters,
    chosen: Chosen | None = None,
    refused: Refused | None = None,
    after: int | None = None,
) -> Response:
    engine = engine_of(request)
    # First, so that whatever comes meanwhile is announced.
    newest = await newest_mention(engine)
    which = asked.which(session(request).person.id)
    found = await list_mentions(
        engine, after=after, limit=ON_A_PAGE, order=asked.order, **which.model_dump()
    )
    named = await cluster_names(engine, found.mentions)
    news = await _news(request, asked, newest)
    waiting = await _not_begun(request, news)
    recorded = await recorded_incidents(engine)
    return page(
        request,
        "desk",
        "Desk",
        refused.status if refused else 200,
        asked=asked,
        after=after,
        found=found,
        news=news,
        not_begun=waiting,
        states=_states(asked),
        channels=sorted({one.channel for one in news.sources} | set(waiting)),
        incidents=[one.slug for one in recorded],
        briefings=[asked.incident] if asked.incident else _open(recorded),
        saved=await sendable_replies(engine, asked.incident),
        reasons=REASONS,
        priorities=list(MentionPriority),
        orders=list(Order),
        colleagues=await _colleagues(request) if asked.mine else [],
        plans=await shown_plans(request, asked.incident),
        chosen=chosen or Chosen(),
        refusal=refused.explanation if refused else None,
        **shown_rows(request, named),
    )


def shown_rows(request: Request, named: Mapping[int, str] | None = None) -> dict[str, Any]:
    """How templates show who said it, who has claimed it, and what the cluster's name is."""
    addresses = lacking(request, Ability.SEE_ADDRESSES) is None
    return {
        "claim_of": current_claim,
        "by": lambda mention: author_of(mention, addresses=addresses),
        "me": session(request).person.id,
        "cluster_names": named or {},
    }


def _open(recorded: Sequence[ListedIncident]) -> list[str]:
    """The names of the open incidents, whose briefings are linked; a few of them."""
    return [one.slug for one in recorded if one.closed_at is None][:_MOST_BRIEFINGS]


async def _colleagues(request: Request) -> list[str]:
    """To whom what one has claimed can be handed over; nobody where the files cannot be read."""
    found = await attempted(colleagues(engine_of(request), session(request).person.id))
    return [] if isinstance(found, Refused) else found


async def _news(request: Request, asked: Filters, since: int) -> DeskNews:
    return await desk_news(engine_of(request), asked.which(session(request).person.id), since)


async def _not_begun(request: Request, news: DeskNews) -> list[str]:
    """The channels that are to be listened to and that no worker has begun with.

    What a channel can do is asked once: building it takes long, and settings stay as they are.
    """
    known = tuple(one.channel for one in news.sources if not one.private)
    kept: dict[tuple[str, ...], list[str]] = request.app.state.not_begun
    if known not in kept:
        kept[known] = await not_begun(engine_of(request).settings, known)
    return kept[known]


def _states(asked: Filters) -> list[tuple[str, str]]:
    """Each state that the queue can have, and the address of that."""
    return [(one, asked.href(state=one)) for one in (*MentionState, "all")]
