"""One mention: every version of it, who has claimed it, and what can be done about it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from client import mentions
from client.answering import answer
from client.claims import claim_mention, current_claim, release_mention, renew_claim
from client.clusters import cluster_names, move_mentions
from client.conversation import conversation
from client.incidents import recorded_incidents
from client.mentions import MentionVersion, ShownMention, show_mention
from client.reply_options import reply_options
from domain.abilities import Ability
from domain.claims import LEASE, LONGEST_DRAFT
from domain.mentions import LONGEST_LINE, DismissalReason, ForeignLine, Mention
from domain.printable import clean
from surfaces.console.abilities import lacking
from surfaces.console.access import actor, engine_of, session
from surfaces.console.desk import REASONS, ClusterNumber, shown_rows
from surfaces.console.failures import Page, Refused, attempted
from surfaces.console.rendering import page, see

ONE = "/desk/{number}"

router = APIRouter(route_class=Page)

Number = Annotated[int, Path(ge=1, le=2**53)]


@router.get(ONE)
async def show(request: Request, number: Number) -> Response:
    """The mention as it is."""
    return await _show(request, number)


@router.post(ONE + "/claims")
async def take_claim(request: Request, number: Number) -> Response:
    """Claim it, or renew that."""
    work = claim_mention(engine_of(request), number, actor=actor(request))
    return await _done(request, number, work)


@router.post(ONE + "/drafts")
async def take_draft(
    request: Request, number: Number, draft: Annotated[str, Form()] = ""
) -> Response:
    """Keep what was typed, which renews the claim."""
    # A browser sends every end of a line as two characters.
    text = draft.replace("\r\n", "\n")
    work = renew_claim(engine_of(request), number, text, actor=actor(request))
    return await _done(request, number, work, draft=text)


@router.post(ONE + "/replies")
async def take_reply(
    request: Request,
    number: Number,
    saved: Annotated[str, Form()] = "",
    draft: Annotated[str, Form()] = "",
) -> Response:
    """Answer it: with a saved reply, or in one's own words."""
    text = "" if saved else draft.replace("\r\n", "\n")
    work = answer(engine_of(request), number, actor=actor(request), text=text, saved=saved)
    return await _done(request, number, work, draft=text, saved=saved)


@router.post(ONE + "/releases")
async def take_release(request: Request, number: Number) -> Response:
    """Let others have it."""
    work = release_mention(engine_of(request), number, actor=actor(request))
    return await _done(request, number, work)


@router.post(ONE + "/dismissal")
async def take_dismissal(
    request: Request,
    number: Number,
    reason: Annotated[DismissalReason, Form()] = DismissalReason.SPAM,
    words: Annotated[str, Form()] = "",
) -> Response:
    """Close it, since it needs no reply."""
    work = mentions.dismiss(engine_of(request), [number], reason, actor=actor(request), words=words)
    return await _done(request, number, work, reason=reason, words=words)


@router.post(ONE + "/reopening")
async def take_reopening(request: Request, number: Number) -> Response:
    """Open it again."""
    return await _done(request, number, mentions.reopen(engine_of(request), [number]))


@router.post(ONE + "/incident")
async def take_incident(
    request: Request, number: Number, incident: Annotated[ForeignLine, Form()] = ""
) -> Response:
    """Have it belong to an incident."""
    return await _done(request, number, mentions.draw_into(engine_of(request), [number], incident))


@router.post(ONE + "/cluster")
async def take_cluster(
    request: Request, number: Number, cluster: Annotated[ClusterNumber, Form()] = None
) -> Response:
    """Put it into another cluster, or into none."""
    work = move_mentions(engine_of(request), [number], cluster, actor=actor(request))
    return await _done(request, number, work)


async def _done(
    request: Request, number: int, work: Awaitable[object], **typed: object
) -> Response:
    done = await attempted(work)
    if isinstance(done, Refused):
        return await _show(request, number, done, **typed)
    return see(ONE.format(number=number))


async def _show(
    request: Request, number: int, refused: Refused | None = None, **typed: object
) -> Response:
    engine = engine_of(request)
    shown = await show_mention(engine, number)
    row = shown.row
    addresses = lacking(request, Ability.SEE_ADDRESSES) is None
    claim = current_claim(row)
    options = await reply_options(engine, row, actor=actor(request))
    kept = row.draft.text if row.draft else ""
    return page(
        request,
        "mention",
        f"Mention {number}",
        refused.status if refused else 200,
        row=row,
        mention=row.mention,
        versions=_newest_first(shown),
        talk=await conversation(engine, row, addresses=addresses),
        link=_link_of(row.mention.url),
        claim=claim,
        options=options,
        mine=claim is not None and claim.by == session(request).person.id,
        minutes=int(LEASE.total_seconds() // 60),
        incidents=[one.slug for one in await recorded_incidents(engine)],
        reasons=REASONS,
        typed=_closing(row.mention) | {"draft": kept, "saved": ""} | typed,
        longest=LONGEST_DRAFT,
        longest_words=LONGEST_LINE,
        refusal=refused.explanation if refused else None,
        **shown_rows(request, await cluster_names(engine, [row])),
    )


def _closing(mention: Mention) -> dict[str, object]:
    """What the form of a dismissal says first: a private message is answered elsewhere."""
    if mention.is_private_message:
        words = f"By private message on {mention.channel}"
        return {"reason": DismissalReason.ANSWERED_ELSEWHERE, "words": words}
    return {"reason": DismissalReason.SPAM, "words": ""}


def _newest_first(shown: ShownMention) -> list[MentionVersion]:
    """Every version; times may be equal, and the newest is the one that lists show."""
    current = shown.row.mention.version
    older = [one for one in reversed(shown.versions) if one.version != current]
    return [one for one in shown.versions if one.version == current] + older


def _link_of(url: str) -> tuple[str, str] | None:
    """An address that leads to the platform, and the host where that is; None for all else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or clean(url) != url:
        return None
    return url, host
