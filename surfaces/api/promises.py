"""Promises: severity, the scorecard, and the statements that were approved in advance."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field

from client.holding import approved_statements, release
from client.patience import soon
from client.scorecard import scorecard
from client.severity import set_severity
from domain.holding import FIRST_WORD, Blank
from domain.limits import NAME_LIMIT, NAMES_LIMIT
from domain.severity import Severity
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.incident_shapes import Incident, shown_status
from surfaces.api.message_shapes import Message, shown_message
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, Listed, Reason, Shown, SlugInPath, Time
from surfaces.api.views import done

router = APIRouter(route_class=Resource, prefix=BASE, tags=["incidents"])

Name = Annotated[str, Field(max_length=NAME_LIMIT)]


class PromiseShown(Shown):
    """A promise of the next update, and what became of it."""

    message: int
    owner: str
    made_at: Time
    due: Time
    state: Literal["open", "kept", "kept_by_fallback", "moved", "broken"]
    ended_at: Time | None
    ended_by: int | None = Field(description="The message that ended it, if one did.")
    late_seconds: int
    why: str = Field(description="Why it was broken.")
    answered: list[str]


class ScorecardShown(Shown):
    """Whether people heard from us when they had been promised to."""

    severity: Literal[1, 2, 3] | None
    kept: int
    late: int = Field(description="Of those kept, the ones that were so within the grace.")
    kept_by_fallback: int
    moved: int
    broken: int
    open: int
    first_word_by: Time | None
    first_word_at: Time | None
    promises: list[PromiseShown]


class SettingSeverity(Asked):
    """How bad the incident is, and why that has changed."""

    severity: Literal[1, 2, 3]
    reason: Reason


class ReleasingStatement(Asked):
    """A statement that was approved in advance, with a value for each of its blanks."""

    statement: Name = FIRST_WORD
    blanks: dict[Name, Annotated[str, Field(max_length=200)]] = Field(
        default_factory=dict, max_length=NAMES_LIMIT
    )
    next_update_by: AwareDatetime | None = Field(
        None, description="Promise the next update by this time."
    )


class StatementListed(Shown):
    """One approved statement: its words, and what each of its blanks may be."""

    playbook: str
    name: str
    kind: str
    channels: list[str]
    text: str
    blanks: dict[str, Blank]
    valid_until: Time
    expired: bool
    incident: str
    message: int


@router.get("/incidents/{slug}/scorecard")
async def read_scorecard(request: Request, slug: SlugInPath) -> ScorecardShown:
    """Every promise of a next update, what became of it, and when the first word was out."""
    found = await soon(scorecard(engine_of(request), slug))
    counts = found.scorecard.model_dump(include=set(ScorecardShown.model_fields))
    promises = [
        PromiseShown(
            message=one.number,
            late_seconds=round(one.late_by.total_seconds()),
            **one.model_dump(include=set(PromiseShown.model_fields)),
        )
        for one in found.promises
    ]
    severity = None if found.severity is None else found.severity.value
    return ScorecardShown(severity=severity, promises=promises, **counts)


@router.post("/incidents/{slug}/severities", status_code=201)
async def change_severity(request: Request, slug: SlugInPath, asked: SettingSeverity) -> Incident:
    """Set the severity, which decides how soon and how often people are asked."""
    work = set_severity(
        engine_of(request),
        slug,
        Severity(asked.severity),
        actor=actor(request),
        reason=asked.reason,
    )
    return shown_status(await done(request, slug, work))


@router.post("/incidents/{slug}/releases", status_code=201)
async def release_holding_statement(
    request: Request, response: Response, slug: SlugInPath, asked: ReleasingStatement
) -> Message:
    """Publish a statement that was approved in advance: nobody has to sign it any more."""
    work = release(
        engine_of(request),
        slug,
        asked.statement,
        actor=actor(request),
        blanks=asked.blanks,
        next_update_by=asked.next_update_by,
    )
    made = await done(request, slug, work)
    response.headers["Location"] = f"{BASE}/incidents/{slug}/messages/{made.number}"
    return shown_message(slug, made)


@router.get("/holding-statements")
async def list_holding_statements(request: Request) -> Listed[StatementListed]:
    """The statements that are approved, the newest approval of each playbook."""
    found = await soon(approved_statements(engine_of(request)))
    return Listed(
        items=[
            StatementListed(
                playbook=one.forms.playbook,
                valid_until=one.forms.valid_until,
                expired=one.expired,
                incident=one.ref.incident,
                message=one.ref.number,
                **statement.model_dump(),
            )
            for one in found
            if one.newest
            for statement in one.forms.statements
        ]
    )
