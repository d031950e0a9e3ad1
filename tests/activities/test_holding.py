"""A holding statement goes out only as it was approved, with approved values in its blanks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.approved import OpenedGates
from activities.posts import PostActivities
from activities.proposals import ProposalActivities
from activities.signatures.posts import PublicationTask, PublishPost
from activities.signatures.proposals import MessageRendered, RenderMessage, StatementOrder
from domain.gate import Requirement
from domain.holding import Released
from domain.ids import MessageRef
from domain.message import Document, MessageKind
from domain.opening import OpeningKind
from domain.playbook import Playbook
from domain.publication import PublicationState
from store.kernel.database import Database
from store.record import holding, messages, openings, playbooks
from tests.activities.conftest import Provider
from tests.sealing import KEY, STRANGER, opening_of, with_key

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
FORM = MessageRef(incident="prepared", number=1, revision=1)
OUT = MessageRef(incident="hacked", number=1, revision=1)
WORDS = "We are looking into {{ what }} since {{ since }}. More by {{ next_update_by }}."
PLAN = f"""
name: small
title: Small
company: Example Co
roster:
  - {{id: maya, roles: [comms_lead]}}
  - {{id: noor, roles: [founder]}}
messages:
  announcement: {{channels: [square], gate: {{roles: [founder]}}}}
holding:
  gate: {{roles: [founder]}}
  statements:
    - name: first_word
      kind: announcement
      channels: [square]
      released_by: [comms_lead]
      text: "{WORDS}"
      blanks:
        what: {{type: choice, options: [an outage, odd posts]}}
        since: {{type: time}}
"""
BLANKS = {"what": "odd posts", "since": NOW.isoformat()}


class World:
    """A ledger with a playbook, and one channel."""

    def __init__(self, ledger: Database, provider: Provider, templates: str) -> None:
        self.ledger = ledger
        self.provider = provider
        self._templates = templates
        self._proposals = ProposalActivities(ledger, {"square": provider})

    async def render(self, ref: MessageRef, kind: MessageKind, **more: object) -> MessageRendered:
        plan = Playbook.model_validate(yaml.safe_load(PLAN)).without_words()
        order = {
            "message": ref,
            "kind": kind,
            "ordinal": 1,
            "author": "maya",
            "title": "Hacked",
            "templates": self._templates,
            "plan": plan,
            "at": NOW,
            "request": f"{ref}",
            **more,
        }
        render = self._proposals.render_message
        return await ActivityEnvironment().run(render, RenderMessage.model_validate(order))

    async def approve(self, at: datetime = NOW) -> None:
        """Have the statements signed in an incident of their own."""
        await self.render(FORM, MessageKind.HOLDING_STATEMENTS, at=at)
        form = await messages.load_revision(self.ledger, FORM)
        opening = opening_of(form).model_copy(update={"kind": OpeningKind.HOLDING})
        await openings.enter(self.ledger, KEY, opening)

    async def release(self, **blanks: str) -> Document:
        """Fill in the first word, and open it as the incident does."""
        await self.render(
            OUT,
            MessageKind.ANNOUNCEMENT,
            next_update_by=NOW + timedelta(minutes=30),
            release=StatementOrder(statement="first_word", blanks=BLANKS | blanks),
        )
        return await self.open(await messages.load_revision(self.ledger, OUT))

    async def open(self, document: Document) -> Document:
        """Enter that it was released."""
        opening = opening_of(document)
        changes = {"kind": OpeningKind.RELEASED, "decisions": []}
        await openings.enter(self.ledger, KEY, opening.model_copy(update=changes))
        return document

    async def publish(
        self, document: Document, requires: Requirement = Requirement.NONE
    ) -> PublicationState:
        """Publish it as its workflow does."""
        gates = OpenedGates(self.ledger, KEY.public, requires, {"square": self.provider})
        posts = PostActivities(self.ledger, {"square": self.provider}, gates)
        task = PublicationTask(message=OUT, channel="square", digest=document.digest())
        await ActivityEnvironment().run(posts.plan_publication, task)
        order = PublishPost(task=task, attempt=1)
        return (await ActivityEnvironment().run(posts.publish_post, order)).state

    async def refused(self, document: Document) -> str:
        """Why it does not go out."""
        with pytest.raises(ApplicationError) as failure:
            await self.publish(document)
        assert self.provider.book == []
        return failure.value.message


@pytest.fixture
async def world(ledger: Database, provider: Provider) -> World:
    await with_key(ledger)
    templates = await playbooks.save_snapshot(ledger, "small", {"playbook.yaml": PLAN})
    return World(ledger, provider, templates)


async def test_an_approved_statement_goes_out_with_its_blanks_filled(world: World) -> None:
    await world.approve()
    document = await world.release()

    assert await world.publish(document) is PublicationState.ACCEPTED
    (text,) = world.provider.book
    assert text.startswith("We are looking into odd posts since")
    (approved,) = await holding.approved(world.ledger)
    assert approved.forms.valid_until == NOW + timedelta(days=180)


@pytest.mark.parametrize(
    ("blanks", "says"),
    [
        ({"what": "whatever I like"}, "The blank what cannot be 'whatever I like'"),
        ({"since": "yesterday"}, "is none that can be read"),
        ({"more": "words"}, "has no blank 'more'"),
    ],
)
async def test_nothing_else_gets_into_a_blank(
    world: World, blanks: dict[str, str], says: str
) -> None:
    await world.approve()
    with pytest.raises(ApplicationError, match=says):
        await world.release(**blanks)


async def test_what_was_never_approved_or_has_expired_is_refused(world: World) -> None:
    with pytest.raises(ApplicationError, match="No holding statements of playbook small"):
        await world.release()
    await world.approve(at=NOW - timedelta(days=181))
    with pytest.raises(ApplicationError, match="expired on"):
        await world.release()


def _other_words(document: Document) -> Document:
    copy = document.copies[0]
    said = copy.text.replace("odd posts", "nothing at all")
    return document.model_copy(update={"copies": (copy.model_copy(update={"text": said}),)})


def _other_link(document: Document) -> Document:
    copy = document.copies[0].model_copy(update={"link": "https://elsewhere.example/"})
    return document.model_copy(update={"copies": (copy,)})


def _other_form(document: Document) -> Document:
    assert document.released is not None
    other = document.released.model_copy(update={"digest": "0" * 64})
    return document.model_copy(update={"released": other})


def _no_form(document: Document) -> Document:
    return document.model_copy(update={"released": None})


def _other_blank(document: Document) -> Document:
    assert isinstance(document.released, Released)
    blanks = {**document.released.blanks, "what": "an outage"}
    changed = document.released.model_copy(update={"blanks": blanks})
    return document.model_copy(update={"released": changed})


@pytest.mark.parametrize("forged", [_other_words, _other_link, _other_form, _no_form, _other_blank])
async def test_a_document_that_is_not_its_form_is_refused_at_the_wire(
    world: World, forged: Callable[[Document], Document]
) -> None:
    """Whoever writes to the database and controls Temporal can have any document opened."""
    await world.approve()
    document = forged(await world.release())
    ref = OUT.model_copy(update={"number": 2})
    document = document.model_copy(update={"number": 2})
    await messages.save_revision(world.ledger, document, "maya", "forged")
    await world.open(document)
    gates = OpenedGates(world.ledger, KEY.public, channels={"square": world.provider})
    task = PublicationTask(message=ref, channel="square", digest=document.digest())

    with pytest.raises(Exception, match=r"holding statement|approved with it"):
        await gates.refuse_unopened(task)


async def test_an_approval_by_a_stranger_or_by_nobodys_passkey_lets_nothing_out(
    world: World,
) -> None:
    await world.approve()
    document = await world.release()
    with pytest.raises(ApplicationError, match="cannot be read"):
        await world.publish(document, Requirement.PASSKEY)
    form = await messages.load_revision(world.ledger, FORM)
    opening = opening_of(form).model_copy(update={"kind": OpeningKind.HOLDING})
    await openings.enter(world.ledger, STRANGER, opening)

    assert "which is not a key" in await world.refused(
        document
    ) or "no seal" in await world.refused(document)


async def test_an_approval_that_was_withdrawn_lets_nothing_out(world: World) -> None:
    await world.approve()
    document = await world.release()
    await openings.revoke(world.ledger, FORM, NOW)
    assert "was withdrawn" in await world.refused(document)
