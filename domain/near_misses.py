"""Names that copy spells in another way than ours, and that would go out as they are written.

``[[ code ]]``, ``{code}``, ``%code%``, ``<code>``: each is right somewhere else. Readers would get
the letters instead of the value, so a template that has one is not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from domain.message import PERSONAL_FIELD, PERSONAL_FIELDS
from domain.suggest import did_you_mean

Names = Mapping[str, frozenset[str] | None]
"""What a template may name: a value (None), or a group and the names of the values in it."""


class NearMiss(NamedTuple):
    """What is written, how many line ends come before it, and what to write instead."""

    written: str
    lines_before: int
    instead: str


# What word processors and chat programs add unseen belongs to the spaces.
_UNSEEN = "\u00ad\u200b-\u200f\u2060\ufeff"
_GAP = rf"[ \t\u00a0{_UNSEEN}]*"
_NAME = rf"[A-Za-z](?:[\w{_UNSEEN}]|[ .-](?=\w)){{0,40}}"
_SQUARE = re.compile(
    rf"(?:[\[［【]|\\\[){_GAP}(?:[\[［【]|\\\[)([^\[\]［］【】\n]{{0,60}})[\]］】\\]{{1,4}}"
)
_OPEN = rf"(?:[\[{{<%$#*|@~«‹［｛【=\\]{_GAP}|\({_GAP}\({_GAP}|%\(){{1,6}}"
_CLOSE = rf"(?:{_GAP}[\]}}>%#*|@~»›］｝】=\\/]|{_GAP}\){_GAP}\)|\)s){{1,6}}"
_BETWEEN = re.compile(rf"(?P<open>{_OPEN})(?P<name>{_NAME}?)(?P<close>{_CLOSE})")
_SIGIL = re.compile(r"(?<![\w$])\$\(?(?P<name>[A-Za-z][\w.]{0,40})\)?")
_LINED = re.compile(r"(?<![\w-])(?P<edge>__|-)(?P<name>[A-Za-z]\w{0,40}?)(?P=edge)(?![\w-])")
# Emphasis and table lines of lightweight mark-up: "*right*" is not a name.
_EMPHASIS = re.compile(r"\*{1,3}|~{1,2}|#|\||=+|\\")
_PROSE = frozenset({"[", "«", "‹", "【", "［"})
_HTML_ELEMENTS = frozenset({"code", "link", "mark", "summary", "title"})
_NOT_COPY = re.compile(r"<(style|script)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)


def near_misses(text: str, names: Names, *, html: bool = False) -> Iterator[NearMiss]:
    """Every near miss in ``text``, which is copy without its template syntax."""
    text = PERSONAL_FIELD.sub(_blank_known, _NOT_COPY.sub(_blank, text) if html else text)
    for match in _SQUARE.finditer(text):
        yield _found(match, instead_of(match[1], names) or _fields_there_are(match[1]))
    text = _SQUARE.sub(_blank, text)
    for pattern in (_BETWEEN, _LINED, _SIGIL):
        for match in pattern.finditer(text):
            instead = instead_of(match["name"], names)
            if instead and not _is_meant(match, instead, html=html):
                yield _found(match, instead)


def instead_of(name: str, names: Names) -> str:
    """How the value that ``name`` probably means is written; "" if it means none of ours."""
    wanted = _plain(name)
    for field in sorted(PERSONAL_FIELDS):
        if wanted == _plain(field):
            return f"Write [[{field}]]: it is filled in for each recipient."
    for known in _spellings(names):
        if wanted in (_plain(known), _plain(known.rpartition(".")[2])):
            return f"Write {{{{ {known} }}}}."
    if wanted.startswith("unsubscribe") and "unsubscribe_link" in names:
        return "Write {{ unsubscribe_link }}."
    return ""


def _spellings(names: Names) -> list[str]:
    """Every name as it is written, values before the names inside groups."""
    plain = [name for name, fields in names.items() if fields is None]
    grouped = [
        f"{group}.{name}" for group, fields in names.items() for name in sorted(fields or ())
    ]
    return plain + grouped


def _plain(name: str) -> str:
    return re.sub(rf"[\W_{_UNSEEN}]", "", name).lower()


def _fields_there_are(name: str) -> str:
    return did_you_mean(name.strip(), PERSONAL_FIELDS, "[[{}]]")


def _is_meant(match: re.Match[str], instead: str, *, html: bool) -> bool:
    """Whether this may well be what its writer meant: emphasis, an element, a word in brackets."""
    groups = match.groupdict()
    opened, closed = groups.get("open", "").strip(), groups.get("close", "").strip()
    if not opened:
        return False
    if _EMPHASIS.fullmatch(opened) and _EMPHASIS.fullmatch(closed):
        return True
    if html and opened in ("<", "</") and _plain(match["name"]) in _HTML_ELEMENTS:
        return True
    # "[Summary]" may be a heading, and «right» a quotation.
    exactly = "[[" in instead or f"{{{{ {match['name']} }}}}" in instead
    return opened in _PROSE and not exactly


def _found(match: re.Match[str], instead: str) -> NearMiss:
    written = " ".join(match[0].split())[:60]
    return NearMiss(written, match.string.count("\n", 0, match.start()), instead)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _blank_known(match: re.Match[str]) -> str:
    return _blank(match) if match[1] in PERSONAL_FIELDS else match[0]
