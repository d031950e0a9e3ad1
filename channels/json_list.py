"""Reads a list of JSON element by element, so that a damaged one costs no other.

A provider puts the events of many mails into one body. One of them may quote the answer of some
stranger's mail server: half an emoji, a byte of another encoding. A JSON reader refuses the whole
body for that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import orjson

# A string that is not closed goes to the end: then the list is not closed either.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[][{},]', re.DOTALL)
_WHITE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class NotAList(ValueError):
    """The bytes are not one list of JSON."""


def elements(body: bytes) -> list[bytes]:
    """The bytes of each element of a list, none of which has been read; raises ``NotAList``."""
    text = body.removeprefix(_BOM).strip(_WHITE)
    if not text.startswith(b"["):
        raise NotAList
    found = [one.strip(_WHITE) for one in _split(text)]
    if found == [b""]:
        return []
    if not all(found):
        raise NotAList
    return found


def read_element(raw: bytes) -> object:
    """An element as JSON; ``ValueError`` if any of it is damaged."""
    return orjson.loads(raw)


def read_damaged(raw: bytes) -> object:
    """What can be read of a damaged element, with a mark in place of what cannot; or None."""
    try:
        return json.loads(
            raw.decode(errors="replace"), strict=False, parse_int=_small, object_hook=_printable
        )
    except (ValueError, RecursionError):
        return None


def _split(text: bytes) -> Iterator[bytes]:
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        match token[0]:
            case b"[" | b"{":
                depth += 1
            case b"]" | b"}":
                depth -= 1
                if depth == 0:
                    break
            case b"," if depth == 1:
                yield text[start : token.start()]
                start = token.end()
    else:
        raise NotAList
    if token[0] != b"]" or token.end() != len(text):
        raise NotAList
    yield text[start : token.start()]


def _small(digits: str) -> int | str:
    # Python refuses to read a number of some thousand digits.
    return int(digits) if len(digits) < 20 else digits


def _printable(found: dict[str, object]) -> dict[str, object]:
    """The same with its texts as UTF-8 can hold them."""
    return {
        name: value.encode(errors="replace").decode() if isinstance(value, str) else value
        for name, value in found.items()
    }
