"""Printing: safe to show, times in UTC, readable in 80 columns, JSON for machines."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import orjson
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from domain.explanation import Explanation
from domain.printable import clean
from domain.times import show_clock, show_moment
from surfaces.terminal.wording import happened, in_words

__all__ = [
    "clean",
    "clock",
    "how_long",
    "moment",
    "plain_table",
    "say",
    "say_aside",
    "say_failure",
    "say_json",
    "screen",
    "show",
]


def screen(*, error: bool = False) -> Console:
    """The terminal as it is now; words are printed as they are, without markup."""
    return Console(stderr=error, highlight=False, markup=False, emoji=False)


def say(text: str, style: str = "") -> None:
    """Print one paragraph, unbroken, so that commands and addresses can be copied."""
    screen().print(Text(clean(text), style=style), soft_wrap=True)


def show(what: RenderableType) -> None:
    """Print a laid-out block, without the spaces that pad its lines."""
    console = screen()
    if console.is_terminal:
        console.print(what, crop=False)
        return
    with console.capture() as captured:
        console.print(what, crop=False)
    lines = captured.get().split("\n")
    sys.stdout.write("\n".join(line.rstrip() for line in lines))


def say_json(value: object, *, one_line: bool = False) -> None:
    """Print a value as JSON, and nothing else; with escapes if its letters cannot be printed."""
    option = 0 if one_line else orjson.OPT_INDENT_2
    try:
        text = orjson.dumps(value, option=option, default=str).decode()
        text.encode(sys.stdout.encoding or "utf-8")
    except (TypeError, UnicodeEncodeError):
        # The name of a file need not be text at all.
        text = json.dumps(value, indent=None if one_line else 2, default=_in_json)
    sys.stdout.write(text + "\n")


def _in_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def say_aside(text: str) -> None:
    """Print to stderr what is worth knowing besides the result."""
    screen(error=True).print(Text(clean(text), style="dim"), soft_wrap=True)


def say_failure(explanation: Explanation) -> None:
    """Print to stderr what happened, what it means, and what to do next."""
    console = screen(error=True)
    console.print(Text(clean(happened(explanation)), style="bold red"), soft_wrap=True)
    if explanation.next_step:
        console.print(Text(clean(in_words(explanation.next_step))), soft_wrap=True)


def plain_table(*headings: str) -> Table:
    """A table without lines, for lists."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def clock(at: datetime) -> str:
    """A time of today as ``13:05 UTC``, any other with its day."""
    return show_clock(at) if at.astimezone(UTC).date() == _today() else show_moment(at)


def moment(at: datetime) -> str:
    """``2026-10-26 13:05:07``, in UTC, for lists whose heading says so."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def how_long(seconds: float) -> str:
    """A duration as people say it: ``8 s``, ``3 min``, ``1 h 20 min``."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _today() -> object:
    return datetime.now(UTC).date()
