"""Finds the links in a post that X replaces by its own short ones, all of the same weight.

Follows version 3 of the open twitter-text library. The domain of a link ends in a top-level domain
that X knows (``tlds.py``). Without a scheme, only its part in Latin letters is a link. A domain is
not a link if no name server could hold it: a dash or an underscore at the edge of a label, an
underscore in the label before the last, or a label of more than 63 octets. Chinese or Japanese text
may surround a link without a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from channels.twitter.tlds import KNOWN, LATER, LONGEST

MOST_LETTERS = 4096
"""X leaves a longer link as text."""
LONGEST_SLUG = 40
"""X leaves a link to t.co with a longer path as text."""


class Link(NamedTuple):
    """Where a link is in the text. ``sure`` is false where X may count it by its letters."""

    start: int
    end: int
    sure: bool = True


_LATIN = "À-ÖØ-öø-\u024fɓɔɖɗəɛɣɨɯɲʉʻ\u0300-\u036fḀ-ỿ"
_OUTSIDE = (
    r"\s!'#%&()*+,\\/:;<=>?@\[\]^{|}~$\x85\u061c\u180e\u200e\u200f\u202a-\u202e"
    r"\u2066-\u2069\ufeff\ufffe\uffff"
)
_LETTER = rf"[^._\-{_OUTSIDE}]"
# Letters are written out in both cases: for Python's IGNORECASE, i is a Turkish dotless one too.
_SCHEME = "[hH][tT][tT][pP][sS]?://"
# X counts in UTF-16: before the second half of an emoji is its first, which may precede a link.
_BEGINNING = re.compile(
    r"(?:(?<![a-zA-Z0-9@＠$#＃\ufeff\ufffe\uffff])|(?=[\U00010000-\U0010ffff]))"
    rf"(?P<scheme>{_SCHEME})?(?={_LETTER})"
)
# A domain has 253 octets at most. The limit also keeps any text quick to read.
_LABELS = re.compile(rf"[^{_OUTSIDE}]{{1,256}}")
_SUBDOMAIN = re.compile(rf"{_LETTER}(?:[^.{_OUTSIDE}]*{_LETTER})?")
_DOMAIN = re.compile(rf"{_LETTER}(?:[^._{_OUTSIDE}]*{_LETTER})?")
_LATIN_LABELS = re.compile(rf"(?:[-a-zA-Z0-9{_LATIN}]+\.)+")
_PUNYCODE = re.compile("[xX][nN]--[-0-9a-zA-Z]+")
_GOES_ON = re.compile(r"[0-9a-zA-Z@+-]")

# Letters that may follow a link's domain, and those it may end with: a full stop or a closing
# bracket after a link belongs to the sentence, unless the bracket was opened inside the link.
_ANY = rf"[a-zA-ZЀ-ӿ0-9!*';:=+,.$/%#\[\]\-–_~@|&{_LATIN}]"
_LAST = rf"[a-zA-ZЀ-ӿ0-9=_#/+\-{_LATIN}]"
_BRACKETS = rf"\((?:{_ANY}+|{_ANY}*\({_ANY}+\){_ANY}*)\)"
_QUERY = r"\?[a-zA-Z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-zA-Z0-9\-_&=#/]"
_TAIL = re.compile(
    rf"(?::[0-9]+)?(?P<path>/(?:(?:{_ANY}|{_BRACKETS})*{_LAST})?(?:{_BRACKETS})*)?(?:{_QUERY})?"
)
_SHORTENED = re.compile(rf"{_SCHEME}[tT]\.[cC][oO]/(?P<slug>[a-zA-Z0-9]+)(?:{_QUERY})?")


Tops = dict[int, int]
"""Where each possible top-level domain of a text begins, and where it ends."""


def links_in(text: str, *, perhaps: bool = False) -> Iterator[Link]:
    """The links of ``text``, which is in NFC, in their order.

    With ``perhaps``, also those that are links only if X's list of top-level domains has grown.
    """
    known, later = _tops_in(text, KNOWN), _tops_in(text, LATER) if perhaps else {}
    # A letter of another script that begins the text is what stands before a link, never its first.
    position = 1 if _BEGINNING.match(text, 1) else 0
    last_end = -1
    while begin := _BEGINNING.search(text, position):
        start = begin.end()
        tops, end = known, _domain_end(text, start, known)
        if end is None:
            tops, end = later, _domain_end(text, start, later)
        if end is None and begin["scheme"] and perhaps:
            end = _unknown_domain_end(text, start)
        if end is None:
            position = begin.start() + 1
            continue
        tail = _TAIL.match(text, end)
        assert tail is not None, "every part of a tail may be missing"
        link = Link(begin.start(), tail.end(), tops is known)
        latin = [link._replace(start=a, end=z) for a, z in _latin_domains(text, start, end, tops)]
        if latin and tail["path"]:
            # X counts on by the length of the path, wherever that begins.
            latin[-1] = latin[-1]._replace(end=latin[-1].end + link.end - end)
        if not _fits(link, text[start:end], bool(latin)):
            pass
        elif begin["scheme"]:
            yield from _shortened(text, link)
        elif start == last_end or not text[:start].endswith(("-", "_", ".", "/")):
            yield from latin
        # A letter has to be between a link and the next, or the first half of an emoji.
        last_end = link.end
        position = last_end + (text[last_end : last_end + 1] <= "\uffff")


def _tops_in(text: str, known: frozenset[str]) -> Tops:
    places = (dot.end() for dot in re.finditer(r"\.", text))
    return {place: end for place in places if (end := _top_end(text, place, known))}


def _top_end(text: str, start: int, known: frozenset[str]) -> int | None:
    """Where the top-level domain at ``start`` ends; letters of other scripts may follow it."""
    if known is KNOWN and (coded := _PUNYCODE.match(text, start)):
        return coded.end()
    for end in range(min(start + LONGEST, len(text)), start + 1, -1):
        if text[start:end].lower() in known and not _GOES_ON.match(text, end):
            return end
    return None


def _domain_end(text: str, start: int, tops: Tops) -> int | None:
    """Where the longest domain that begins at ``start`` ends."""
    run = _LABELS.match(text, start) if tops else None
    place, end, above_are_subdomains = start, None, True
    for label in run[0].split(".") if run else ():
        place += len(label) + 1
        if not above_are_subdomains:
            break
        if place in tops and _DOMAIN.fullmatch(label):
            end = tops[place]
        above_are_subdomains = bool(_SUBDOMAIN.fullmatch(label))
    return end


def _unknown_domain_end(text: str, start: int) -> int | None:
    """Where a domain ends that looks like one, and whose top-level domain is on no list."""
    run = _LABELS.match(text, start)
    name = run[0].rstrip("._-") if run else ""
    *labels, top = name.split(".")
    if not labels or not top.isalpha() or len(top) == 1 or _GOES_ON.match(text, start + len(name)):
        return None
    return start + len(name) if all(map(_SUBDOMAIN.fullmatch, labels)) else None


def _latin_domains(text: str, start: int, end: int, tops: Tops) -> Iterator[tuple[int, int]]:
    """Where the domains in Latin letters within a domain are, each with its top-level domain."""
    while labels := _LATIN_LABELS.search(text, start, end):
        start = labels.end()
        places = (dot.end() for dot in re.finditer(r"\.", labels[0]))
        ends = [tops[place] for n in places if (place := labels.start() + n) in tops]
        if ends:
            start = ends[-1]
            yield labels.start(), start


def _shortened(text: str, link: Link) -> Iterator[Link]:
    """The link, or what X takes for one where it leads to X's own shortener."""
    short = _SHORTENED.match(text, link.start, link.end)
    if short is None:
        yield link
    elif len(short["slug"]) <= LONGEST_SLUG:
        yield link._replace(end=short.end())


def _fits(link: Link, domain: str, latin: bool) -> bool:
    """Whether X takes it for a link; punycode has no letters of other scripts in it."""
    if domain.startswith("xn--") and not latin:
        return False
    return link.end - link.start <= MOST_LETTERS and all(map(_fits_dns, domain.split(".")))


def _fits_dns(label: str) -> bool:
    encoded = label if label.isascii() else "xn--" + label.encode("punycode").decode()
    return 1 <= len(encoded) <= 63
