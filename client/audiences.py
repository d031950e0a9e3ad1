"""Audiences: the lists that mail goes to, imported from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from client.csv_files import ImportReport, refuse_no_file, report_of
from client.engine import Engine
from client.errors import WrongInput
from domain.model import Value
from store.files.audience_csv import read_rows
from store.people import audience_view, audiences
from store.people.audience_view import SeenAudience, SeenRecipient
from store.people.audiences import Audience

__all__ = [
    "Audience",
    "AudienceImported",
    "ImportReport",
    "SeenAudience",
    "SeenRecipient",
    "import_audience",
    "list_audiences",
    "look_at_audience",
]


class AudienceImported(Value):
    """The result of importing a file: new recipients, and what became of its rows."""

    audience: str
    added: int
    already_there: int
    report: ImportReport


async def import_audience(
    engine: Engine,
    file: Path,
    name: str,
    *,
    address_column: str = "",
    rejects: Path | None = None,
    read: Callable[[int, int], None] | None = None,
    stored: Callable[[int], None] | None = None,
) -> AudienceImported:
    """Add the recipients of a CSV file to the audience ``name``, which is made if it is new.

    Importing again adds nobody twice. ``address_column`` says which column has the addresses, if
    the file does not. ``read`` is called with bytes read and bytes in all,
    ``stored`` with the rows done so far. ``WrongInput`` without a name or a file, ``DomainError``
    if the file is not a list.
    """
    if not name.strip():
        raise WrongInput("The audience has no name.", "Name it, such as customers.")
    refuse_no_file(file)
    rows = read_rows(file, rejects, read, address_column=address_column)
    ledger = await engine.ledger()
    with rows:
        imported = await audiences.import_rows(ledger, name.strip(), rows, stored)
    return AudienceImported(
        audience=name.strip(),
        added=imported.added,
        already_there=imported.already_there,
        report=report_of(rows),
    )


async def list_audiences(engine: Engine) -> list[Audience]:
    """Every audience by name, with how many recipients it has."""
    return await audiences.list_audiences(await engine.ledger())


async def look_at_audience(engine: Engine, name: str, sample: int = 0) -> SeenAudience:
    """One audience, its columns, and up to ``sample`` of its recipients with their addresses.

    ``DomainError`` if there is none of that name.
    """
    return await audience_view.look(await engine.ledger(), name, sample)
