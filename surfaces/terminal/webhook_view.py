"""Endpoints and their items, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from client.webhook_state import SeenEndpoint
from client.webhooks import ItemRow
from domain.explanation import Explanation
from domain.outbox import in_words
from surfaces.terminal.printing import clean, clock, moment, plain_table
from surfaces.terminal.wording import told


def endpoint_table(found: Sequence[SeenEndpoint]) -> Table:
    """Each endpoint in a line; of its address the host alone."""
    table = plain_table("NAME", "HOST", "STATE", "WAITING", "SET ASIDE", "LAST TAKEN")
    for one in found:
        taken = clock(one.succeeded_at) if one.succeeded_at else "never"
        counts = str(one.waiting), str(one.set_aside)
        table.add_row(clean(one.name), clean(one.host), str(one.health), *counts, taken)
    return table


def item_table(items: Sequence[ItemRow]) -> Table:
    """Each item in a line, with how its newest attempt ended."""
    table = plain_table("ENTERED (UTC)", "EVENT", "INCIDENT", "STATE", "ATTEMPTS", "LAST", "ID")
    for one in items:
        last = in_words(one.ended, one.status) if one.ended is not None else ""
        table.add_row(
            moment(one.entered_at),
            str(one.event_type),
            clean(one.incident),
            str(one.state).replace("_", " "),
            str(one.attempt),
            last,
            one.event_id,
        )
    return table


def endpoint_lines(problems: Sequence[Explanation]) -> Iterator[str]:
    """What somebody should do something about, a paragraph each."""
    for one in problems:
        yield told(one)
