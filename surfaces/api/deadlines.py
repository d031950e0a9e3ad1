"""Deadlines to authorities: how they stand, recording that one was told, and fact sheets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import AwareDatetime, Field

from client.deadlines import DeadlinesView, read_deadlines, read_fact_sheet, record_notified
from domain.deadlines import NOT_LEGAL_ADVICE, AuthorityNotified, Deadline
from domain.fact_sheet import FactSheet
from domain.fact_values import spell_moment
from domain.limits import REASON_LIMIT
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, Shown, SlugInPath, Time, Told
from surfaces.api.views import done

router = APIRouter(route_class=Resource, prefix=f"{BASE}/incidents/{{slug}}", tags=["incidents"])

_Name = r"^[a-z][a-z0-9_]{0,39}$"
_Regulation = Annotated[str, Path(description="As in a deadline.", pattern=_Name, max_length=40)]


class AuthorityTold(Shown):
    """That an authority was told, as somebody recorded it. `reason` is why it was late."""

    at: Time
    by: str
    reason: str
    recorded_at: Time

    @classmethod
    def of(cls, said: AuthorityNotified) -> AuthorityTold:
        """The same for the wire."""
        return cls(at=said.at, by=said.by, reason=said.reason, recorded_at=said.recorded_at)


class DeadlineShown(Shown):
    """One step of one regulation.

    `due` is null before it counts, and where the rule has no number of hours or days.
    `starts_from` is what it counts from, and `missing` what is not known yet. `state` is one of
    `not_started, open, near, late, done, done_late`.
    """

    regulation: str
    step: str
    title: str
    rule: str
    told: str
    state: str
    starts_from: str | None
    started_at: Time | None
    due: Time | None
    zone: str = Field(description="Where its days begin and end.")
    missing: list[str]
    notified: AuthorityTold | None
    reason_missing: bool = Field(description="It was late, and the rule asks why.")

    @classmethod
    def of(cls, one: Deadline) -> DeadlineShown:
        """The same for the wire."""
        return cls(
            regulation=one.regulation,
            step=one.step,
            title=one.title,
            rule=one.rule,
            told=one.told,
            state=one.state.value,
            starts_from=one.starts_from or None,
            started_at=one.started_at,
            due=one.due,
            zone=one.zone,
            missing=list(one.missing),
            notified=AuthorityTold.of(one.notified) if one.notified else None,
            reason_missing=one.reason_missing,
        )


class DeadlinesShown(Shown):
    """What is due to authorities. `owner` is the role that is reminded; null: nobody is."""

    incident: str
    as_of: Time
    owner: str | None
    deadlines: list[DeadlineShown]
    advice: str

    @classmethod
    def of(cls, view: DeadlinesView) -> DeadlinesShown:
        """The same for the wire."""
        return cls(
            incident=view.incident,
            as_of=view.at,
            owner=view.owner,
            deadlines=[DeadlineShown.of(one) for one in view.deadlines],
            advice=NOT_LEGAL_ADVICE,
        )


class RecordingNotified(Asked):
    """That an authority was told. Nothing is sent to it; recording it anew corrects it."""

    step: str = Field(pattern=_Name, max_length=40)
    at: AwareDatetime | None = Field(None, description="Null: now.")
    reason: str = Field("", max_length=REASON_LIMIT, description="Why it was late.")


class NotifiedShown(Shown):
    """The deadline as it stands. `untold` is why the timeline does not say so, if it does not."""

    deadline: DeadlineShown
    untold: Told | None


class FactAnswer(Shown):
    """What is asked for, and the facts that answer it, by name; none: it is not known yet."""

    asks: str
    known: dict[str, str]


class FactSheetShown(Shown):
    """What an authority asks for, what is known, and what is not. It is never sent to anybody."""

    incident: str
    regulation: str
    name: str
    told: str
    source: str
    url: str
    verified: bool = Field(description="Whether all rules were compared with the law's wording.")
    made_at: Time
    deadlines: list[DeadlineShown]
    answers: list[FactAnswer]
    advice: str

    @classmethod
    def of(cls, sheet: FactSheet) -> FactSheetShown:
        """The same for the wire."""
        return cls(
            incident=sheet.incident,
            regulation=sheet.regulation,
            name=sheet.name,
            told=sheet.told,
            source=sheet.source,
            url=sheet.url,
            verified=sheet.verified,
            made_at=sheet.made_at,
            deadlines=[DeadlineShown.of(one) for one in sheet.deadlines],
            answers=[
                FactAnswer(asks=one.asks, known={fact.name: fact.text for fact in one.known})
                for one in sheet.answers
            ],
            advice=sheet.advice,
        )


@router.get("/deadlines")
async def read_incident_deadlines(request: Request, slug: SlugInPath) -> DeadlinesShown:
    """What is due to authorities, counted from the facts that are known now."""
    return DeadlinesShown.of(await read_deadlines(engine_of(request), slug))


@router.post("/deadlines/notifications", status_code=201)
async def record_authority_told(
    request: Request, slug: SlugInPath, asked: RecordingNotified
) -> NotifiedShown:
    """Record that an authority was told. Refused if it was late and the reason is missing."""
    work = record_notified(
        engine_of(request),
        slug,
        asked.step,
        actor=actor(request),
        at=spell_moment(asked.at) if asked.at else "",
        reason=asked.reason,
    )
    said = await done(request, slug, work)
    return NotifiedShown(
        deadline=DeadlineShown.of(said.deadline),
        untold=Told.of(said.untold) if said.untold else None,
    )


@router.get("/deadlines/{regulation}")
async def read_incident_fact_sheet(
    request: Request, slug: SlugInPath, regulation: _Regulation
) -> FactSheetShown:
    """The fact sheet of one regulation."""
    return FactSheetShown.of(await read_fact_sheet(engine_of(request), slug, regulation))
