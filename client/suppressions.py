"""Suppressions: the addresses that must not be written to, and why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from client.checks.channel_process import Answer, ask_channels
from client.csv_files import ImportReport, refuse_no_file, report_of
from client.engine import Engine
from client.errors import ClientError, WrongInput
from domain.message import MessageClass
from domain.model import Value
from domain.suppression import ListedAddress, SuppressionReason
from store.files.audience_csv import AudienceReader, read_rows
from store.people import suppression_list
from store.people.suppression_list import (
    Classes,
    Entered,
    NotSuppressed,
    Suppression,
    SuppressionCount,
)

__all__ = [
    "Classes",
    "Entered",
    "Suppression",
    "SuppressionCount",
    "SuppressionsImported",
    "add_suppression",
    "count_suppressions",
    "import_suppressions",
    "list_suppressions",
    "remove_suppression",
    "some_suppressions",
    "sync_suppressions",
]


class SuppressionsImported(Value):
    """The result of importing a file: addresses read, new entries, what became of its rows."""

    entered: Entered
    report: ImportReport


async def import_suppressions(
    engine: Engine,
    file: Path,
    reason: SuppressionReason,
    classes: Classes,
    *,
    by: str,
    why: str = "",
    address_column: str = "",
    rejects: Path | None = None,
    read: Callable[[int, int], None] | None = None,
    stored: Callable[[int], None] | None = None,
) -> SuppressionsImported:
    """Put every address of a CSV file on the list; importing it again changes nothing.

    ``address_column`` says which column has the addresses, if the file does not. ``read`` is called
    with bytes read and bytes in all, ``stored`` with the rows done so far.
    """
    refuse_no_file(file)
    rows = read_rows(file, rejects, read, address_column=address_column)
    ledger = await engine.ledger()
    with rows:
        entered = await suppression_list.import_addresses(
            ledger,
            _addresses(rows),
            classes,
            reason.value,
            who=by,
            why=why,
            at=datetime.now(UTC),
            progress=stored,
        )
    return SuppressionsImported(entered=entered, report=report_of(rows))


async def count_suppressions(engine: Engine) -> list[SuppressionCount]:
    """How many entries there are, by reason, class and source; no addresses."""
    return await suppression_list.counts(await engine.ledger())


async def list_suppressions(engine: Engine) -> list[Suppression]:
    """Every entry of the list, with its address."""
    return [one async for one in suppression_list.entries(await engine.ledger())]


async def some_suppressions(
    engine: Engine, after: tuple[str, str] = ("", ""), most: int = 100
) -> list[Suppression]:
    """The entries behind this address and class, by address."""
    return await suppression_list.some(await engine.ledger(), after, most)


async def add_suppression(
    engine: Engine,
    address: str,
    reason: SuppressionReason,
    classes: Classes,
    *,
    by: str,
    why: str = "",
) -> int:
    """Put one address on the list; how many entries are new."""
    return await suppression_list.add_by_person(
        await engine.ledger(),
        address,
        classes,
        reason.value,
        who=by,
        why=why,
        at=datetime.now(UTC),
    )


async def remove_suppression(
    engine: Engine,
    address: str,
    *,
    by: str,
    why: str,
    message_class: MessageClass | None = None,
) -> list[Suppression]:
    """Take an address off the list, for one class or for all; returns what it was on for.

    Who did it and why is kept. ``NotSuppressed`` if it is not on the list. For a request that is
    repeated that is no failure: the first try may have taken it off. Then it leaves alone what was
    put on the list since.
    """
    try:
        return await suppression_list.remove(
            await engine.ledger(),
            address,
            who=by,
            why=why,
            at=datetime.now(UTC),
            message_class=message_class,
            put_on_before=engine.tried_at,
        )
    except NotSuppressed:
        if engine.tried_at is not None:
            return []
        raise


async def sync_suppressions(engine: Engine, channel: str, *, by: str) -> Entered:
    """Enter every address that a mail provider no longer writes to.

    Nothing is changed there, and nobody is taken off here; repeating it is harmless. ``WrongInput``
    if there is no such channel, ``ClientError`` if it cannot be asked.
    """
    settings = engine.settings
    if channel not in settings.channels:
        raise WrongInput(
            f"{channel[:40]!r} is not a configured channel.",
            f"FRONTFOOT_CHANNELS names {', '.join(settings.channels)}.",
        )
    ledger = await engine.ledger()
    listed = _listed(ask_channels(settings, "suppressions", channel))
    return await suppression_list.enter_listed(
        ledger, channel, listed, who=by, at=datetime.now(UTC)
    )


def _addresses(rows: AudienceReader) -> Iterator[str]:
    return (row.address for row in rows)


async def _listed(answers: AsyncIterator[Answer]) -> AsyncIterator[ListedAddress]:
    async for answer in answers:
        try:
            yield ListedAddress(
                str(answer["address"]),
                SuppressionReason(str(answer["reason"])),
                datetime.fromisoformat(str(answer["since"])),
            )
        except (KeyError, ValueError) as error:
            raise ClientError(
                "The channel's answer cannot be read.", "Is it of another version?"
            ) from error
