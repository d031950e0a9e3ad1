"""A mention keeps whatever strangers write, and a machine's mail is told from a person's."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mentions import (
    LONGEST_ID,
    LONGEST_TEXT,
    Author,
    Mention,
    is_automatic,
    storable,
    version_of,
)

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ANYTHING = st.text(st.characters(exclude_categories=()))


def said(text: object, number: object = "1") -> Mention:
    return Mention.model_validate(
        {"channel": "twitter", "id": number, "text": text, "written_at": NOON}
    )


@given(ANYTHING)
def test_whatever_is_written_is_kept_and_can_be_stored(text: str) -> None:
    mention = said(text)

    mention.text.encode()
    assert "\0" not in mention.text
    assert len(mention.text) == len(text)
    assert Mention.model_validate_json(mention.model_dump_json()) == mention


@pytest.mark.parametrize(
    "text", ["\u202eevil\u202c", "<script>alert(1)</script>", "=1+1", "\x1b[2J", "a\u0301" * 50]
)
def test_what_a_ledger_can_hold_stays_as_it_came(text: str) -> None:
    assert said(text).text == text


def test_half_a_character_as_a_provider_may_send_it_costs_one_character_and_no_mention() -> None:
    text = json.loads('"are you \\ud83d serious\\u0000?"')
    assert said(text).text == "are you \ufffd serious\ufffd?"


def test_thirty_kilobytes_are_kept_whole_and_far_more_is_cut_and_said() -> None:
    assert not said("x" * 30_000).cut
    longer = said("x" * 100_000)
    assert (len(longer.text), longer.cut) == (LONGEST_TEXT, True)


def test_what_is_no_text_is_no_reason_to_lose_a_mention() -> None:
    assert said(None).text == said(42).text == ""
    assert Author.model_validate({"id": None, "name": ["x"]}) == Author()


def test_two_long_ids_stay_two() -> None:
    one, other = said("x", "9" * 5000).id, said("x", "9" * 5001).id
    assert one != other
    assert len(one) == len(other) == LONGEST_ID


def test_a_version_without_a_name_goes_by_its_words() -> None:
    assert version_of("so?") == version_of("so?") != version_of("so.")
    assert version_of("\ud800") == version_of(storable("\ud800"))


@pytest.mark.parametrize(
    "headers",
    [
        {"auto-submitted": "auto-replied"},
        {"auto-submitted": "Auto-Generated; owner=x"},
        {"precedence": "Bulk"},
        {"precedence": "auto_reply"},
        {"x-autoreply": "yes"},
        {"x-autorespond": ""},
    ],
)
def test_mail_of_a_machine_is_automatic(headers: dict[str, str]) -> None:
    assert is_automatic(headers, "ann@example.com")


def test_a_bounce_has_no_sender_and_a_person_is_no_machine() -> None:
    assert is_automatic({}, "<>")
    assert is_automatic({"auto-submitted": "no"}, "")
    assert not is_automatic(
        {"auto-submitted": "No", "precedence": "first-class"}, "<ann@a.example>"
    )
