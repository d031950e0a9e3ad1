"""Markdown becomes HTML that can do no harm, and what must not be in it is named with its line."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.website.markdown import deepened, html_of, problems_in

HARMLESS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip

ATTEMPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=https://evil.example></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](//evil.example)",
    "[x](/relative)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x\" onerror=\"alert(1)](https://example.com/a.png)",
    '[x](https://example.com "\\" onmouseover=\\"alert(1)")',
    "[x](https://example.com/\"onmouseover=alert(1))",
    "<javascript:alert(1)>",
    "<https://example.com/<script>>",
    "`</code><script>alert(1)</script>`",
    "```html\n</pre><script>alert(1)</script>\n```",
    "``` \" onclick=alert(1)\nx\n```",
    "[x]: javascript:alert(1)\n\n[x]",
    "| a |\n|:-:|\n| <b onclick=alert(1)>x</b> |",
    "<style>*{display:none}</style>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<form action=https://evil.example><input></form>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)  # fmt: skip


class Tags(HTMLParser):
    """All tags of a text with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def harm_in(html: str) -> list[object]:
    """Tags and attributes that could do something."""
    tags = Tags(html).found
    strange: list[object] = [tag for tag, _ in tags if tag not in HARMLESS]
    for tag, attributes in tags:
        strange += attributes.keys() - {"href", "src", "alt", "title", "rel", "start"}
        link, picture = attributes.get("href"), attributes.get("src")
        if link is not None and not link.lower().startswith(("https://", "mailto:")):
            strange.append(link)
        if picture is not None and not picture.lower().startswith("https://"):
            strange.append(picture)
        if tag == "a" and link and attributes.get("rel") != "noopener":
            strange.append("a link without rel")
    return strange


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_attempt_does_harm(attempt: str) -> None:
    assert harm_in(html_of(attempt)) == []
    assert harm_in(html_of(f"Words before.\n\n> - {attempt}\n")) == []


def test_the_test_sees_harm() -> None:
    assert len(harm_in("<script></script><a href='javascript:x' onclick=x>x</a>")) == 4


@given(st.text(alphabet="<>[]()!\"'`#&;:/=\\ \n-*_~|aehijlnoprstv", max_size=60))
def test_nothing_that_can_be_typed_does_harm(text: str) -> None:
    assert harm_in(html_of(text)) == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**Now** and *then*", "<p><strong>Now</strong> and <em>then</em></p>"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        (
            "See https://example.com/a.",
            '<p>See <a href="https://example.com/a" rel="noopener">https://example.com/a</a>.</p>',
        ),
        ("example.com is a name", "<p>example.com is a name</p>"),
        (
            "[Write](mailto:help@example.com)",
            '<p><a href="mailto:help@example.com" rel="noopener">Write</a></p>',
        ),
        (
            "![A chart](https://example.com/a.png)",
            '<p><img src="https://example.com/a.png" alt="A chart"></p>',
        ),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
    ],
)
def test_what_is_written_is_what_is_shown(written: str, shown: str) -> None:
    assert html_of(written) == shown


@pytest.mark.parametrize(
    ("written", "levels"),
    [
        ("## a\n### b\n## c", [2, 3, 2]),
        ("# a\n## b", [2, 2]),
        ("#### a\n###### b", [2, 3]),
    ],
)
def test_headings_begin_at_two_and_leave_out_no_level(written: str, levels: list[int]) -> None:
    assert [int(tag[1]) for tag, _ in Tags(html_of(written)).found] == levels


def test_headings_fit_below_those_of_the_page() -> None:
    html = deepened(html_of("## a\n\n`<h2>`"), 2)
    assert html == "<h4>a</h4>\n<p><code>&lt;h2&gt;</code></p>"
    assert deepened("<h5>a</h5>", 3) == "<h6>a</h6>"


@pytest.mark.parametrize(
    ("written", "line", "word"),
    [
        ("ok\n\n# Heading", 3, "level 1"),
        ("Heading\n=======", 1, "level 1"),
        ("ok\n\n![](https://example.com/a.png)", 3, "alt text"),
        ("![ ](https://example.com/a.png)", 1, "alt text"),
        ("![a](http://example.com/a.png)", 1, "picture"),
        ("a\n[b](http://example.com)", 2, "link"),
        ("a http://example.com b", 1, "link"),
        ("a\n\n- b\n- [c](javascript:alert(1))", 4, "link"),
        ("[c](/here)", 1, "link"),
        ("a\nb <b>c</b>", 2, "HTML"),
        ("<div>\nx\n</div>", 1, "HTML"),
        ("a\n\n<!-- note -->", 3, "HTML"),
        ("| a |\n|---|\n| [x](ftp://a.example) |", 3, "link"),
    ],
)
def test_a_problem_is_named_with_its_line(written: str, line: int, word: str) -> None:
    first = problems_in(written)[0]
    assert (first.line, word in first.detail, bool(first.next_step)) == (line, True, True)
    assert str(first).startswith(f"Line {line} ")


@pytest.mark.parametrize(
    "written",
    [
        "## Heading\n\n[a](https://example.com) <help@example.com> ![b](https://example.com/b.png)",
        "`<b>` and 1 < 2, a > b, AT&T",
        "```html\n<script>\n```",
        "",
    ],
)
def test_what_is_fine_has_no_problem(written: str) -> None:
    assert problems_in(written) == []


@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(html_of(text), str)
    assert all(one.line >= 1 for one in problems_in(text))
