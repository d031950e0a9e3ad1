"""The words of somebody's HTML: a post on Mastodon, a mail."""

from __future__ import annotations

from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "div", "li", "ul", "ol", "blockquote", "pre", "tr", "h1", "h2", "h3"})
_NOT_SHOWN = frozenset({"script", "style", "title"})


def words_of(content: str) -> str:
    """The words of ``content``, as they were written.

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
        self._hidden = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _NOT_SHOWN:
            self._hidden = self._hidden or tag
        elif tag == "br":
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        elif tag in _BLOCKS:
            self.words.append("\n\n")
