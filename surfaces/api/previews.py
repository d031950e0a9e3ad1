"""The words as they would go out, before anything is proposed."""

from __future__ import annotations

from fastapi import APIRouter, Request

from client.asking import incident_status
from client.copy_length import CopyLength
from client.messages import message_of
from client.patience import soon
from client.preview import CopyPreview, preview
from domain.message import MessageKind
from surfaces.api.access import BASE, engine_of
from surfaces.api.message_shapes import CopyShown
from surfaces.api.messages import Proposal, Revision
from surfaces.api.resource import Resource
from surfaces.api.shapes import Listed, NumberInPath, Shown, SlugInPath, Told

router = APIRouter(route_class=Resource, prefix=f"{BASE}/incidents/{{slug}}", tags=["messages"])


class Length(Shown):
    """How long the text is as its channel counts; `most` is null where there is no limit."""

    length: int
    most: int | None
    unit: str

    @classmethod
    def of(cls, found: CopyLength) -> Length:
        """The same for the wire."""
        return cls(**found.model_dump())


class Preview(Shown):
    """The words for one channel, or for one audience there; or why there are none."""

    channel: str
    audience: str | None
    words: CopyShown | None
    length: Length | None
    why_not: Told | None

    @classmethod
    def of(cls, found: CopyPreview) -> Preview:
        """The same for the wire."""
        return cls(
            channel=found.channel,
            audience=found.audience,
            words=CopyShown.of(found.copy_) if found.copy_ else None,
            length=Length.of(found.length) if found.length else None,
            why_not=Told.of(found.why_not) if found.why_not else None,
        )


@router.post("/previews")
async def preview_message(request: Request, slug: SlugInPath, asked: Proposal) -> Listed[Preview]:
    """What a new message would say on each channel. Nothing is proposed or kept."""
    return await _previewed(request, slug, asked, MessageKind(asked.kind), None)


@router.post("/messages/{number}/previews")
async def preview_revision(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Revision
) -> Listed[Preview]:
    """What a revision would say on each channel. Nothing is proposed or kept."""
    return await _previewed(request, slug, asked, None, number)


async def _previewed(
    request: Request,
    slug: str,
    asked: Proposal | Revision,
    kind: MessageKind | None,
    number: int | None,
) -> Listed[Preview]:
    engine = engine_of(request)
    status = await soon(incident_status(engine, slug))
    promise, notify = asked.next_update_by, asked.notify
    if number is not None:
        message = message_of(status, number)
        kind = message.kind
        notify = message.notify if notify is None else notify
        if promise is None and not (isinstance(asked, Revision) and asked.promise_none):
            promise = message.next_update_by
    assert kind is not None, "a new message has a kind, and so has one that is there"
    found = await preview(
        engine,
        status,
        kind,
        number=number,
        copy=asked.draft(),
        next_update_by=promise,
        components=asked.components or (),
        notify=notify is not False,
    )
    return Listed(items=[Preview.of(one) for one in found])
