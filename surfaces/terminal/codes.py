"""``codes``: the single-use codes of an offer, for the shop and for whoever answers customers."""

from __future__ import annotations

import csv
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer

from client.errors import UnknownIncident, WrongUsage
from store.files.code_csv import CodeReader
from store.offers import code_pool, codes, redemptions
from store.offers.code_pool import Pool, PoolImported
from store.offers.redemptions import CheckedCode, CodeState
from store.record.incidents import list_incidents
from store.record.timeline import read
from surfaces.terminal.importing import Rejects, refuse_no_file, rejected_in_json, say_rejected
from surfaces.terminal.options import Json, Slug
from surfaces.terminal.printing import clean, clock, plain_table, say, say_json, show
from surfaces.terminal.session import ledger, run

app = typer.Typer(help="The single-use codes of an incident's offer.", no_args_is_help=True)

CodeArgument = Annotated[
    str, typer.Argument(metavar="CODE", help="As the customer typed it; dashes do not matter.")
]
Caller = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="PERSON",
        envvar="FRONTFOOT_PERSON",
        help="Who asks: ten wrong codes in a minute, and the name has to wait.",
    ),
]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Codes, with a header row.")],
    pool: Annotated[str, typer.Option(help="What the playbook's offer calls it: source_name.")],
    rejects: Rejects = None,
    as_json: Json = False,
) -> None:
    """Import the shop's own codes into a pool, for offers with `source: pool`.

    Needs a column named code. They are given out in the order of the file, one
    to each recipient. Importing again adds nothing twice.

    Example: frontfoot codes import codes.csv --pool spring
    """
    name = pool.strip()
    if not name or len(name) > 64:
        raise WrongUsage("A pool's name has 1 to 64 characters.", "Add --pool spring.")
    refuse_no_file(file)
    reader, imported = run(_import(file, name, rejects))
    if as_json:
        say_json(
            {
                "pool": name,
                **imported.model_dump(),
                **rejected_in_json(reader.rejected, reader.rejects),
            }
        )
        return
    say(f"{imported.added:,} codes were added to the pool {name}.", "bold")
    if imported.already_there:
        say(f"{imported.already_there:,} were in it already.")
    if imported.in_another_pool:
        say(f"{imported.in_another_pool:,} are in another pool and stay there.", "yellow")
    say_rejected(reader.rejected, reader.rejects)


async def _import(file: Path, pool: str, rejects: Path | None) -> tuple[CodeReader, PoolImported]:
    reader = CodeReader(file, rejects)
    async with ledger(upgrade=True) as database:
        return reader, await code_pool.import_codes(database, pool, reader)


@app.command("pools")
def pools(as_json: Json = False) -> None:
    """List the imported pools, and how many codes each has left.

    Example: frontfoot codes pools
    """
    found = run(_pools())
    if as_json:
        say_json([one.model_dump() for one in found])
        return
    if not found:
        say("There are no pools. frontfoot codes import FILE.csv --pool NAME makes one.")
        return
    table = plain_table("POOL", "CODES", "LEFT")
    for one in found:
        table.add_row(clean(one.name), f"{one.codes:,}", f"{one.left:,}")
    show(table)


async def _pools() -> list[Pool]:
    async with ledger() as database:
        return await code_pool.pools(database)


@app.command("export")
def export(
    slug: Slug,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write the CSV; - is the terminal."
        ),
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_mailed: Annotated[
        bool, typer.Option("--as-mailed", help="With the dashes that the mails show.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write every code of an incident to a CSV file, for the shop to load.

    Its columns are code, worth, currency and expires. Whoever has the file has
    the money, so only you may read it. If the shop compares codes letter by
    letter, dashes included, add --as-mailed.

    Example: frontfoot codes export site-down --output codes.csv
    """
    if str(output) == "-":
        run(_write(slug, sys.stdout, as_mailed))
        return
    count = run(_export(slug, output, force, as_mailed))
    if as_json:
        say_json({"incident": slug, "codes": count, "file": str(output)})
        return
    say(f"{count:,} codes are in {output}.")
    if not count:
        say("Codes are made when the offer's mail goes out.")


async def _export(slug: str, output: Path, force: bool, as_mailed: bool) -> int:
    if output.exists() and not force:  # noqa: ASYNC240
        raise WrongUsage(f"{output} is there already.", "Choose another name, or add --force.")
    fresh = output.with_name(output.name + ".part")
    descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            count = await _write(slug, file, as_mailed)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    # In one step, so that a half-written list is never taken for a whole one.
    os.replace(fresh, output)
    return count


async def _write(slug: str, file: TextIO, as_mailed: bool) -> int:
    count = 0
    async with ledger() as database:
        if slug not in {row.slug for row in await list_incidents(database)} and not await read(
            database, slug
        ):
            raise UnknownIncident(slug)
        writer = csv.writer(file)
        writer.writerow(["code", "worth", "currency", "expires"])
        async for one in codes.export(database, slug, as_mailed=as_mailed):
            writer.writerow([one.code, one.worth, one.currency, one.expires or ""])
            count += 1
    return count


@app.command("check")
def check(code: CodeArgument, caller: Caller = "terminal", as_json: Json = False) -> None:
    """Tell whose incident a code is of, and whether it is still good; changes nothing.

    Ends with 0 for every code of ours, whatever its state, and with 3 for one
    that is none of ours or has a typing mistake.

    Example: frontfoot codes check QXAG-6HCQ-CKSVW
    """
    _tell(run(_check(code, caller)), as_json)


async def _check(code: str, caller: str) -> CheckedCode:
    async with ledger() as database:
        return await redemptions.check_code(database, code, caller, datetime.now(UTC))


@app.command("redeem")
def redeem(
    code: CodeArgument,
    reference: Annotated[
        str, typer.Option(metavar="ORDER", help="What it is used for, such as the order's number.")
    ],
    caller: Caller = "terminal",
    as_json: Json = False,
) -> None:
    """Use a code up for an order.

    The same order again gets the same answer; another order is refused, and
    told when the code was used. An expired code is refused.

    Example: frontfoot codes redeem QXAG-6HCQ-CKSVW --reference order-1042
    """
    _tell(run(_redeem(code, reference, caller)), as_json)


async def _redeem(code: str, reference: str, caller: str) -> CheckedCode:
    async with ledger() as database:
        now = datetime.now(UTC)
        return await redemptions.redeem_code(database, code, reference, caller, now)


def _tell(found: CheckedCode, as_json: bool) -> None:
    if as_json:
        say_json(found.model_dump(mode="json"))
        return
    if found.state is CodeState.NOT_GIVEN_OUT:
        say("This code is in a pool, and nobody has been given it.", "yellow")
        return
    say(f"{found.code} is {found.state}.", "bold")
    until = f", until {found.expires}" if found.expires else ""
    say(f"{found.title}: {found.worth} {found.currency}{until}; incident {found.incident}.")
    if found.redeemed_at is not None:
        say(f"It was redeemed at {clock(found.redeemed_at)} for {found.reference}.")


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="codes")
