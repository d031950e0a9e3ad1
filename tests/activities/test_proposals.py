"""Making what approvers sign: every channel's copy, kept word for word before it has a digest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.proposals import ProposalActivities
from activities.signatures.proposals import MessageRendered, RenderMessage
from channels.contract import Channel
from channels.facebook import FacebookChannel, FacebookSettings
from channels.sendgrid import SendGridChannel, SendGridSettings
from channels.twitter import TwitterChannel, TwitterSettings
from channels.website import WebsiteChannel, WebsiteSettings
from domain.ids import MessageRef
from domain.message import MessageKind
from domain.playbook_files import parse_playbook
from store.files.playbook_folder import read_playbook
from store.kernel.database import Database
from store.people import suppressions
from store.record import drafts, messages, playbooks
from tests.activities.conftest import NOON
from tests.activities.mail import address, customers

SHIPPED = Path(__file__).parents[2] / "playbooks" / "site-compromised"
FILES = dict(read_playbook(SHIPPED))
PLAN = parse_playbook(FILES)
REF = MessageRef(incident="hacked", number=1, revision=1)
FACTS = {
    "summary": "somebody posted spam through our customers' accounts",
    "what_happened": "Since noon somebody has been posting spam.",
    "scope": "Some accounts.",
    "doing": "we have stopped all posting",
    "action_for_customers": "nothing to do now",
}


@pytest.fixture
async def channels(tmp_path: Path) -> AsyncIterator[dict[str, Channel]]:
    made: dict[str, Channel] = {
        "email": SendGridChannel(SendGridSettings(api_key="SG.test")),
        "twitter": TwitterChannel(
            TwitterSettings(consumer_key="a", consumer_secret="b", token="c", token_secret="d")
        ),
        "facebook": FacebookChannel(FacebookSettings(page_id="1", page_token="x")),
        "website": WebsiteChannel(
            WebsiteSettings(url="https://status.example.com", folder=tmp_path / "page")
        ),
    }
    yield made
    for channel in made.values():
        await channel.close()


class Desk:
    """Where messages are proposed in these stories."""

    def __init__(self, ledger: Database, channels: dict[str, Channel]) -> None:
        self.ledger = ledger
        self.channels = channels
        self.links = False

    async def order(
        self,
        kind: MessageKind = MessageKind.ANNOUNCEMENT,
        *,
        facts: dict[str, str] | None = None,
        copy: dict[str, str] | None = None,
        **changes: object,
    ) -> RenderMessage:
        """An order to render, with its facts and copy in the ledger."""
        facts_id = await drafts.save(self.ledger, "hacked", "facts", facts or FACTS, "maya", NOON)
        copy_id = (
            await drafts.save(self.ledger, "hacked", "copy", copy, "maya", NOON) if copy else None
        )
        order = RenderMessage(
            message=REF,
            kind=kind,
            ordinal=1,
            author="maya",
            title="Spam went out",
            templates=await playbooks.save_snapshot(self.ledger, PLAN.name, FILES),
            plan=PLAN.without_words(),
            audiences=("customers",),
            facts=facts_id,
            copy_draft=copy_id,
            next_update_by=NOON + timedelta(minutes=45),
            at=NOON,
        )
        return order.model_copy(update=changes)

    async def render(self, order: RenderMessage) -> MessageRendered:
        activities = ProposalActivities(self.ledger, self.channels, links=self.links)
        return await ActivityEnvironment().run(activities.render_message, order)

    async def refused(self, order: RenderMessage) -> ApplicationError:
        """Render what must not be proposed, and return what was said."""
        with pytest.raises(ApplicationError) as failure:
            await self.render(order)
        assert failure.value.non_retryable
        assert await messages.find_revision(self.ledger, REF) is None
        return failure.value


@pytest.fixture
async def desk(ledger: Database, channels: dict[str, Channel]) -> Desk:
    await customers(ledger, 30)
    return Desk(ledger, channels)


async def test_what_is_signed_is_kept_for_every_channel_of_the_plan(desk: Desk) -> None:
    rendered = await desk.render(await desk.order())
    document = await messages.load_revision(desk.ledger, REF)
    assert document.digest() == rendered.digest
    assert {copy.channel for copy in document.copies} == {*desk.channels}
    assert all(FACTS["summary"] in copy.text for copy in document.copies)


async def test_what_workflows_get_is_numbers_and_no_words(desk: Desk) -> None:
    rendered = await desk.render(await desk.order())
    assert rendered.audience_count == 30
    assert [one.direct for one in rendered.channels] == [True, False, False, False]
    assert "spam" not in rendered.model_dump_json()


async def test_each_post_bears_the_mark_by_which_it_is_found_again(desk: Desk) -> None:
    await desk.render(await desk.order())
    document = await messages.load_revision(desk.ledger, REF)
    posts = [copy for copy in document.copies if copy.channel in ("twitter", "facebook")]
    assert len(posts) == 2
    assert all(copy.mark.startswith("Notice 1, 26 Oct 12:00 UTC, ref ") for copy in posts)
    assert all(copy.mark in copy.text for copy in posts)


class Killed(BaseException):
    """The process died here: nothing after this line of it ran."""


@pytest.mark.parametrize("kept", [True, False], ids=["after keeping it", "before keeping it"])
async def test_a_worker_that_dies_leaves_one_revision_with_one_digest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    save = messages.save_revision

    async def dying(*given: object) -> str:
        if kept:
            await save(*given)  # type: ignore[arg-type]
        raise Killed

    order = await desk.order()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(messages, "save_revision", dying)
        await desk.render(order)
    again = await desk.render(order)
    assert again.digest == (await desk.render(order)).digest
    assert (await messages.load_revision(desk.ledger, REF)).digest() == again.digest


async def test_facts_that_change_later_do_not_change_a_revision(desk: Desk) -> None:
    first = await desk.render(await desk.order())
    again = await desk.render(await desk.order(facts={**FACTS, "summary": "all is well"}))
    assert again.digest == first.digest


async def test_the_audience_is_fixed_when_the_message_is_proposed(desk: Desk) -> None:
    await suppressions.add(desk.ledger, address(7), "unsubscribed", None, "console", NOON)
    rendered = await desk.render(await desk.order())
    await customers(desk.ledger, 40)
    document = await messages.load_revision(desk.ledger, REF)
    assert rendered.audience_count == 29
    assert [cut.count for cut in document.audiences] == [29]


async def test_free_copy_goes_out_as_it_was_written(desk: Desk) -> None:
    copy = {"text": "We were hacked.", "subject": "Hacked", "twitter": "Hacked, sorry."}
    await desk.render(await desk.order(copy=copy))
    document = await messages.load_revision(desk.ledger, REF)
    assert document.copy_for("email").subject == "Hacked"
    assert document.copy_for("email").text.startswith("We were hacked.")
    assert document.copy_for("twitter").text.startswith("Hacked, sorry.")


async def test_copy_that_says_nothing_for_a_channel_is_refused_by_name(desk: Desk) -> None:
    """It failed on the missing word, was tried for ever, and held up the whole incident."""
    refusal = await desk.refused(await desk.order(copy={"email": "We were hacked."}))
    assert refusal.message == "There is no copy for twitter."


async def test_a_post_that_is_too_long_is_refused_before_anybody_signs(desk: Desk) -> None:
    refusal = await desk.refused(await desk.order(copy={"text": "long " * 100, "subject": "x"}))
    assert refusal.type == "CannotExpress"
    assert refusal.message.startswith("twitter")


async def test_facts_that_a_template_needs_and_nobody_filled_in_are_named(desk: Desk) -> None:
    refusal = await desk.refused(await desk.order(MessageKind.CORRECTION))
    assert "correction.email.j2" in refusal.message
    assert "facts.wrong" in refusal.message


async def test_free_copy_does_not_get_round_naming_the_fix_and_the_prevention(desk: Desk) -> None:
    copy = {"text": "All is well again.", "subject": "It is over"}
    refusal = await desk.refused(await desk.order(MessageKind.RESOLUTION_NOTE, copy=copy))
    assert "fix, prevention, prevention_owner, prevention_due" in refusal.message


async def test_a_post_whose_template_lacks_the_mark_shows_it_in_its_last_line(desk: Desk) -> None:
    files = {**FILES, "announcement.twitter.j2": "We were hacked."}
    templates = await playbooks.save_snapshot(desk.ledger, PLAN.name, files)
    await desk.render((await desk.order()).model_copy(update={"templates": templates}))
    post = (await messages.load_revision(desk.ledger, REF)).copy_for("twitter")
    assert post.mark in post.text.splitlines()


@pytest.mark.parametrize(
    ("text", "says"),
    [("Yours: [[code]]", "makes no offer"), ("Dear [[name]]", "nobody fills in")],
)
async def test_a_personal_field_that_stays_empty_is_refused(
    desk: Desk, text: str, says: str
) -> None:
    plan = only_mail(MessageKind.ANNOUNCEMENT)
    order = await desk.order(copy={"text": text, "subject": "x"}, plan=plan)
    assert says in (await desk.refused(order)).message


def only_mail(kind: MessageKind, **changes: object) -> object:
    """The shipped plan, with one message going out by mail alone."""
    mailed = PLAN.messages[kind].model_copy(
        update={"channels": ("email",), "quorum": 1, "must_reach": ()}
    )
    return PLAN.model_copy(update={"messages": {**PLAN.messages, kind: mailed}, **changes})


async def test_an_offer_over_its_cap_never_comes_before_an_approver(desk: Desk) -> None:
    assert PLAN.offer is not None
    terms = PLAN.offer.model_copy(update={"budget_cap": Decimal("299.99")})
    plan = PLAN.model_copy(update={"offer": terms})
    refusal = await desk.refused(await desk.order(MessageKind.GOODWILL_OFFER, plan=plan))
    assert "over the cap of 299.99 USD" in refusal.message


async def test_an_approver_of_an_offer_is_told_what_it_may_cost(desk: Desk) -> None:
    rendered = await desk.render(await desk.order(MessageKind.GOODWILL_OFFER))
    assert rendered.codes_worth == "300.00 USD"


async def test_mail_without_an_audience_says_what_to_do(desk: Desk) -> None:
    refusal = await desk.refused(await desk.order(audiences=()))
    assert "no audience" in refusal.message


async def test_a_channel_that_this_worker_does_not_have_says_what_to_do(desk: Desk) -> None:
    del desk.channels["facebook"]
    refusal = await desk.refused(await desk.order())
    assert "no such channel" in refusal.message
    assert "FRONTFOOT_CHANNELS" in str(refusal.details[0])


async def test_goodwill_mail_shows_each_recipient_the_way_out(desk: Desk) -> None:
    desk.links = True
    await desk.render(await desk.order(MessageKind.GOODWILL_OFFER))
    document = await messages.load_revision(desk.ledger, REF)

    mail = document.copy_for("email")
    assert mail.personal_fields() == ("code", "unsubscribe_url")
    assert '<a href="[[unsubscribe_url]]">[[unsubscribe_url]]</a>' in (mail.html or "")
    assert "[[" not in document.copy_for("twitter").text


async def test_without_links_goodwill_mail_does_without_their_sentence(desk: Desk) -> None:
    await desk.render(await desk.order(MessageKind.GOODWILL_OFFER))
    document = await messages.load_revision(desk.ledger, REF)

    assert "No more offers" not in document.copy_for("email").text


@pytest.mark.parametrize(
    ("kind", "links"), [(MessageKind.ANNOUNCEMENT, True), (MessageKind.GOODWILL_OFFER, False)]
)
async def test_a_link_that_nobody_would_fill_in_is_refused(
    desk: Desk, kind: MessageKind, links: bool
) -> None:
    """Everybody would have been refused when it was sent."""
    desk.links = links
    copy = {"text": "Down.", "email": "Leave: [[unsubscribe_url]]"}
    refusal = await desk.refused(await desk.order(kind, copy=copy))

    assert "which nobody fills in" in refusal.message
    assert "FRONTFOOT_PUBLIC_URL" in str(refusal.details)


@pytest.mark.parametrize(
    ("copy", "says"),
    [
        ({"text": "Hacked.", "fax": "Hacked."}, "There is copy for 'fax', and this message does"),
        ({"text": "Hacked.", "Twitter": "Hacked."}, "There is copy for 'Twitter'"),
        ({"text": "Hacked.", "twitter": "\u200b"}, "twitter has nothing that can be seen"),
        ({"text": "Hacked\x1b[2J."}, "The text for email has U+001B"),
        ({"text": "Hacked.", "subject": "Hi\u202e"}, "The subject for email has U+202E"),
    ],
    ids=["another channel", "another spelling", "invisible", "escape", "subject"],
)
async def test_copy_that_cannot_be_published_is_refused_by_channel(
    desk: Desk, copy: dict[str, str], says: str
) -> None:
    refusal = await desk.refused(await desk.order(copy=copy))
    assert says in refusal.message


@pytest.mark.parametrize(
    ("part", "value"),
    [("name", "Noor\u202e"), ("sign_off", "\u2060"), ("reply_to", "a@example.com\x00")],
    ids=["name", "sign-off", "reply address"],
)
async def test_who_speaks_can_be_read_as_it_is_written(desk: Desk, part: str, value: str) -> None:
    voice = PLAN.voices["email"].model_copy(update={part: value})
    plan = PLAN.model_copy(update={"voices": {**PLAN.voices, "email": voice}})
    with pytest.raises((ApplicationError, ValidationError)):
        await desk.render(await desk.order(plan=plan))
    assert await messages.find_revision(desk.ledger, REF) is None


@pytest.mark.parametrize(
    "page",
    ["<p>Hi &#x202e;you</p>[[code]]", "<img src='https://example.com/a.png'>", "<p>a\x1b</p>"],
    ids=["entity", "no text", "escape"],
)
async def test_html_of_ones_own_is_looked_at_as_a_reader_sees_it(desk: Desk, page: str) -> None:
    files = {**FILES, "announcement.email.html.j2": page}
    order = await desk.order(templates=await playbooks.save_snapshot(desk.ledger, "own", files))
    refusal = await desk.refused(order)
    assert "HTML" in refusal.message or "announcement.email.html.j2" in refusal.message
