"""The digest is what an approver signs: it changes with anything that people would get to see."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.holding import Blank, BlankType, HoldingForms, Released, Statement
from domain.ids import MessageRef
from domain.message import AudienceCut, Copy, Document, MessageKind, Voice, mark_of
from domain.offer import OfferTerms
from domain.page_entry import ComponentCut, ComponentState, Impact, PageEntry, PageStatus
from domain.roster import Person
from domain.saved_replies import FreeReplies, ReplyRules, SavedReply

NOW = datetime(2013, 10, 26, 14, 5, tzinfo=UTC)
VOICE = Voice(name="Noor", address="noor@example.com", reply_to="help@example.com", sign_off="N.")
MAIL = Copy(
    channel="email",
    subject="We were hacked",
    text="Hello, [[code]]",
    html="<p>Hello</p>",
    link="https://status.example.com/",
    voice=VOICE,
)
POST = Copy(channel="twitter", text="We are sorry.\nNotice 1", mark="Notice 1")
PAGE = Copy(channel="facebook", text="We are very sorry.")
DOCUMENT = Document(
    incident="site-down",
    number=3,
    revision=2,
    kind=MessageKind.GOODWILL_OFFER,
    proposed_at=NOW,
    copies=(MAIL, POST, PAGE),
    audiences=(AudienceCut(name="customers", count=1_000_000, up_to=1_000_123),),
    offer=OfferTerms(
        title="10 USD credit",
        worth=Decimal("10.00"),
        currency="USD",
        budget_cap=Decimal("15000000.00"),
        expires=date(2013, 12, 31),
    ),
    page=PageEntry(
        status=PageStatus.POSTMORTEM,
        impact=Impact.MAJOR,
        components=(ComponentCut(name="API", state=ComponentState.DEGRADED_PERFORMANCE),),
    ),
)

POOLED = OfferTerms.model_validate(
    {**DOCUMENT.model_dump(mode="json")["offer"], "source": "pool", "source_name": "spring"}
)


def changed(place: tuple[str | int, ...], value: object, document: Document = DOCUMENT) -> Document:
    content: dict[str, Any] = document.model_dump(mode="json")
    inner: Any = content
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return Document.model_validate(content)


EVERYTHING = [
    (("incident",), "site-up"),
    (("number",), 4),
    (("revision",), 3),
    (("kind",), "announcement"),
    (("proposed_at",), "2013-10-26T14:06:00Z"),
    *((("copies", 0, name), "something else") for name in ("subject", "text", "html", "link")),
    (("copies", 0, "channel"), "letter"),
    (("copies", 1, "mark"), "Notice 2"),
    *((("copies", 0, "voice", name), "other") for name in Voice.model_fields),
    (("copies", 0, "voice"), None),
    (("audiences", 0, "name"), "everybody"),
    (("audiences", 0, "count"), 1_000_001),
    (("audiences", 0, "up_to"), 1_000_124),
    (("audiences",), []),
    (("offer", "title"), "20 USD credit"),
    (("offer", "worth"), "20.00"),
    (("offer", "currency"), "EUR"),
    (("offer", "budget_cap"), "20000000.00"),
    (("offer", "expires"), "2014-12-31"),
    (("offer", "expires"), None),
    (("offer", "version"), 2),
    (("offer",), None),
    (("next_update_by",), "2013-10-26T15:00:00Z"),
    (("page",), None),
    (("page", "status"), "resolved"),
    (("page", "impact"), "minor"),
    (("page", "article"), True),
    (("page", "headline"), "Sorry"),
    (("page", "components"), []),
    (("page", "components", 0, "name"), "Mail"),
    (("page", "components", 0, "description"), "Sending"),
    (("page", "components", 0, "group"), "Extras"),
    (("page", "components", 0, "state"), "operational"),
    (("notify",), False),
    (("copies", 0, "audience"), "subscribers"),
]
OF_A_POOL = [(("offer", "source"), "stripe"), (("offer", "source_name"), "summer")]
RULES = Document(
    incident="site-down",
    number=4,
    revision=1,
    kind=MessageKind.REPLY_RULES,
    proposed_at=NOW,
    copies=(),
    replies=ReplyRules(
        channels=("twitter",),
        saved=(SavedReply(name="my-card", title="Is it safe?", wordings=("Yes, {{ author }}.",)),),
        free=FreeReplies(roles=("support",), people=(Person(id="sam", roles=("support",)),)),
    ),
)
HOLDING = Document(
    incident="prepared",
    number=1,
    revision=1,
    kind=MessageKind.HOLDING_STATEMENTS,
    proposed_at=NOW,
    copies=(),
    holding=HoldingForms(
        playbook="small",
        company="Example Co",
        statements=(
            Statement(
                name="first_word",
                kind=MessageKind.ANNOUNCEMENT,
                channels=("twitter",),
                text="About {{ what }}.",
                blanks={"what": Blank(type=BlankType.CHOICE, options=("a", "b"))},
            ),
        ),
        valid_until=NOW,
    ),
)
RELEASED = Released(
    form=MessageRef(incident="prepared", number=1, revision=1), digest="a" * 64, statement="x"
)
OF_HOLDING: list[tuple[tuple[str | int, ...], object]] = [
    (("holding", "playbook"), "other"),
    (("holding", "company"), "Other Co"),
    (("holding", "valid_until"), "2040-01-01T00:00:00Z"),
    (("holding", "voices"), {"twitter": {"name": "Example Co"}}),
    (("holding", "link"), "https://other.example/"),
    (("holding", "origins"), ["https://other.example"]),
    (("holding", "statements"), []),
    (("holding", "statements", 0, "name"), "other"),
    (("holding", "statements", 0, "kind"), "progress_update"),
    (("holding", "statements", 0, "channels"), ["facebook"]),
    (("holding", "statements", 0, "text"), "Of {{ what }}."),
    (("holding", "statements", 0, "blanks"), {}),
    (("released",), RELEASED.model_dump(mode="json")),
]
OF_RULES: list[tuple[tuple[str | int, ...], object]] = [
    (("replies", "channels"), ["facebook"]),
    (("replies", "risk_words"), ["refund"]),
    (("replies", "links_cost"), ["twitter"]),
    (("replies", "facts"), {"fix": "x"}),
    (("replies", "saved", 0, "name"), "other"),
    (("replies", "saved", 0, "title"), "Was it?"),
    (("replies", "saved", 0, "wordings"), ["No, {{ author }}."]),
    (("replies", "saved", 0, "facts"), ["fix"]),
    (("replies", "saved", 0, "unset"), ["fix"]),
    (("replies", "saved", 0, "unfit"), ["twitter"]),
    (("replies", "free"), None),
    (("replies", "free", "roles"), ["founder"]),
    (("replies", "free", "people", 0, "id"), "lea"),
    (("replies", "free", "people", 0, "roles"), ["support", "founder"]),
    (("replies", "free", "check"), "role"),
    (("replies", "free", "sample"), 0.2),
    (("replies", "free", "links"), True),
]


@pytest.mark.parametrize(("place", "value"), EVERYTHING)
def test_another_word_voice_audience_or_offer_needs_another_signature(
    place: tuple[str | int, ...], value: object
) -> None:
    assert changed(place, value).digest() != DOCUMENT.digest()


@pytest.mark.parametrize(("place", "value"), OF_A_POOL)
def test_other_codes_than_were_signed_need_another_signature(
    place: tuple[str | int, ...], value: object
) -> None:
    document = DOCUMENT.model_copy(update={"offer": POOLED})
    assert changed(place, value, document).digest() != document.digest()


@pytest.mark.parametrize(("place", "value"), OF_RULES)
def test_other_replies_or_repliers_need_another_signature(
    place: tuple[str | int, ...], value: object
) -> None:
    assert changed(place, value, RULES).digest() != RULES.digest()


@pytest.mark.parametrize(("place", "value"), OF_HOLDING)
def test_another_form_or_another_blank_needs_another_signature(
    place: tuple[str | int, ...], value: object
) -> None:
    assert changed(place, value, HOLDING).digest() != HOLDING.digest()


def test_the_tables_above_forget_no_field() -> None:
    """A field that is added to a document has to be signed as well."""
    here: dict[type, set[str]] = {Document: set(), Copy: set(), Voice: set(), AudienceCut: set()}
    here |= {OfferTerms: set(), PageEntry: set(), ComponentCut: set()}
    holders = {"copies": Copy, "voice": Voice, "audiences": AudienceCut, "offer": OfferTerms}
    holders |= {"page": PageEntry, "components": ComponentCut}
    here |= {ReplyRules: set(), SavedReply: set(), FreeReplies: set(), Person: set()}
    holders |= {"replies": ReplyRules, "saved": SavedReply, "free": FreeReplies, "people": Person}
    here |= {HoldingForms: set(), Statement: set()}
    holders |= {"holding": HoldingForms, "statements": Statement}
    for place, _ in [*EVERYTHING, *OF_A_POOL, *OF_RULES, *OF_HOLDING]:
        model: type = Document
        for step in place:
            if isinstance(step, str):
                here[model].add(step)
                model = holders.get(step, model)
    missing = {
        model.__name__: sorted(set(model.model_fields) - names)  # type: ignore[attr-defined]
        for model, names in here.items()
    }
    assert not any(missing.values())


@given(st.integers(min_value=0), st.characters(exclude_categories=["Cs"]))
def test_one_changed_letter_anywhere_in_the_copy_changes_the_digest(at: int, new: str) -> None:
    place = at % len(MAIL.text)
    text = MAIL.text[:place] + new + MAIL.text[place + 1 :]
    other = changed(("copies", 0, "text"), text)
    assert (other.digest() == DOCUMENT.digest()) == (text == MAIL.text)


@given(st.permutations(DOCUMENT.copies))
def test_the_order_of_the_channels_does_not_matter(copies: list[Copy]) -> None:
    other = DOCUMENT.model_copy(update={"copies": tuple(copies)})
    assert other.digest() == DOCUMENT.digest()


def test_a_document_that_was_stored_and_read_back_has_the_same_digest() -> None:
    assert Document.model_validate_json(DOCUMENT.model_dump_json()).digest() == DOCUMENT.digest()


def test_one_instant_written_in_another_zone_is_the_same_document() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))
    other = changed(("proposed_at",), elsewhere.isoformat())
    assert other.digest() == DOCUMENT.digest()


def test_a_field_that_a_newer_version_adds_leaves_signed_digests_as_they_are() -> None:
    """Otherwise a release in the middle of an incident would void every approval."""

    class NewerCopy(Copy):
        pictures: tuple[str, ...] = ()

    class NewerDocument(Document):
        copies: tuple[NewerCopy, ...]
        embargo: str | None = None

    assert NewerDocument.model_validate_json(DOCUMENT.model_dump_json()).digest() == (
        DOCUMENT.digest()
    )


def test_the_bytes_that_are_signed_never_change() -> None:
    """Written out: approvals that people gave before a release must count after it."""
    document = Document(
        incident="site-down",
        number=3,
        revision=2,
        kind=MessageKind.ANNOUNCEMENT,
        proposed_at=NOW,
        copies=(POST, Copy(channel="email", subject="Ünsafe", text="Hello", voice=VOICE)),
        audiences=DOCUMENT.audiences,
        offer=DOCUMENT.offer,
    )
    assert document.canonical().decode() == (
        '{"audiences":[{"count":1000000,"name":"customers","up_to":1000123}],'
        '"copies":[{"channel":"email","subject":"Ünsafe","text":"Hello",'
        '"voice":{"address":"noor@example.com","name":"Noor","reply_to":"help@example.com",'
        '"sign_off":"N."}},'
        '{"channel":"twitter","mark":"Notice 1","text":"We are sorry.\\nNotice 1"}],'
        '"incident":"site-down","kind":"announcement","number":3,'
        '"offer":{"budget_cap":"15000000.00","currency":"USD","expires":"2013-12-31",'
        '"title":"10 USD credit","worth":"10.00"},'
        '"proposed_at":"2013-10-26T14:05:00Z","revision":2}'
    )


def test_a_digest_is_the_sha_256_of_those_bytes() -> None:
    assert DOCUMENT.digest() == hashlib.sha256(DOCUMENT.canonical()).hexdigest()


def test_a_document_has_one_copy_for_each_channel() -> None:
    with pytest.raises(ValueError, match="one copy for each channel"):
        changed(("copies", 1, "channel"), "facebook")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="proposed_at"):
        changed(("proposed_at",), "2013-10-26T14:05:00")


def test_the_copy_of_a_channel_is_found_by_its_name() -> None:
    assert DOCUMENT.copy_for("twitter") == POST


def test_asking_for_a_channel_that_the_message_does_not_go_to_is_an_error() -> None:
    with pytest.raises(KeyError):
        DOCUMENT.copy_for("website")


def test_what_differs_from_recipient_to_recipient_is_found_in_every_part() -> None:
    copy = Copy(
        channel="email", subject="[[name]]", text="[[code]] [[code]]", html="<b>[[code]]</b>"
    )
    assert copy.personal_fields() == ("code", "name")


def test_a_mark_says_kind_number_and_time() -> None:
    mark = mark_of("hacked", MessageKind.PROGRESS_UPDATE, 2, NOW)
    assert mark.startswith("Update 2, 26 Oct 14:05 UTC")


def test_a_mark_is_in_utc_wherever_the_clock_was_read() -> None:
    here = NOW.astimezone(timezone(timedelta(hours=9)))
    mark = mark_of("hacked", MessageKind.PROGRESS_UPDATE, 2, here)
    assert mark.startswith("Update 2, 26 Oct 14:05 UTC")


def test_no_two_messages_of_an_incident_have_one_mark() -> None:
    kinds = [(kind, ordinal) for kind in MessageKind for ordinal in range(1, 60)]
    assert len({mark_of("hacked", kind, ordinal, NOW) for kind, ordinal in kinds}) == len(kinds)


def test_two_incidents_that_say_the_same_in_one_minute_differ_by_their_marks() -> None:
    first = mark_of("site-down", MessageKind.ANNOUNCEMENT, 1, NOW)
    assert mark_of("app-down", MessageKind.ANNOUNCEMENT, 1, NOW) != first
