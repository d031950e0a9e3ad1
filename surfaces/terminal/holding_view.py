"""Holding statements on the screen: words, blanks, channels, and until when they hold."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from domain.holding import Blank, BlankType, HoldingForms
from domain.times import show_day
from surfaces.terminal.printing import clean


def forms_view(forms: HoldingForms) -> list[RenderableType]:
    """The statements as they are signed: words, blanks, channels, and until when."""
    lines = [Text(f"valid until {show_day(forms.valid_until)}")]
    for one in forms.statements:
        where = ", ".join(one.channels)
        lines += [Text(""), Text(clean(f"{one.name} ({one.kind}) on {where}"), style="bold")]
        lines += [Text(clean(line)) for line in one.text.splitlines()]
        lines += [
            Text(clean(f"   {{{{ {name} }}}}: {_takes(blank)}"), style="dim")
            for name, blank in one.blanks.items()
        ]
    return list(lines)


def _takes(blank: Blank) -> str:
    return "a time" if blank.type is BlankType.TIME else ", ".join(blank.options)
