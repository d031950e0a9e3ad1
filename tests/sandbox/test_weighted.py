"""Counting a post the way X does."""

from __future__ import annotations

import pytest

from sandbox.weighted import links_in, weight

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a" * 280, 280),
        ("é", 1),
        ("e\u0301", 1),
        ("“quoted” — it’s", 15),
        ("日本", 4),
        ("€", 2),
        ("\U0001f600", 2),
        (FAMILY, 2),
        ("\U0001f1e9\U0001f1ea", 2),
        ("1\ufe0f\u20e3", 2),
        ("\U0001f44d\U0001f3fd", 2),
        ("❤\ufe0f", 2),
        ("©", 1),
        ("https://a.io", 23),
        ("https://status.acme.example/" + "x" * 300, 23),
        ("see https://a.example, then b", 4 + 23 + 8),
        ("example.com", 23),
        ("founder@example.com", 19),
        ("version 2.5.1", 13),
        ("a\r\nb", 4),
    ],
)
def test_a_text_weighs_what_x_says(text: str, expected: int) -> None:
    assert weight(text) == expected


def test_punctuation_after_a_link_is_not_part_of_it() -> None:
    (link,) = links_in("(see https://a.example/x).")
    assert link.url == "https://a.example/x"
