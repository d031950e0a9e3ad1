"""Broadcasts: how far the mail is, and steering it; and what to do where something went wrong."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field, StrictBool

from client.broadcasts import steer_broadcast
from client.ledger_view import read_from_ledger
from client.mail_progress import MailProgress
from client.publications import retry_channel, settle
from client.stopping import resume_all, stop_all
from domain.broadcasting import BroadcastAction
from domain.ids import AudienceName, ChannelName
from domain.limits import NAMES_LIMIT, URL_LIMIT
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.message_shapes import Message, shown_message
from surfaces.api.resource import Resource
from surfaces.api.shapes import (
    Asked,
    Listed,
    NumberInPath,
    Reason,
    Shown,
    SlugInPath,
    StopShown,
    Time,
)
from surfaces.api.views import done, message_in, view_of

router = APIRouter(route_class=Resource, prefix=f"{BASE}/incidents/{{slug}}", tags=["broadcasts"])

_MESSAGE = "/messages/{number}"

InChannel = Annotated[ChannelName, Field(max_length=31, pattern=r"^[a-z][a-z0-9_]{0,30}$")]
InAudience = Annotated[AudienceName, Field(max_length=63, pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]


class Broadcast(Shown):
    """A message on its way to an audience, in recipients; each is counted once.

    `went_out` is everybody whose mail the provider accepted, whatever became of it. `per_second`
    and `seconds_left` are null where nobody has just looked, and while Temporal is away.
    """

    message: int
    channel: str
    audience: str
    recipients: int
    planned: int
    sending: int
    accepted: int
    processed: int
    delivered: int
    bounced: int
    dropped: int
    refused: int
    unknown: int
    withdrawn: int
    suppressed: int
    went_out: int
    first_accepted_at: Time | None
    last_accepted_at: Time | None
    per_second: float | None
    seconds_left: float | None

    @classmethod
    def of(cls, mail: MailProgress, *, measured: bool) -> Broadcast:
        """The same for the wire."""
        same = cls.model_fields.keys() & type(mail.counts).model_fields.keys()
        return cls(
            **mail.counts.model_dump(include=set(same)),
            message=mail.message,
            channel=mail.channel,
            audience=mail.audience,
            recipients=mail.counts.recipients,
            went_out=mail.counts.went_out,
            per_second=mail.per_second if measured else None,
            seconds_left=mail.seconds_left if measured else None,
        )


class Steering(Asked):
    """Pausing, resuming or stopping a mailing; where there is one only, it need not be named."""

    action: BroadcastAction
    channel: InChannel | None = None
    audience: InAudience | None = None
    reason: Reason = ""


class Retrying(Asked):
    """Publishing once more where it was refused, abandoned, or half of it."""

    channel: InChannel
    audience: InAudience | None = None


class Settling(Asked):
    """What somebody saw at the platform, where nobody knows whether it went out."""

    channel: InChannel
    audience: InAudience | None = None
    went_out: StrictBool
    url: Annotated[str, Field(max_length=URL_LIMIT)] | None = Field(
        None, description="Where it can be read."
    )
    batches: list[Annotated[int, Field(ge=0, le=1_000_000_000, strict=True)]] = Field(
        default_factory=list, max_length=NAMES_LIMIT, description="Only these; none: all of them."
    )


class Stopping(Asked):
    """Stopping everything of an incident."""

    reason: Reason = ""


class Resuming(Asked):
    """Resuming everything of an incident. There is nothing to say."""


@router.get("/broadcasts")
async def list_broadcasts(request: Request, slug: SlugInPath) -> Listed[Broadcast]:
    """Every broadcast of an incident, with its counts."""
    seen = await view_of(request, slug)
    if seen.look is not None:
        return Listed(items=[Broadcast.of(one, measured=True) for one in seen.look.mails])
    kept = seen.ledger or await read_from_ledger(engine_of(request), slug)
    mails = [mail for message in kept.messages for mail in message.mails]
    return Listed(items=[Broadcast.of(one, measured=False) for one in mails])


@router.post(_MESSAGE + "/broadcast-actions", status_code=201)
async def steer_mail(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Steering
) -> Message:
    """Pause, resume or stop one mailing of a message."""
    await message_in(request, slug, number)
    work = steer_broadcast(
        engine_of(request),
        slug,
        number,
        asked.action,
        actor=actor(request),
        channel=asked.channel or "",
        audience=asked.audience,
        reason=asked.reason.strip(),
    )
    return shown_message(slug, await done(request, slug, work))


@router.post(_MESSAGE + "/retries", status_code=201)
async def retry_publication(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Retrying
) -> Message:
    """Publish a message once more where it did not go out. What may have is looked for first."""
    await message_in(request, slug, number)
    work = retry_channel(
        engine_of(request),
        slug,
        number,
        asked.channel,
        actor=actor(request),
        audience=asked.audience,
    )
    return shown_message(slug, await done(request, slug, work))


@router.post(_MESSAGE + "/settlements", status_code=201)
async def settle_publication(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Settling
) -> Message:
    """Enter what somebody saw at the platform, where nobody knew whether it went out."""
    await message_in(request, slug, number)
    work = settle(
        engine_of(request),
        slug,
        number,
        asked.channel,
        actor=actor(request),
        went_out=asked.went_out,
        audience=asked.audience,
        url=asked.url,
        batches=asked.batches,
    )
    return shown_message(slug, await done(request, slug, work))


@router.post("/stops", status_code=201)
async def stop_everything(request: Request, slug: SlugInPath, asked: Stopping) -> StopShown:
    """Let no further post or mail of an incident begin; it holds while Temporal is away, too."""
    work = stop_all(engine_of(request), slug, actor=actor(request), reason=asked.reason)
    return StopShown.of((await done(request, slug, work)).stop)


@router.post("/resumptions", status_code=201)
async def resume_everything(request: Request, slug: SlugInPath, asked: Resuming) -> StopShown:
    """Let everything of an incident go on where it was."""
    work = resume_all(engine_of(request), slug, actor=actor(request))
    return StopShown.of((await done(request, slug, work)).stop)
