"""Tests of a mail: exactly what waits to be signed, mailed to one person on duty."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from client.samples import MailCopy, Sample, my_samples, send_sample
from surfaces.api.access import BASE, actor, bearer, engine_of
from surfaces.api.broadcasts import InAudience, InChannel
from surfaces.api.people import Address
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, Listed, NumberInPath, Shown, SlugInPath, Time

router = APIRouter(
    route_class=Resource,
    prefix=f"{BASE}/incidents/{{slug}}/messages/{{number}}",
    tags=["messages"],
)


class AskingForTest(Asked):
    """Where to mail a test; without a channel the message's first mail."""

    address: Address
    channel: InChannel | None = None
    audience: Annotated[
        InAudience | None, Field(description="Null: the copy for every audience.")
    ] = None


class MailTest(Shown):
    """A test that was asked for, and what became of it. Its address is not shown."""

    revision: int
    channel: str
    audience: str | None
    asked_at: Time
    state: str
    why: str

    @classmethod
    def of(cls, one: Sample) -> MailTest:
        """The same for the wire."""
        return cls(**one.model_dump(include=set(cls.model_fields)))


@router.get("/tests")
async def list_mail_tests(
    request: Request, slug: SlugInPath, number: NumberInPath
) -> Listed[MailTest]:
    """The newest tests of a message that the token's person has asked for, the newest first."""
    person = bearer(request).person.id
    found = await my_samples(engine_of(request), slug, number, person)
    return Listed(items=[MailTest.of(one) for one in found])


@router.post("/tests", status_code=201)
async def mail_test(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: AskingForTest
) -> Listed[MailTest]:
    """Mail the newest revision to one address, marked as a test. Ten an hour for each person."""
    which = MailCopy(channel=asked.channel, audience=asked.audience).key if asked.channel else ""
    engine = engine_of(request)
    await send_sample(
        engine, slug, number, actor=actor(request), address=asked.address, which=which
    )
    found = await my_samples(engine, slug, number, bearer(request).person.id)
    return Listed(items=[MailTest.of(one) for one in found])
