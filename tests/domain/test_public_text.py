"""What the public may see can be seen, and nothing in it changes how the rest is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from domain.actor import Actor
from domain.errors import DomainError, PlaybookInvalid
from domain.facts import Facts
from domain.gate import Gate, GatePolicy, Verdict
from domain.judging import judge
from domain.message import MessageKind, Voice
from domain.offer import OfferTerms
from domain.public_text import check_title, fault_in, is_blank, link_fault
from domain.templates import RenderContext, free_copy, render
from domain.times import in_utc

INVISIBLE = (
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u3164", "\u115f", "\uffa0",
    "\ufe0f", "\U000e0101", "\u2800", "\u200e\u200f\u061c", "\u034f", "\u180e", "\u17b5",
    "\U0001d159", "\u200b \u00a0\u3000",
)  # fmt: skip
FORBIDDEN = (
    "\x00", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1c", "\x7f", "\x85", "\x9b", "\r",
    "\u2028", "\u2029", "\u202a", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
    "\u206a", "\ud800", "\udfff", "\ufff9", "\ufffe", "\U0010ffff", "\ufdd0", "\U000e0041",
)  # fmt: skip
LEGITIMATE = (
    "We are on it \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f Hello, England",
    "نامه\u200cای برای شما",
    "क्\u200dष",
    "שלום \u200eFrontfoot\u200f עולם",
    "one\ttab\nand two lines",
    "a Windows\r\nfile",
    "Silben\u00adtrennung and https://example.com/a\u200bb",
    "\U0001f389",
    "…",
    "한국어 \u845b\U000e0100",
)


def _id(text: str) -> str:
    return "-".join(f"{ord(letter):04X}" for letter in text)


@pytest.mark.parametrize("text", INVISIBLE, ids=_id)
def test_text_of_which_nothing_can_be_seen_says_nothing(text: str) -> None:
    fault = fault_in(text)

    assert (is_blank(text), fault is not None and "nothing that can be seen" in str(fault)) == (
        True,
        True,
    )


@pytest.mark.parametrize("text", FORBIDDEN, ids=_id)
def test_a_character_that_must_not_be_published_is_told_with_its_place(text: str) -> None:
    fault = fault_in(f"We know.\nWe are{text} on it.")

    assert str(fault).startswith(f"has U+{ord(text):04X} (")
    assert str(fault).endswith("in line 2, character 7.")


@pytest.mark.parametrize("text", LEGITIMATE, ids=range(len(LEGITIMATE)))
def test_what_emoji_and_scripts_need_is_left_alone(text: str) -> None:
    assert (fault_in(text), free_copy(text, "email").text) == (None, text.replace("\r\n", "\n"))


@pytest.mark.parametrize("title", ["", "  ", "\u200b", "Sign-in\x1b[2J", "one\ntwo"], ids=_id)
def test_a_title_that_says_nothing_or_more_than_it_shows_is_refused(title: str) -> None:
    with pytest.raises(DomainError, match="title"):
        check_title(title)


def test_a_title_is_kept_without_the_spaces_round_it() -> None:
    assert check_title(" Sign-in is down ") == "Sign-in is down"


@pytest.mark.parametrize("text", ["\u200b", "Hi\x1b[31m", "Hi\u202e"], ids=_id)
@pytest.mark.parametrize("part", ["text", "subject"])
def test_free_copy_names_the_channel_and_the_part(part: str, text: str) -> None:
    with pytest.raises(DomainError, match=f"{part} for email has"):
        free_copy(**{"text": "Hello", "channel": "email", part: text})


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("subject: Hi\x1b\n---\nHello", "announcement.email.j2, line 1, character 3: has U+001B"),
        ("subject: Hi\n---\nHello\n\u202eyou", "announcement.email.j2, line 4, column 1"),
    ],
    ids=["subject", "text"],
)
def test_a_template_is_refused_at_the_line_that_has_it(source: str, place: str) -> None:
    with pytest.raises(PlaybookInvalid) as failure:
        _rendered(source, {})

    assert place.split(",")[0] in str(failure.value)
    assert place.split(",")[1] in str(failure.value)


def test_a_value_that_must_not_be_published_is_found_once_it_is_filled_in() -> None:
    with pytest.raises(PlaybookInvalid, match=r"once it is filled in, it has U\+0007"):
        _rendered("{{ facts.cause }}", {"cause": "a bell \x07"})


def test_a_template_that_shows_only_its_mark_and_something_invisible_is_refused() -> None:
    with pytest.raises(PlaybookInvalid, match="nothing that can be seen"):
        _rendered("\u200b {{ mark }}", {})


@pytest.mark.parametrize("text", ["\u2060", "\u001b[0m", "\ud800"], ids=_id)
def test_what_is_written_in_a_plan_can_be_published(text: str) -> None:
    for write in (
        lambda: Facts(cause=text),
        lambda: Voice(name=text),
        lambda: Voice(name="Noor", address=f"noor@example.com{text}\u202e"),
        lambda: Voice(name="Noor", sign_off=text),
        lambda: OfferTerms(title=text, worth="1", currency="EUR", budget_cap="1"),
    ):
        with pytest.raises(ValidationError):
            write()


def test_every_character_of_a_link_can_be_seen() -> None:
    assert link_fault("https://example.com/\u200b") == "U+200B (zero width space)"
    assert link_fault("https://example.com/größe?a=1#b") == ""


def test_a_reason_with_a_control_character_is_refused_with_the_decision() -> None:
    gate = Gate(policy=GatePolicy(roles=("legal",)), digest="a" * 64, author="maya")
    with pytest.raises(DomainError, match=r"The reason has U\+001B"):
        judge(
            gate,
            actor=Actor.at_terminal("ines"),
            verdict=Verdict.REJECT,
            digest="a" * 64,
            roles={"ines": ("legal",)},
            at=in_utc(datetime(2026, 10, 26, 12, tzinfo=UTC)),
            reason="no\x1b[2J",
        )


def _rendered(source: str, facts: Mapping[str, str]) -> str:
    context = RenderContext(
        incident="hacked",
        title="Hacked",
        company="Example Co",
        kind=MessageKind.ANNOUNCEMENT,
        ordinal=1,
        mark="Notice 1",
        facts=dict(facts),
    )
    files = {"announcement.email.j2": source}
    return render(MessageKind.ANNOUNCEMENT, "email", files, context).text
