"""What Mastodon makes of a text: how long it is there.

Sources: docs.joinmastodon.org, "Posting to your profile" and "Guidelines and best practices";
the length validator of Mastodon's own source.
"""

from __future__ import annotations

import re
import unicodedata

_LINK = re.compile(r"https?://[^\s<>\"]+")
_AFTER_A_LINK = ".,;:!?'\"…)]}»”’"


def length_of(text: str, *, link: int) -> int:
    """The length of ``text`` on a server on which a link counts ``link`` characters.

    Mastodon counts what people see as one letter, and leaves the server out of ``@name@server``.
    Counting code points and all of it errs upwards, so that an approved copy is never too long.
    """
    text = unicodedata.normalize("NFC", text)
    links = (one.rstrip(_AFTER_A_LINK) for one in _LINK.findall(text))
    return len(text) + sum(link - len(one) for one in links)
