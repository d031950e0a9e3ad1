"""The batches of a broadcast whose outcome is unknown, for the person who looks for them."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from client.broadcasts import UnknownBatch
from client.where_to_look import where_to_look
from surfaces.terminal.printing import clean, clock, plain_table
from surfaces.terminal.wording import happened


def unknown_view(
    slug: str, number: int, channel: str, unknown: list[UnknownBatch]
) -> RenderableType:
    """Lay them out, with what to look for and what to type afterwards."""
    if not unknown:
        return Text("No batch has an unknown outcome.")
    table = plain_table("BATCH", "BEGAN (UTC)", "RECIPIENTS", "KEY", "")
    for one in unknown:
        table.add_row(
            str(one.number),
            clock(one.began) if one.began else "",
            f"{one.recipients:,}",
            one.key,
            "proven: it went out" if one.proven else "",
        )
    said = dict.fromkeys(happened(one.explanation) for one in unknown if one.explanation)
    command = f"frontfoot settle {slug} {number} {channel} --batch {unknown[0].number}"
    return Group(
        table,
        *(Text(clean(line), style="yellow") for line in said if line),
        Text(f"{where_to_look(channel)} Then say what you saw:"),
        Text(f"  {command} --went-out"),
        Text("  … or --did-not-go-out; --batch may be repeated; without it, all are settled"),
    )
