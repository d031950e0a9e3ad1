"""A reply is exactly a signed wording, and says nothing in public that is private."""

from __future__ import annotations

import pytest

from domain.errors import DomainError
from domain.roster import Person
from domain.saved_replies import (
    FreeCheck,
    FreeReplies,
    ReplyRules,
    SavedReply,
    fill,
    forbidden_in,
    made_by,
    risky,
    with_facts,
)

WORDING = "Hi {{ author }}, no card was read. All is well, {{ author }}."


@pytest.mark.parametrize(
    "author", ["Ann", "@ann", "@ann@social.example", "안나", "Ann-Lee O'Neil 🙂"]
)
def test_a_filled_wording_is_recognised(author: str) -> None:
    assert made_by(WORDING, fill(WORDING, author))


@pytest.mark.parametrize(
    "author",
    [
        "",
        " Ann",
        "A" * 61,
        "Ann\nBob",
        "Ann\u2028Bob",
        "Ann\u202eBob",
        "bit.ly/x",
        "Ann https://x.example",
        "ann@x.example",
        "@ann and @bob",
        "+49 170 1234567",
        "{{ author }}",
    ],
)
def test_a_name_carries_nothing_else_into_a_reply(author: str) -> None:
    assert not made_by(WORDING, WORDING.replace("{{ author }}", author))
    with pytest.raises(DomainError, match="name cannot be used"):
        fill(WORDING, author)


@pytest.mark.parametrize(
    "text",
    [
        "Hi Ann, no card was read. All is well, Bob.",
        "Hi Ann, no card was read. All is well, Ann. ",
        "Hi Ann, a card was read. All is well, Ann.",
        "Hi Ann, no card was read. All is well, Ann",
        "",
    ],
)
def test_other_words_are_not_the_wording(text: str) -> None:
    assert not made_by(WORDING, text)


def test_without_a_blank_the_words_are_the_same_to_the_letter() -> None:
    assert made_by("Thanks!", fill("Thanks!", "https://never.used"))
    assert not made_by("Thanks!", "Thanks")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Write to ann@example.com", "an e-mail address"),
        ("Write to ann (at) example.com", "an e-mail address"),
        ("Write to a\u200bnn@exa\u200bmple.com", "an e-mail address"),
        ("Call +49 170 123 45", "a phone number"),
        ("Call (030) 1234-5678", "a phone number"),
        ("Call ０３０ １２３４５６７８", "a phone number"),
        ("Your code is 0123-4567-89ABC", "what looks like a code"),
        ("Your code is 7K3M9QXZ", "what looks like a code"),
        ("Yours ends 4111 1111 1111 1111", "the number of a card"),
        ("DE89 3704 0044 0532 0130 00 is yours", "the number of an account"),
    ],
)
def test_what_is_private_is_never_said_in_public(text: str, what: str) -> None:
    why = forbidden_in(text)
    assert why is not None
    assert why.startswith(f"It has {what}, and a reply never holds")


@pytest.mark.parametrize(
    "text",
    [
        "Since 14:05 UTC on 2026-11-28 and until 29.11.2026 we saw 1,000,000 posts.",
        "@bob@mastodon.social, it was #SITEDOWN2026 with HTTP 500, 3 times.",
        "COVID-19, CVE-2026-12345, iPhone 15, 24/7, 10 USD: understanding it all.",
    ],
)
def test_ordinary_words_and_numbers_may_be_said(text: str) -> None:
    assert forbidden_in(text) is None


def test_a_link_is_refused_only_where_it_costs_extra() -> None:
    assert forbidden_in("See status.example.com.") is None
    assert "each link costs" in str(forbidden_in("See status.example.com.", links=False))


@pytest.mark.parametrize(
    "text", ["REFUNDS, please", "re\u200bfund me", "my ｒｅｆｕｎｄ", "Money  back!"]
)
def test_a_risk_word_is_found_in_every_form(text: str) -> None:
    assert risky(text, ["refund", "money back"])


def test_a_risk_word_inside_another_is_none() -> None:
    assert risky("We pursue this.", ["sue"]) is None


def rules(check: FreeCheck = FreeCheck.ROLE, sample: float = 0.1) -> ReplyRules:
    sam = Person(id="sam", roles=("support",))
    free = FreeReplies(roles=("support",), people=(sam,), check=check, sample=sample)
    return ReplyRules(channels=("twitter",), free=free, risk_words=("refund",))


def test_a_second_person_reads_what_the_rules_say() -> None:
    assert rules().needs_second("Hello") is None
    assert "'refund'" in str(rules().needs_second("Your refund is coming"))
    assert rules(FreeCheck.SECOND_PERSON).needs_second("Hello") is not None
    texts = [f"Hello number {n}" for n in range(2_000)]
    drawn = [one for one in texts if rules(FreeCheck.SAMPLE).needs_second(one)]
    assert 120 <= len(drawn) <= 280
    assert drawn == [one for one in texts if rules(FreeCheck.SAMPLE).needs_second(one)]


def test_a_fact_that_changed_holds_the_replies_that_show_it() -> None:
    reply = SavedReply(name="fixed", title="?", wordings=("It is patched.",), facts=("fix", "own"))
    signed = ReplyRules(channels=("twitter",), saved=(reply,), facts={"fix": "It is patched."})
    assert signed.why_not(reply, {"fix": "It is patched.", "cause": "new"}, "x") is None
    for known in ({"fix": "It is reverted."}, {}):
        why = signed.why_not(reply, known, "x")
        assert why is not None
        assert why.what == "Saved reply fixed is held: fix changed after it was signed."


def test_a_fact_cannot_bring_a_blank_of_its_own() -> None:
    with pytest.raises(DomainError, match="The fact fix has"):
        with_facts("{{facts.fix}}", {"fix": "Ask {{ author }}"})
    assert with_facts("{{author}}: {{facts.fix}}{{ facts.cause }}", {"fix": "done"}) == (
        "{{ author }}: done{{ facts.cause }}"
    )
