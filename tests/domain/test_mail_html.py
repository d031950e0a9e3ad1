"""The HTML of a mail says what its text says, and loads nothing."""

from __future__ import annotations

import html as entities
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail_html import html_page, html_paragraphs


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\n\nTwo", "<p>One</p>\n<p>Two</p>"),
        ("One\nTwo", "<p>One<br>Two</p>"),
        (
            "What now:\n- a\n- b\nThanks",
            "<p>What now:</p>\n<ul><li>a</li><li>b</li></ul>\n<p>Thanks</p>",
        ),
        ("<b>&", "<p>&lt;b&gt;&amp;</p>"),
        (
            "See https://example.com/a?b=1&c=2.",
            '<p>See <a href="https://example.com/a?b=1&amp;c=2">'
            "https://example.com/a?b=1&amp;c=2</a>.</p>",
        ),
        (
            "(https://example.com/)",
            '<p>(<a href="https://example.com/">https://example.com/</a>)</p>',
        ),
        (
            "https://example.com/[[code]].",
            '<p><a href="https://example.com/[[code]]">https://example.com/[[code]]</a>.</p>',
        ),
        ("[[code]]", '<p><strong style="font-size:20px">[[code]]</strong></p>'),
        ("javascript:alert(1) http://a.example", "<p>javascript:alert(1) http://a.example</p>"),
        ('https://example.com/"onmouseover="x', None),
    ],
)
def test_text_becomes_html(text: str, html: str | None) -> None:
    made = html_paragraphs(text)
    assert made == html if html is not None else '"onmouseover' not in made


@given(st.text(alphabet=st.sampled_from("ab <>&\"'[]-\n:/.htps"), max_size=120))
def test_no_text_can_smuggle_in_a_tag_or_lose_a_word(text: str) -> None:
    made = html_paragraphs(text)
    tags = set(re.findall(r"<(\w+)", made))
    words = entities.unescape(re.sub(r"<[^>]*>", " ", made)).split()
    assert tags <= {"p", "br", "ul", "li", "a", "strong"}
    assert "".join(words).replace("-", "") == "".join(text.split()).replace("-", "")


def test_a_page_names_its_subject_and_loads_nothing() -> None:
    page = html_page("Hello", "A <b>subject</b>")
    assert "<title>A &lt;b&gt;subject&lt;/b&gt;</title>" in page
    assert not re.search(r"<(img|script|link|iframe)|src=|url\(", page)
