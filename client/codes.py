"""Single-use codes: pools of the shop's own, the export for the shop, checking and redeeming."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from client.csv_files import ImportReport, refuse_no_file, report_of
from client.engine import Engine
from client.errors import WrongInput
from client.incidents import refuse_unknown
from domain.model import Value
from store.files.code_csv import read_codes
from store.files.spreadsheet import guarded
from store.kernel.private_files import open_private
from store.offers import code_pool, codes, issued, redemptions
from store.offers.code_pool import Pool
from store.offers.redemptions import CheckedCode, CodeState

__all__ = [
    "CheckedCode",
    "CodeState",
    "CodesImported",
    "Pool",
    "check_code",
    "count_codes",
    "export_codes",
    "import_codes",
    "list_pools",
    "redeem_code",
    "write_codes",
]

LONGEST_NAME = 64
COLUMNS = ("code", "worth", "currency", "expires")


class CodesImported(Value):
    """The result of importing codes: new ones, and what became of the file's rows."""

    pool: str
    added: int
    already_there: int
    in_another_pool: int
    cleared: int = 0
    report: ImportReport


async def import_codes(
    engine: Engine,
    file: Path,
    pool: str,
    *,
    code_column: str = "",
    rejects: Path | None = None,
    cleared: bool = False,
) -> CodesImported:
    """Add the codes of a CSV file to a pool; importing again adds nothing twice.

    ``cleared``: nobody was given any of them, whatever the ledger has forgotten.
    ``code_column`` says which column has the codes, if the file does not. ``WrongInput`` without a
    name or a file, ``DomainError`` if the file has no codes.
    """
    name = pool.strip()
    if not name or len(name) > LONGEST_NAME:
        raise WrongInput(
            f"A pool's name has 1 to {LONGEST_NAME} characters.", "Name the pool, such as spring."
        )
    refuse_no_file(file)
    codes_of_file = read_codes(file, rejects, code_column=code_column)
    ledger = await engine.ledger()
    with codes_of_file:
        imported = await code_pool.import_codes(ledger, name, codes_of_file, cleared=cleared)
    return CodesImported(pool=name, **imported.model_dump(), report=report_of(codes_of_file))


async def list_pools(engine: Engine) -> list[Pool]:
    """The imported pools, and how many codes each has left."""
    return await code_pool.pools(await engine.ledger())


async def count_codes(engine: Engine, slug: str) -> int:
    """How many codes an incident has given out."""
    return await codes.count(await engine.ledger(), slug)


async def export_codes(engine: Engine, slug: str, output: Path, *, as_mailed: bool = False) -> int:
    """Write every code of an incident to a CSV file that only this user may read; return how many.

    A file of that name is replaced, once the new one is whole. ``as_mailed``: with the dashes that
    the mails show. ``UnknownIncident`` if the incident is not there.
    """
    fresh = output.with_name(output.name + ".part")
    descriptor = open_private(fresh)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            count = await write_codes(engine, slug, file, as_mailed=as_mailed)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    # In one step, so that a half-written list is never taken for a whole one.
    os.replace(fresh, output)
    return count


async def write_codes(engine: Engine, slug: str, file: TextIO, *, as_mailed: bool = False) -> int:
    """Write every code of an incident to an open file as CSV; return how many."""
    await refuse_unknown(engine, slug)
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    count = 0
    async for one in issued.export(await engine.ledger(), slug, as_mailed=as_mailed):
        writer.writerow(map(guarded, [one.code, one.worth, one.currency, one.expires or ""]))
        count += 1
    return count


async def check_code(engine: Engine, code: str, *, by: str) -> CheckedCode:
    """Which incident a code belongs to, and whether it is still valid; changes nothing.

    ``DomainError`` if it is not one of ours, or if ``by`` has asked for too many wrong ones.
    """
    return await redemptions.check_code(await engine.ledger(), code, by, datetime.now(UTC))


async def redeem_code(engine: Engine, code: str, reference: str, *, by: str) -> CheckedCode:
    """Redeem a code for an order; the same order again gets the same answer.

    ``DomainError`` if it is not one of ours, was used for another order, or has expired.
    """
    now = datetime.now(UTC)
    return await redemptions.redeem_code(await engine.ledger(), code, reference, by, now)
