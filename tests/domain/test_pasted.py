"""What was pasted along is taken off by its kind, and what belongs to the text stays."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from domain.pasted import (
    code_point,
    odd_character,
    without_marks,
    without_punctuation,
    without_quotes,
)

_FORMAT = [chr(n) for n in range(sys.maxunicode) if unicodedata.category(chr(n)) == "Cf"]
_BLANK = ["\u034f", "\u115f", "\u180b", "\u2800", "\u3164", "\ufe0f", "\uffa0", "\U000e0100"]


@pytest.mark.parametrize("place", ["{}ann", "a{}nn", "ann{}"])
def test_every_mark_that_nobody_sees_is_taken_off_wherever_it_is(place: str) -> None:
    kept = [mark for mark in (*_FORMAT, *_BLANK) if without_marks(place.format(mark)) != "ann"]

    assert kept == []


def test_joiners_stay_where_they_belong_to_the_spelling() -> None:
    assert without_marks("نامه\u200cای") == "نامه\u200cای"


@pytest.mark.parametrize(
    "typed",
    ["'ann'", "'ann", '"ann"', "“ann”", "„ann“", "«ann»", "`ann´", '="ann"', "\u3000ann\xa0"],
)
def test_quotes_and_white_space_round_a_text_are_taken_off(typed: str) -> None:
    assert without_quotes(typed) == "ann"


@pytest.mark.parametrize("typed", ["«ann»;", "(ann),", "[ann].", " {ann} "])
def test_brackets_and_separators_are_taken_off_where_they_are_no_part_of_it(typed: str) -> None:
    assert (without_punctuation(typed), without_quotes("A-1.")) == ("ann", "A-1.")


def test_a_quote_inside_stays() -> None:
    assert without_punctuation("'o'neil'") == "o'neil"


def test_a_character_that_cannot_be_seen_is_named_by_its_code_point() -> None:
    assert code_point("\u200e") == "U+200E (left-to-right mark)"
    assert odd_character("a\x00b") == "U+0000 (control character)"
    assert odd_character("josé_1") == ""
