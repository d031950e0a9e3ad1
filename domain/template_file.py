"""The format of a template file: an optional header, then the copy.

Header lines are closed by a line of three hyphens; posts need none::

    {# A comment, for whoever edits this. #}
    subject: We were hacked, and what you should do now
    link: {{ link }}
    ---
    Hello,
"""

from __future__ import annotations

import re
from typing import NamedTuple

from domain.errors import PlaybookInvalid, Problem
from domain.suggest import did_you_mean

HEADERS = ("subject", "link")

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_HEADER = re.compile(r"([A-Za-z_-]+)\s*:(.*)")


class Part(NamedTuple):
    """A piece of a template, and the line of its file on which it begins (from 1)."""

    source: str
    line: int


class TemplateParts(NamedTuple):
    """A template file, taken apart but not filled in."""

    headers: dict[str, Part]
    body: Part


def without_comments(source: str) -> str:
    """A template's source with its comments blanked, so that each line keeps its number."""
    return _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), source)


def read_template(source: str, file: str) -> TemplateParts:
    """Split a template file into its header lines and its body.

    Raises ``PlaybookInvalid`` for a header that is not closed, or that has unknown lines.
    """
    source = source.replace("\r\n", "\n")
    bare = without_comments(source).split("\n")
    end = _end_of_header(bare, file)
    headers: dict[str, Part] = {}
    problems: list[Problem] = []
    for number, line in enumerate(bare[:end], start=1):
        match = _HEADER.fullmatch(line.strip())
        if not line.strip():
            continue
        name = match[1].lower() if match else line.strip()[:40]
        if match is None or name not in HEADERS:
            meant = did_you_mean(name, [f"{one}:" for one in HEADERS])
            problems.append(Problem(file, f"`{name}` is not a header line.", number, None, meant))
        elif name in headers:
            problems.append(Problem(file, f"a second `{name}:` line.", number))
        else:
            headers[name] = Part(match[2].strip(), number)
    if problems:
        raise PlaybookInvalid(problems)
    if end == 0:
        return TemplateParts({}, Part(source, 1))
    return TemplateParts(headers, Part("\n".join(source.split("\n")[end + 1 :]), end + 2))


def _end_of_header(bare: list[str], file: str) -> int:
    """The index of the line of hyphens that closes the header; 0 if there is no header."""
    first = next((line for line in bare if line.strip()), "")
    ends = [number for number, line in enumerate(bare) if line.rstrip() == "---"]
    match = _HEADER.fullmatch(first.strip())
    declared = match is not None and match[1].lower() in HEADERS
    if declared and not ends:
        raise PlaybookInvalid(
            [
                Problem(
                    file,
                    "its header is not closed.",
                    line=bare.index(first) + 1,
                    next_step="Put a line of three hyphens (---) between header and text.",
                )
            ]
        )
    if not ends:
        return 0
    above = [line.strip() for line in bare[: ends[0]] if line.strip()]
    # Three hyphens may also be a line drawn in a text; only header lines above make it a header.
    looks = bool(above) and all(_HEADER.fullmatch(line) for line in above)
    return ends[0] if declared or looks else 0
