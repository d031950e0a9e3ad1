"""Mistakes that are easy to make in YAML, in words that do not need a knowledge of YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import yaml

_TAG = "tag:yaml.org,2002:"
_VALUE = re.compile(r"^\s*(?:- +)*(?:[\w.-]+\s*:\s+)?(.*)$")
_APOSTROPHE = re.compile(r"(?:^|[\[,:]\s*)'(?:[^']|'')*'\w")
_QUOTATION = re.compile(r'^"[^"\\]*"\s*[^\s,\]}#]')
_NUMBER = re.compile(r"[-+]?[0-9][0-9_.]*(?:[eE][-+]?[0-9]+)?")
_IN_QUOTES = "Put quotes around the whole text."


class Unquoted(NamedTuple):
    """A value without quotes: what YAML takes it for, and what it leaves out after it.

    ``kind`` is "" for an ordinary text. ``comment`` begins with what follows a number sign, and
    ``spaces`` are those before the sign.
    """

    text: str
    kind: str
    comment: str | None
    spaces: int


def unquoted(node: yaml.Node, lines: Sequence[str]) -> Unquoted | None:
    """What may not be meant about a value; None if nothing is odd about it."""
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return None
    kind = node.tag.removeprefix(_TAG)
    if kind == "str" and _NUMBER.fullmatch(str(node.value)):
        kind = "float"
    end = node.end_mark
    rest = lines[end.line][end.column :] if end.line < len(lines) else ""
    match = re.match(r"(\s+)#(.*)", rest)
    if kind == "str" and match is None:
        return None
    return Unquoted(
        text=str(node.value),
        kind="" if kind == "str" else kind,
        comment=match[2] if match else None,
        spaces=len(match[1]) if match else 0,
    )


def explain_syntax(
    error: yaml.MarkedYAMLError, lines: Sequence[str]
) -> tuple[yaml.Mark | None, str, str]:
    """Where a file stops being YAML, what is wrong there, and what to do."""
    problem, mark = error.problem or "this is not YAML", error.problem_mark
    if "scanning a quoted scalar" in (error.context or ""):
        # What is found at the end of the file began where the quotes did.
        mark = error.context_mark if "end of stream" in problem else mark
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    value = (_VALUE.match(line) or [line, line])[1]
    if _APOSTROPHE.search(value):
        return (
            mark,
            "an apostrophe ends a text in single quotes, and what follows cannot be read.",
            "Double the apostrophe ('It''s down'), or put the text in double quotes.",
        )
    if _QUOTATION.search(value):
        return (
            mark,
            "a quotation mark ends a text in double quotes, and what follows cannot be read.",
            'Put a backslash before each inner one (\\"), or put the text in single quotes.',
        )
    return mark, f"{_in_words(problem)}.", _hint(problem, value)


def _in_words(problem: str) -> str:
    if "end of stream" in problem:
        return "a text in quotes begins here and does not end"
    if "unknown escape character" in problem:
        return "a backslash in double quotes has a meaning of its own"
    return problem


def _hint(problem: str, value: str) -> str:
    if "\\t" in problem:
        return "Indent with spaces, not with tabs."
    if "mapping values are not allowed" in problem:
        return "A text with a colon in it needs quotes around it, or the line above ends too early."
    if "end of stream" in problem:
        return "Close the quotes, or leave them out."
    if "unknown escape character" in problem:
        return "Put the text in single quotes."
    if value[:1] in tuple("@`%&*!|>?[{-") or "cannot start any token" in problem:
        return f"A text cannot begin with {value[:1]} unless it is in quotes. {_IN_QUOTES}"
    if "could not find expected ':'" in problem:
        return "Each line is `key: value`; a text that goes on over several lines needs quotes."
    return "Compare the indentation with the lines around it."
