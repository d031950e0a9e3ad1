"""Markdown for the public: the HTML that is shown of it, and what must not be in it.

The HTML needs no style and no script of its own, so it works under the strictest policy, and it
loads nothing but pictures over https.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from domain.public_text import is_blank

HIGHEST_HEADING = 2
"""The page that shows the text has the heading of level 1."""

_LOWEST_HEADING = 6
_HEADING = re.compile(r"<(/?)h([2-6])>")
_TAGS = {
    "p", "br", "hr", "strong", "em", "s", "a", "img", "code", "pre", "blockquote", "ul", "ol", "li",
    "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
_LINK = ("https://", "mailto:")
_PICTURE = ("https://",)


class MarkdownProblem(NamedTuple):
    """Something in a text that must not be published; lines count from 1."""

    line: int
    detail: str
    next_step: str

    def __str__(self) -> str:
        return f"Line {self.line} {self.detail}."


def html_of(markdown: str) -> str:
    """Return safe HTML for ``markdown``; its headings begin at level 2 and leave out no level.

    Raw HTML comes out as text, a link or picture that is not allowed as its words alone.
    """
    parser = _parser(html=False)
    tokens = parser.parse(markdown)
    _level(tokens)
    return _cleaned(parser.renderer.render(tokens, parser.options, {})).strip()


def deepened(html: str, levels: int) -> str:
    """Return what ``html_of`` returned with its headings so many levels deeper, at most at 6."""
    return _HEADING.sub(
        lambda tag: f"<{tag[1]}h{min(int(tag[2]) + levels, _LOWEST_HEADING)}>", html
    )


def problems_in(markdown: str) -> list[MarkdownProblem]:
    """Return what keeps ``markdown`` from being published, in the order of its lines.

    That is: raw HTML, a heading of level 1, a picture without alt text, and a link or picture
    that is not https (a link may also be mailto).
    """
    parser = _parser(html=True)
    # Otherwise a forbidden link would be read as words, and nobody would be told.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    found = [one for token in parser.parse(markdown) for one in _problems_of(token)]
    return sorted(found, key=lambda one: one.line)


def _parser(*, html: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": html, "linkify": True})
    parser.enable(["linkify", "table", "strikethrough"])
    assert parser.linkify is not None
    # "example.com" in a sentence is a name; only an address that is written out is a link.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    return parser


def _level(tokens: list[Token]) -> None:
    """Begin the headings at level 2, each at most one deeper than the one before it."""
    before = HIGHEST_HEADING - 1
    for token in tokens:
        if token.type == "heading_open":
            before = min(max(int(token.tag[1]), HIGHEST_HEADING), before + 1)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{before}"


def _cleaned(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"https", "mailto"},
        link_rel="noopener",
    )


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if attribute in ("href", "src") and not _is_allowed(value, _LINK if tag == "a" else _PICTURE):
        return None
    return value


def _is_allowed(address: str, beginnings: tuple[str, ...]) -> bool:
    return address.lower().startswith(beginnings)


def _problems_of(block: Token) -> Iterator[MarkdownProblem]:
    line = (block.map or [0])[0] + 1
    if block.type == "html_block":
        yield _raw_html(line)
    elif block.type == "heading_open" and block.tag == "h1":
        yield MarkdownProblem(
            line, "is a heading of level 1, which the page has already", "Begin it with ##."
        )
    for token in _leaves(block.children or []):
        yield from _problems_inside(token, line)
        # A line that ends inside of code or of an address is not counted.
        line += token.type in ("softbreak", "hardbreak")


def _leaves(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        if token.type == "image":
            yield from _leaves(token.children or [])


def _problems_inside(token: Token, line: int) -> Iterator[MarkdownProblem]:
    if token.type == "html_inline":
        yield _raw_html(line)
    elif token.type == "link_open" and not _is_allowed(str(token.attrGet("href")), _LINK):
        yield MarkdownProblem(
            line,
            "has a link that is neither https nor mailto",
            "Write its whole address, beginning with https://.",
        )
    elif token.type == "image":
        yield from _problems_of_picture(token, line)


def _problems_of_picture(picture: Token, line: int) -> Iterator[MarkdownProblem]:
    if not _is_allowed(str(picture.attrGet("src")), _PICTURE):
        yield MarkdownProblem(
            line,
            "has a picture whose address is not https",
            "Put the picture where it has an address that begins with https://.",
        )
    if is_blank(picture.content):
        yield MarkdownProblem(
            line,
            "has a picture without alt text",
            "Say between ![ and ] what the picture shows, for people who do not see it.",
        )


def _raw_html(line: int) -> MarkdownProblem:
    return MarkdownProblem(
        line,
        "has HTML, which readers would see as it is written",
        "Write it in Markdown, or put `backquotes` around what shall be shown.",
    )
