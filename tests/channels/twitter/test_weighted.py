"""A post is counted as X counts it, and where that cannot be known never too short."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.twitter.weighted import weighted_length

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("We are on it.", 13),
        ("Grüße, Ελλάδα, Привет", 21),
        ("“quoted” – dashed…", 19),
        # Scripts and signs that weigh two.
        ("障害", 4),
        ("복구", 4),
        ("€", 2),
        ("→", 2),
        # Composed and decomposed letters are one.
        ("e\u0301", 1),
        ("\ufb2c", 3),
        # Line ends are one character however they are written.
        ("a\nb", 3),
        ("a\r\nb", 3),
        ("a\rb", 3),
    ],
)
def test_letters_weigh_what_x_says(text: str, length: int) -> None:
    assert weighted_length(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("\U0001f631", 2),
        ("\u2615", 2),
        ("\u2764\ufe0f", 2),
        ("\u00a9\ufe0f", 2),
        ("\u00a9", 1),
        ("7\ufe0f\u20e3", 2),
        ("#\u20e3", 2),
        ("\U0001f1eb\U0001f1f7", 2),
        ("\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea", 4),
        (ENGLAND, 2),
        ("\U0001f44b\U0001f3fd", 2),
        ("\u261d\U0001f3fb", 2),
        ("\U0001f9d1\U0001f3fe\u200d\U0001f4bb", 2),
        ("\U0001f3f3\ufe0f\u200d\U0001f308", 2),
        (FAMILY, 2),
        (FAMILY * 140, 280),
        ("ok\u00a0" + FAMILY + "!", 6),
        # A skin tone after something that takes none is an emoji of its own.
        ("\U0001f431\U0001f3fd", 4),
    ],
)
def test_an_emoji_weighs_two_however_long_its_sequence(text: str, length: int) -> None:
    assert weighted_length(text) == length


@given(st.text(max_size=300))
def test_every_text_has_a_length(text: str) -> None:
    assert 0 <= weighted_length(text) <= 23 * len(text) + 2


@given(st.text(alphabet="abcdefghij ÄÖ,!", max_size=280))
def test_plain_words_weigh_what_they_measure(text: str) -> None:
    assert weighted_length(text) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "a." * 5000,
        "\u3042." * 3000,
        "a.com_." * 1000,
        "https://" + "a." * 5000,
        "https://a.io/" + "(a" * 5000,
        FAMILY[:2] * 5000,
    ],
)
def test_no_text_takes_long_to_count(text: str) -> None:
    """A regular expression that backtracks would take minutes over these."""
    began = time.perf_counter()
    weighted_length(text)
    assert time.perf_counter() - began < 1
