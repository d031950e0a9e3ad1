"""Channels in quarantine: which are, putting one there, and lifting it by two people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from client.quarantine import ChannelStanding, lift_quarantine, quarantine, standing
from domain.quarantine import Quarantine
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.resource import Resource
from surfaces.api.shapes import Asked, Reason, Shown, Time

router = APIRouter(route_class=Resource, prefix=BASE, tags=["channels"])
ChannelInPath = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,30}$", description="A channel.")]


class ChannelShown(Shown):
    """A channel; the rest is null unless it is in quarantine.

    `lift_asked_by` says that the account is ours again; somebody else has to confirm it.
    """

    channel: str
    quarantined: bool
    since: Time | None = None
    by: str | None = None
    reason: str | None = None
    lift_asked_by: str | None = None

    @classmethod
    def of(cls, one: ChannelStanding) -> ChannelShown:
        """The same for the wire."""
        held = one.quarantine
        if held is None or not held.in_force:
            return cls(channel=one.channel, quarantined=False)
        return cls(
            channel=one.channel,
            quarantined=True,
            since=held.at,
            by=held.by.person,
            reason=held.reason,
            lift_asked_by=held.lift_asked_by.person if held.lift_asked_by else None,
        )


class Channels(Shown):
    """Every channel that is set up, by name."""

    items: list[ChannelShown]


class Quarantining(Asked):
    """Putting a channel in quarantine."""

    reason: Reason = ""


class Lifting(Asked):
    """Saying that it is ours again. There is nothing else to say."""


@router.get("/channels")
async def list_channels(request: Request) -> Channels:
    """Every channel, and which are in quarantine."""
    found = await standing(engine_of(request))
    return Channels(items=[ChannelShown.of(one) for one in found])


@router.post("/channels/{channel}/quarantine", status_code=201)
async def quarantine_channel(
    request: Request, channel: ChannelInPath, asked: Quarantining
) -> ChannelShown:
    """Let nothing more go out on a channel, for any incident; it holds while Temporal is away."""
    work = quarantine(engine_of(request), channel, actor=actor(request), reason=asked.reason)
    return _shown(channel, (await work).quarantine)


@router.post("/channels/{channel}/quarantine-lift", status_code=201)
async def lift_channel(request: Request, channel: ChannelInPath, asked: Lifting) -> ChannelShown:
    """Say that a channel is ours again; the second person who says so ends its quarantine."""
    work = lift_quarantine(engine_of(request), channel, actor=actor(request))
    return _shown(channel, (await work).quarantine)


def _shown(channel: str, held: Quarantine) -> ChannelShown:
    return ChannelShown.of(ChannelStanding(channel=channel, quarantine=held))
