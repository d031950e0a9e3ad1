"""Mentions: what people say to us, claiming and dismissing them, and whether it is heard."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from client import mentions
from client.claims import claim_mention, current_claim
from client.errors import UnknownMention
from client.mention_authors import has_hidden_address, without_address
from client.mentions import MentionRow, Order
from client.source_state import SeenSource
from domain.abilities import Ability
from domain.claims import Claim
from domain.mentions import LONGEST_LINE, DismissalReason, MentionState
from domain.priorities import MentionPriority
from domain.tokens import Scope
from surfaces.api.access import BASE, actor, bearer, engine_of
from surfaces.api.cursors import cursor_of, no_cursor, place_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, Cursor, Limit, Listed, Shown, Time, Told

router = APIRouter(route_class=Resource, prefix=BASE, tags=["mentions"])

MentionInPath = Annotated[
    int, Path(description="The mention's number.", ge=1, le=2**53, examples=[12])
]
_Word = Annotated[str, Query(max_length=LONGEST_LINE, pattern=r"^[^\x00]*$")]


class MentionAuthor(Shown):
    """Who said it, as far as the platform tells; of a mail, id and handle are the address."""

    id: str
    handle: str
    name: str
    followers: int | None


class ClaimShown(Shown):
    """Who has claimed a mention; it holds until `until` unless it is renewed."""

    by: str
    since: Time
    until: Time

    @classmethod
    def of(cls, claim: Claim) -> ClaimShown:
        """The same for the wire."""
        return cls(**claim.model_dump())


class MentionListed(Shown):
    """A mention in its newest version. Its words are strangers' and may be anything.

    `id` is the platform's. `address_hidden`: it is a mail, and this token may not read addresses,
    so `id`, `conversation`, `reply_to` and the author's address are empty. `claim` is null where
    nobody holds it. `reason`, `words` and `closed_by` say why it was dismissed; nobody is a rule.
    `rule` is the name of the rule of the playbook that gave it its `priority`.
    """

    number: int
    channel: str
    id: str
    kind: str
    state: str
    author: MentionAuthor
    address_hidden: bool
    text: str
    cut: bool
    language: str
    conversation: str
    reply_to: str
    url: str
    private: bool
    written_at: Time
    changed_at: Time
    arrived_at: Time
    closed_at: Time | None
    reason: str | None
    words: str
    closed_by: str
    incident: str | None
    cluster: int | None
    priority: MentionPriority
    rule: str
    claim: ClaimShown | None

    @classmethod
    def of(cls, row: MentionRow, *, addresses: bool) -> MentionListed:
        """The same for the wire; without addresses for a token that may not read them."""
        hidden = has_hidden_address(row.mention, addresses=addresses)
        said = without_address(row.mention) if hidden else row.mention
        claim = current_claim(row)
        shown = said.model_dump(mode="json") | row.model_dump(mode="json")
        shown |= {
            "id": "" if hidden else said.id,
            "address_hidden": hidden,
            "incident": row.incident or None,
            "claim": ClaimShown.of(claim) if claim else None,
        }
        return cls.model_validate(shown)


class MentionVersionShown(Shown):
    """One version of what was said."""

    text: str
    cut: bool
    changed_at: Time
    arrived_at: Time


class DraftShown(Shown):
    """A reply as somebody has typed it so far."""

    text: str
    by: str
    at: Time


class MentionShown(MentionListed):
    """A mention with every version of its words, the oldest first, and the draft of a reply."""

    versions: list[MentionVersionShown]
    draft: DraftShown | None


class DismissingMention(Asked):
    """Why a mention needs no reply; some reasons need words."""

    reason: DismissalReason
    words: Annotated[str, Field(max_length=LONGEST_LINE)] = ""


class MentionDismissed(Shown):
    """It is done."""

    number: int
    state: str = "dismissed"


class Claiming(Asked):
    """Nothing: the claim is that of the token's person."""


class SourceShown(Shown):
    """A channel that is listened to, or its private messages.

    `problems` is what somebody should do something about.
    """

    channel: str
    private: bool
    health: str
    every: int
    succeeded_at: Time | None
    item_at: Time | None
    behind: int
    problems: list[Told]
    notes: list[str]

    @classmethod
    def of(cls, source: SeenSource) -> SourceShown:
        """The same for the wire."""
        shown = source.model_dump(mode="json")
        return cls.model_validate(shown | {"problems": [Told.of(one) for one in source.problems]})


@router.get("/mentions")
async def list_all_mentions(
    request: Request,
    state: MentionState | None = None,
    channel: _Word = "",
    incident: _Word = "",
    author: Annotated[
        _Word, Query(description="A handle or an id, exactly. It finds no mail.")
    ] = "",
    cluster: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    language: Annotated[_Word, Query(description="As the platform says.")] = "",
    claimed_by: Annotated[_Word, Query(description="Who claimed it last.")] = "",
    priority: Annotated[
        MentionPriority, Query(description="This one or a higher one.")
    ] = MentionPriority.NONE,
    order: Annotated[
        Order, Query(description="`priority`: the most urgent first, and there the oldest.")
    ] = Order.NEWEST,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Listed[MentionListed]:
    """What people said, the newest first, or the most urgent."""
    place = place_of(cursor, int)
    try:
        found = await mentions.list_mentions(
            engine_of(request),
            state=state,
            channel=channel,
            incident=incident,
            author=author,
            # Addresses are in no URL, since those end in logs of others.
            mail=not author,
            cluster=cluster,
            language=language,
            claimed_by=claimed_by,
            priority=priority,
            order=order,
            after=int(place[0]) if place else None,
            limit=limit,
        )
    except UnknownMention as error:
        raise no_cursor() from error
    addresses = _sees_addresses(request)
    return Listed(
        items=[MentionListed.of(row, addresses=addresses) for row in found.mentions],
        next=None if found.after is None else cursor_of(found.after),
    )


@router.get("/mentions/{number}")
async def read_mention(request: Request, number: MentionInPath) -> MentionShown:
    """One mention, with every version of its words."""
    found = await mentions.show_mention(engine_of(request), number)
    listed = MentionListed.of(found.row, addresses=_sees_addresses(request))
    draft = found.row.draft
    return MentionShown(
        **listed.model_dump(),
        versions=[MentionVersionShown(**one.model_dump()) for one in found.versions],
        draft=DraftShown(**draft.model_dump()) if draft else None,
    )


@router.post("/mentions/{number}/dismissal", status_code=201)
async def dismiss_mention(
    request: Request, number: MentionInPath, asked: DismissingMention
) -> MentionDismissed:
    """Close an open mention that needs no reply. Refused while somebody else has claimed it."""
    await mentions.dismiss(
        engine_of(request), [number], asked.reason, actor=actor(request), words=asked.words
    )
    return MentionDismissed(number=number)


@router.post("/mentions/{number}/claim", status_code=201)
async def claim_one_mention(request: Request, number: MentionInPath, asked: Claiming) -> ClaimShown:
    """Claim an open mention for three minutes; again, under another key, renews that."""
    claim = await claim_mention(engine_of(request), number, actor=actor(request))
    return ClaimShown.of(claim)


@router.get("/sources")
async def list_all_sources(request: Request) -> Listed[SourceShown]:
    """Each channel that is listened to: when it was read last, and what is wrong."""
    found = await mentions.list_sources(engine_of(request))
    return Listed(items=[SourceShown.of(one) for one in found])


def _sees_addresses(request: Request) -> bool:
    """Whether this token may read addresses: by its scope, and its person by the ability."""
    asks = bearer(request)
    may = Ability.SEE_ADDRESSES in asks.person.abilities
    return may and Scope.PEOPLE_READ in asks.token.scopes
