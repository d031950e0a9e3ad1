"""What a public post says, and whether two posts say the same.

No provider of posts has an idempotency key, so the words themselves are how we recognise an
earlier attempt of ours: all of them, or at least the mark that distinguishes this post.
"""

from __future__ import annotations

import re
import unicodedata

from channels.contract import CannotExpress, Template
from domain.message import PERSONAL_FIELD, Copy


def tidy(text: str) -> str:
    """Text as it will be published: composed (NFC), one kind of line end, nothing at the ends."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def words_of_post(template: Template, channel: str, *, with_link: bool) -> str:
    """The full text of a post: the template's, then its sign-off, mark and link if not in it yet.

    Raises ``CannotExpress`` for what no post can carry: nothing at all, or a ``[[personal]]``
    field, because everybody reads the same post.
    """
    text = tidy(template.text)
    if not text:
        raise CannotExpress(f"{channel}: the post is empty.", "Write something in its template.")
    for extra in (template.voice.sign_off if template.voice else "", template.mark):
        if tidy(extra) not in text:
            text = f"{text}\n{tidy(extra)}"
    if with_link and template.link and not _links_to(text, template.link):
        text = f"{text}\n{template.link}"
    if PERSONAL_FIELD.search(text):
        raise CannotExpress(
            f"{channel}: a public post has no recipients, so [[fields]] cannot be filled in.",
            "Take the [[field]] out of this channel's template.",
        )
    return text


def copy_of_post(template: Template, channel: str, text: str) -> Copy:
    """The copy of a post that says ``text``, with all else as in its template."""
    return Copy(
        channel=channel,
        text=text,
        link=template.link,
        mark=template.mark,
        voice=template.voice,
    )


def says_the_same(published: str, copy: Copy) -> bool:
    """Whether a published text is the copy, white space and composition apart."""
    return _plain(published) == _plain(copy.text)


def bears_the_mark(published: str, copy: Copy) -> bool:
    """Whether a published text contains the copy's mark; never for a copy without one."""
    mark = _plain(copy.mark)
    return bool(mark) and mark in _plain(published)


def _links_to(text: str, link: str) -> bool:
    # The start of another, longer link is not this one.
    return re.search(re.escape(link) + r"(?![\w/?#&=%-])", text) is not None


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
