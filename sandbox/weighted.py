"""Counts a post the way X does: 280 units, links 23, emoji 2, most other scripts 2 a character.

Rules: docs.x.com "Counting characters" and twitter-text `config/v3.json` (weights, ranges, 23 per
URL, NFC). Bare domains are recognised for a short list of endings only; write links with https.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_WEIGHT = 280
URL_WEIGHT = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

_PICTURE = (
    "[\u203c\u2049\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_ONE = f"(?:{_PICTURE}\ufe0f?[\U0001f3fb-\U0001f3ff]?|[\u00a9\u00ae\u2122]\ufe0f)"
_EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3"
    f"|{_ONE}(?:[\U000e0020-\U000e007f]+|(?:\u200d{_ONE})+)?"
)
_URL = re.compile(
    r"https?://[^\s<>\"“”]+"
    r"|(?<![\w@./-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
    r"(?:com|org|net|io|co|dev|app|info|eu|uk|de|fr|gov|edu)\b(?:/[^\s<>\"“”]*)?(?![\w@])",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'\")]}…"


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text: the span of its characters and what it says."""

    start: int
    end: int
    url: str


def links_in(text: str) -> list[Link]:
    """The links X would recognise and shorten, in the order of the text."""
    links: list[Link] = []
    for match in _URL.finditer(text):
        url = match.group()
        while url[-1] in _TRAILING and not (url[-1] == ")" and "(" in url):
            url = url[:-1]
        links.append(Link(match.start(), match.start() + len(url), url))
    return links


def weight(text: str) -> int:
    """The weighted length of a text; more than MAX_WEIGHT is refused."""
    text = unicodedata.normalize("NFC", text)
    total = 0
    at = 0
    for link in links_in(text):
        total += _plain_weight(text[at : link.start]) + URL_WEIGHT
        at = link.end
    return total + _plain_weight(text[at:])


def _plain_weight(text: str) -> int:
    emoji = len(_EMOJI.findall(text))
    rest = _EMOJI.sub("", text) if emoji else text
    return 2 * emoji + sum(1 if _is_light(ord(letter)) else 2 for letter in rest)


def _is_light(point: int) -> bool:
    return any(low <= point <= high for low, high in _LIGHT)
