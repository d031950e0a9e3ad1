"""The wire lets exactly those replies out that the signed rules do, whoever asks it to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.opened_replies import OpenedReplies
from activities.proposals import ProposalActivities
from channels.contract import Channel
from client import saved_replies
from client.engine import Engine
from client.saved_replies import ReplyRulesView, ground_for_free, ground_for_saved
from domain.errors import DomainError
from domain.ids import MessageRef
from domain.message import Document, MessageKind
from domain.opening import OpeningKind
from domain.publication import Destination
from domain.replies import ReplyBasis, ReplyGround
from domain.saved_replies import fill
from settings import Settings
from store.kernel.database import Database
from store.record import drafts, incidents, messages, openings, playbooks
from store.tables import openings as rows
from tests.activities.conftest import NOON
from tests.activities.test_proposals import FACTS, FILES, PLAN, Desk, channels
from tests.sealing import KEY, STRANGER, opening_of, with_key

__all__ = ["channels"]

TWITTER = "twitter"
CALM = "We are on it, and it is going well."


class Wire:
    """Reply rules that were proposed and signed, and the check before a reply goes out."""

    def __init__(self, ledger: Database, channels: dict[str, Channel]) -> None:
        self.ledger = ledger
        self._desk = Desk(ledger, channels)
        self._proposals = ProposalActivities(ledger, channels)
        self._check = OpenedReplies(ledger, KEY.public)
        self._engine = Engine(Settings(_env_file=None), ledger=ledger)

    async def propose(self, number: int = 1, **changes: object) -> Document:
        """Have the shipped rules rendered, with the facts of the moment."""
        ref = MessageRef(incident="hacked", number=number, revision=1)
        plain = {"next_update_by": None, "message": ref, "request": f"{number}", **changes}
        order = await self._desk.order(MessageKind.REPLY_RULES, **plain)
        await ActivityEnvironment().run(self._proposals.render_message, order)
        return await messages.load_revision(self.ledger, ref)

    async def sign(self, number: int = 1, channel: str = TWITTER) -> ReplyRulesView:
        """Propose them, and enter that their gate was opened."""
        document = await self.propose(number)
        opening = opening_of(document, Destination(channel=channel))
        opening = opening.model_copy(update={"kind": OpeningKind.FORM})
        await openings.enter(self.ledger, KEY, opening)
        return await self.view()

    async def view(self) -> ReplyRulesView:
        found = await saved_replies.reply_rules(self._engine, "hacked")
        assert found is not None
        return found

    async def lets_out(
        self,
        text: str,
        ground: ReplyGround,
        channel: str = TWITTER,
        authors: tuple[str, ...] | None = None,
    ) -> None:
        await self._check.for_a_round().refuse_unopened(
            channel, text, ground, "hacked", authors=authors
        )

    async def refuses(
        self,
        text: str,
        ground: ReplyGround,
        channel: str = TWITTER,
        authors: tuple[str, ...] | None = None,
    ) -> str:
        with pytest.raises(DomainError) as refused:
            await self.lets_out(text, ground, channel, authors)
        return str(refused.value)


@pytest.fixture
async def wire(ledger: Database, channels: dict[str, Channel]) -> Wire:
    await with_key(ledger)
    await incidents.register(ledger, "hacked", "Hacked", "plan", (), NOON)
    return Wire(ledger, channels)


BY_HAND = ReplyGround(
    basis=ReplyBasis.FORM, incident="hacked", number=1, revision=1, saved="thanks", by="sam"
)


def wordings_for(view: ReplyRulesView, name: str, author: str, number: int) -> tuple[int, str]:
    """The wording of a saved reply for one of four neighbours, counted from 0, and its text."""
    wordings = view.reply(name).wordings
    place = number % len(wordings)
    return place, fill(wordings[place], author)


async def test_a_saved_reply_goes_out_word_for_word_and_nothing_else(wire: Wire) -> None:
    view = await wire.sign()
    for number in range(4):
        place, text = wordings_for(view, "which-posts", "Ann", number)
        assert FACTS["scope"] in text
        await wire.lets_out(text, ground_for_saved(view, "which-posts", place, "sam"))
    ground = ground_for_saved(view, "which-posts", 0, "sam")
    _, first = wordings_for(view, "which-posts", "Ann", 0)
    _, second = wordings_for(view, "which-posts", "Ann", 1)
    assert first != second
    for other in (first + " Bye.", second, first.replace("Ann", "Ann https://x.example"), CALM):
        assert "not the words of saved reply" in await wire.refuses(other, ground)
    await wire.lets_out(first, ground, authors=("Ann", "@ann_b"))
    own = first.replace("Ann", "Sorry, you get 10 USD")
    assert "not the words of" in await wire.refuses(own, ground, authors=("Ann", "@ann_b"))
    assert "other channels than facebook" in await wire.refuses(first, ground, "facebook")
    other = ground.model_copy(update={"saved": "no-such"})
    assert "was signed" in await wire.refuses(first, other)
    other = ground.model_copy(update={"wording": 9})
    assert "was signed" in await wire.refuses(first, other)


async def test_a_name_that_cannot_be_said_gets_a_handle_or_nothing(wire: Wire) -> None:
    view = await wire.sign()
    with pytest.raises(DomainError, match="name cannot be used in a reply"):
        wordings_for(view, "thanks", "free-followers.example", 0)
    place, text = wordings_for(view, "thanks", "@ann_b", 1)
    await wire.lets_out(text, ground_for_saved(view, "thanks", place, "sam"))


async def test_what_nobody_has_signed_does_not_go_out(wire: Wire) -> None:
    """A reply that was started by hand, while its rules were waiting for a signature."""
    await wire.propose()
    thanks = "Thank you, Ann. It has been a long day here, and that really helps."
    assert "Nobody has opened the gate for the reply rules" in await wire.refuses(thanks, BY_HAND)
    await wire.sign()
    await wire.lets_out(thanks, BY_HAND)
    elsewhere = BY_HAND.model_copy(update={"incident": "other"})
    assert "belongs to hacked" in await wire.refuses(thanks, elsewhere)


async def test_a_forged_or_revoked_opening_lets_nothing_out(wire: Wire) -> None:
    view = await wire.sign()
    place, text = wordings_for(view, "thanks", "Ann", 0)
    ground = ground_for_saved(view, "thanks", place, "sam")
    await wire.lets_out(text, ground)
    await openings.revoke(wire.ledger, MessageRef(incident="hacked", number=1, revision=1), NOON)
    assert "was closed again" in await wire.refuses(text, ground)
    assert await saved_replies.reply_rules(wire._engine, "hacked") is None
    document = await wire.propose(2)
    opening = opening_of(document, Destination(channel=TWITTER))
    forged = opening.model_copy(update={"kind": OpeningKind.FORM})
    await openings.enter(wire.ledger, STRANGER, forged)
    assert "The opening of the gate" in await wire.refuses(
        text, ground.model_copy(update={"number": 2})
    )
    async with wire.ledger.write() as connection:
        await connection.execute(update(rows).values(digest="0" * 64, revoked_at=None))
    assert "The opening of the gate" in await wire.refuses(text, ground)


async def test_newer_rules_and_a_closed_incident_end_the_old_ones(wire: Wire) -> None:
    view = await wire.sign()
    place, text = wordings_for(view, "thanks", "Ann", 0)
    old = ground_for_saved(view, "thanks", place, "sam")
    newer = await wire.sign(2)
    assert newer.number == 2
    assert "Newer ones were signed" in await wire.refuses(text, old)
    await wire.lets_out(text, ground_for_saved(newer, "thanks", place, "sam"))
    await incidents.mark_closed(wire.ledger, "hacked", NOON)
    assert "is closed" in await wire.refuses(text, ground_for_saved(newer, "thanks", place, "sam"))


async def test_a_fact_that_changes_holds_what_shows_it_until_it_is_signed_again(
    wire: Wire,
) -> None:
    view = await wire.sign()
    place, text = wordings_for(view, "which-posts", "Ann", 0)
    ground = ground_for_saved(view, "which-posts", place, "sam")
    later = NOON + timedelta(minutes=5)
    changed = {**FACTS, "scope": "All accounts."}
    await drafts.save(wire.ledger, "hacked", "facts", changed, "maya", later)

    assert "which-posts is held: scope changed" in await wire.refuses(text, ground)
    held = await wire.view()
    assert [one.name for one in held.saved if one.changed] == ["which-posts"]
    with pytest.raises(DomainError, match="is held"):
        ground_for_saved(held, "which-posts", place, "sam")
    [notice] = await saved_replies.held_notices(wire._engine, "hacked")
    assert notice.what == "1 saved reply is held: which-posts."
    thanks = wordings_for(held, "thanks", "Ann", 0)
    await wire.lets_out(thanks[1], ground_for_saved(held, "thanks", thanks[0], "sam"))


async def test_a_reply_whose_fact_nobody_knows_cannot_be_sent(wire: Wire) -> None:
    view = await wire.sign()
    reply = view.reply("my-card")
    assert (reply.unset, reply.unfit) == (("not_affected",), ())
    ground = ReplyGround.model_validate({**BY_HAND.model_dump(), "saved": "my-card"})
    text = reply.wordings[0].replace("{{ author }}", "Ann")
    assert "facts that were not known: not_affected" in await wire.refuses(text, ground)


async def test_a_long_fact_keeps_a_reply_from_the_channel_that_it_is_too_long_for(
    wire: Wire,
) -> None:
    document = await wire.propose(facts={**FACTS, "scope": "Some accounts, " * 20})
    assert document.replies is not None
    reply = document.replies.reply("which-posts")
    assert reply is not None
    assert reply.unfit == (TWITTER,)


async def test_a_free_reply_needs_somebody_who_may_and_perhaps_a_second(wire: Wire) -> None:
    view = await wire.sign()
    free = view.rules.free
    assert free is not None
    drawn = next(text for n in range(99) if free.in_sample(text := f"{CALM} {n}"))
    plain = next(text for n in range(99) if not free.in_sample(text := f"{CALM} {n}"))
    by_sam = ground_for_free(view, "sam", "")
    await wire.lets_out(plain, by_sam)
    for text, why in ((drawn, "one of those"), ("Your refund is on its way", "'refund'")):
        for second in ("", "sam", "ines", "nobody"):
            said = await wire.refuses(text, ground_for_free(view, "sam", second))
            assert "A second person has to agree" in said
            assert why in said
        await wire.lets_out(text, ground_for_free(view, "sam", "dana"))
    with pytest.raises(DomainError, match="ines may not reply in their own words"):
        ground_for_free(view, "ines", "")
    forged = by_sam.model_copy(update={"by": "ines"})
    assert "ines may not reply in their own words" in await wire.refuses(plain, forged)
    assert "an e-mail address" in await wire.refuses(f"{plain} help@example.com", by_sam)
    assert "link costs extra" in await wire.refuses(f"{plain} See example.com/help", by_sam)


async def test_a_plan_that_was_opened_with_a_faulty_wording_has_no_rules(wire: Wire) -> None:
    wrong = FILES["playbook.yaml"].replace("That is kind, {{ author }}", "Hi {{ nobody }}")
    kept = await playbooks.save_snapshot(wire.ledger, PLAN.name, {**FILES, "playbook.yaml": wrong})
    with pytest.raises(ApplicationError, match="thanks, wording 2, has a blank that nobody fills"):
        await wire.propose(templates=kept)


async def test_a_fact_with_an_address_in_it_is_found_before_anybody_signs(wire: Wire) -> None:
    facts = {**FACTS, "scope": "Ask help@example.com."}
    with pytest.raises(ApplicationError, match="which-posts, wording 1, cannot be said in public"):
        await wire.propose(facts=facts)
