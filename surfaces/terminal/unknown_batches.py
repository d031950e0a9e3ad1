"""The batches of a broadcast of which nobody knows whether they went out, for whoever looks."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from client.broadcasts import UnknownBatch
from surfaces.terminal.printing import clean, clock, plain_table


def unknown_view(
    slug: str, number: int, channel: str, unknown: list[UnknownBatch]
) -> RenderableType:
    """Lay them out, with what to look for and what to type then."""
    if not unknown:
        return Text("Of every batch it is known whether it went out.")
    table = plain_table("BATCH", "BEGAN (UTC)", "RECIPIENTS", "MARK AT THE PROVIDER", "")
    for one in unknown:
        table.add_row(
            str(one.number),
            clock(one.began) if one.began else "",
            f"{one.recipients:,}",
            one.key,
            "proven: it went out" if one.proven else "",
        )
    said = dict.fromkeys(f"{one.reason} {one.next_step}".strip() for one in unknown)
    command = f"frontfoot settle {slug} {number} {channel} --batch {unknown[0].number}"
    return Group(
        table,
        *(Text(clean(line), style="yellow") for line in said if line),
        Text("Look for the mark in the provider's activity (ff_batch), then say what you saw:"),
        Text(f"  {command} --went-out"),
        Text("  … or --did-not-go-out; --batch may be repeated, and without it all are meant"),
    )
