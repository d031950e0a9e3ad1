"""Messages: proposing, revising, reading exactly what is signed, withdrawing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field, StrictBool

from client.errors import WrongInput
from client.incident_view import IncidentView
from client.messages import NoSuchMessage, load_document, message_of, propose, revise
from client.publications import withdraw
from domain.limits import DRAFT_LIMIT, NAME_LIMIT, NAMES_LIMIT
from domain.message import FREE_SUBJECT, FREE_TEXT, MessageKind
from domain.page_entry import ComponentState
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.message_shapes import (
    Message,
    MessageWithCopies,
    kept_message,
    shown_message,
    with_copies,
)
from surfaces.api.resource import Resource
from surfaces.api.shapes import (
    Asked,
    Listed,
    NumberInPath,
    Reason,
    SlugInPath,
)
from surfaces.api.views import done, message_in, view_of

router = APIRouter(route_class=Resource, prefix=BASE, tags=["messages"])

_HERE = "/incidents/{slug}/messages"

Text = Annotated[str, Field(max_length=DRAFT_LIMIT)]
NameOfPart = Annotated[str, Field(min_length=1, max_length=64)]


class OwnWords(Asked):
    """Words in place of the template's. `channels` has those of single channels."""

    text: Text | None = Field(None, description="For every channel without words of its own.")
    subject: Annotated[str, Field(max_length=1_000)] | None = Field(None, description="Of mail.")
    channels: dict[NameOfPart, Text] = Field(default_factory=dict, max_length=NAMES_LIMIT)

    def draft(self) -> dict[str, str]:
        """The same by the names of its parts; ``WrongInput`` where one has two texts."""
        found = {FREE_TEXT: self.text, FREE_SUBJECT: self.subject}
        if found.keys() & self.channels.keys():
            raise WrongInput("`text` and `subject` are no channels.", "Give them outside of it.")
        return {name: text for name, text in found.items() if text is not None} | self.channels


class _Wording(Asked):
    copy_: OwnWords | None = Field(None, alias="copy", description="Null: the template's words.")
    next_update_by: AwareDatetime | None = Field(
        None, description="Promise the next update by this time."
    )
    components: dict[Annotated[str, Field(max_length=200)], ComponentState] | None = Field(
        None, max_length=NAMES_LIMIT, description="States to set on the status page."
    )

    def draft(self) -> dict[str, str] | None:
        """The free copy; None for the template's."""
        return None if self.copy_ is None else self.copy_.draft()


class Proposal(_Wording):
    """A message to propose."""

    kind: MessageKind
    notify: StrictBool = Field(True, description="Tell the subscribers of the status page.")
    owner: Annotated[str, Field(max_length=NAME_LIMIT)] = Field(
        "", description="Who keeps the promise of the next update; empty: whoever proposes."
    )


class Revision(_Wording):
    """A new wording; what was decided about the old one is void."""

    promise_none: StrictBool = Field(False, description="Take the promise back that there was.")
    notify: StrictBool | None = Field(None, description="Null: as before.")


class Withdrawal(Asked):
    """Withdrawing a message."""

    reason: Reason = ""


@router.get(_HERE)
async def list_messages(request: Request, slug: SlugInPath) -> Listed[Message]:
    """The messages of an incident by number; 150 is the most that one has."""
    return Listed(items=_messages(slug, await view_of(request, slug)))


@router.post(_HERE, status_code=201)
async def propose_message(
    request: Request, response: Response, slug: SlugInPath, asked: Proposal
) -> Message:
    """Propose a message, from its template or in own words. Nothing goes out: others sign first."""
    work = propose(
        engine_of(request),
        slug,
        asked.kind,
        actor=actor(request),
        copy=asked.draft(),
        next_update_by=asked.next_update_by,
        components=asked.components,
        notify=asked.notify,
        owner=asked.owner,
    )
    made = await done(request, slug, work)
    response.headers["Location"] = f"{BASE}/incidents/{slug}/messages/{made.number}"
    return shown_message(slug, made)


@router.get(_HERE + "/{number}")
async def read_one_message(
    request: Request, slug: SlugInPath, number: NumberInPath
) -> MessageWithCopies:
    """A message with exactly the words that go out. Of the ledger alone while Temporal is away."""
    seen = await view_of(request, slug)
    if seen.look is not None:
        status = message_of(seen.look.status, number)
        document = seen.look.waiting.get(number)
        if document is None:
            document = await load_document(engine_of(request), slug, status)
        return with_copies(shown_message(slug, status), document)
    for one in seen.ledger.messages if seen.ledger else ():
        if one.row.number == number:
            return with_copies(kept_message(one), one.document)
    raise NoSuchMessage(f"The ledger has no message {number} in {slug}.", "See which there are.")


@router.post(_HERE + "/{number}/revisions", status_code=201)
async def revise_message(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Revision
) -> Message:
    """Make a new revision of a message that waits."""
    await message_in(request, slug, number)
    work = revise(
        engine_of(request),
        slug,
        number,
        actor=actor(request),
        copy=asked.draft(),
        next_update_by=asked.next_update_by,
        promise_none=asked.promise_none,
        components=asked.components,
        notify=asked.notify,
    )
    return shown_message(slug, await done(request, slug, work))


@router.post(_HERE + "/{number}/withdrawal", status_code=201)
async def withdraw_message(
    request: Request, slug: SlugInPath, number: NumberInPath, asked: Withdrawal
) -> Message:
    """Stop a message, and begin to take back what can be taken back."""
    await message_in(request, slug, number)
    work = withdraw(
        engine_of(request), slug, number, actor=actor(request), reason=asked.reason.strip()
    )
    return shown_message(slug, await done(request, slug, work))


def _messages(slug: str, seen: IncidentView) -> list[Message]:
    if seen.look is not None:
        return [shown_message(slug, one) for one in seen.look.status.messages]
    return [kept_message(one) for one in seen.ledger.messages] if seen.ledger else []
