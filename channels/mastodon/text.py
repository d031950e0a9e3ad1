"""What Mastodon makes of a text: how long it is there, and how to read it back out of its HTML.

Sources: docs.joinmastodon.org, "Posting to your profile" and "Guidelines and best practices";
the length validator of Mastodon's own source.
"""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

_LINK = re.compile(r"https?://[^\s<>\"]+")
_AFTER_A_LINK = ".,;:!?'\"…)]}»”’"
_BLOCKS = frozenset({"p", "div", "li", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3"})


def length_of(text: str, *, link: int) -> int:
    """The length of ``text`` on a server on which a link counts ``link`` characters.

    Mastodon counts what people see as one letter, and leaves the server out of ``@name@server``.
    Counting code points and all of it errs upwards, so that an approved copy is never too long.
    """
    text = unicodedata.normalize("NFC", text)
    links = (one.rstrip(_AFTER_A_LINK) for one in _LINK.findall(text))
    return len(text) + sum(link - len(one) for one in links)


def words_of(content: str) -> str:
    """The words of a post's HTML, as they were written.

    A long link is shortened for the eye only: the parts of it that are hidden are in the HTML too.
    """
    reader = _Words()
    reader.feed(content)
    reader.close()
    return "".join(reader.words).strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.words.append("\n\n")
