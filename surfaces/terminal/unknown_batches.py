"""The batches of a broadcast of which nobody knows whether they went out, for whoever looks."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from client import incidents
from client.where_to_look import where_to_look
from domain.errors import DomainError
from domain.ids import MessageRef
from domain.model import Value
from store.broadcasts import batch_outcomes, broadcasts
from surfaces.terminal.printing import clean, clock, plain_table
from surfaces.terminal.session import ledger
from wiring import connect


class UnknownBatch(Value):
    """One of them: ``key`` is what its request carried to the provider.

    ``proven``: an event of the provider has come meanwhile, so it went out.
    """

    number: int
    began: datetime | None
    recipients: int
    attempt: int
    key: str
    proven: bool
    reason: str
    next_step: str


async def find_unknown(slug: str, number: int, channel: str) -> list[UnknownBatch]:
    """The unknown batches of message ``number`` on ``channel``, by number.

    ``DomainError`` if the message is not there, or was never mailed on that channel.
    """
    message = incidents.message_of(await incidents.status(await connect(), slug), number)
    ref = MessageRef(incident=slug, number=number, revision=message.revision)
    async with ledger() as database:
        found = await broadcasts.find_broadcast(database, ref, channel)
        if found is None:
            raise DomainError(
                f"Message {number} has no broadcast on {channel}, so it has no batches.",
                f"See how it stands: frontfoot status {slug}",
            )
        rows = await batch_outcomes.unknown_batches(database, found.id)
    return [
        UnknownBatch(
            number=row.number,
            began=row.started_at,
            recipients=row.size,
            attempt=row.attempt,
            key=row.key,
            proven=row.proven,
            reason=row.reason,
            next_step=row.next_step,
        )
        for row in rows
    ]


def unknown_view(
    slug: str, number: int, channel: str, unknown: list[UnknownBatch]
) -> RenderableType:
    """Lay them out, with what to look for and what to type then."""
    if not unknown:
        return Text("Of every batch it is known whether it went out.")
    table = plain_table("BATCH", "BEGAN (UTC)", "RECIPIENTS", "KEY", "")
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
        Text(f"{where_to_look(channel)} Then say what you saw:"),
        Text(f"  {command} --went-out"),
        Text("  … or --did-not-go-out; --batch may be repeated, and without it all are meant"),
    )
