"""``codes``: the single-use codes of an offer, for the shop and for customer support."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from client import codes
from client.codes import CheckedCode, CodeState
from client.errors import ClientError, WrongInput
from domain.explanation import Action, NextStep
from domain.plural import plural
from surfaces.terminal.importing import Rejects, Strict, end, say_imported
from surfaces.terminal.options import Json, Slug
from surfaces.terminal.output import why_not_written
from surfaces.terminal.printing import clean, clock, plain_table, say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import in_words

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
        help="Who asks. After ten wrong codes in a minute, this name has to wait.",
    ),
]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Codes, with a header row.")],
    pool: Annotated[str, typer.Option(help="What the playbook's offer calls it: source_name.")],
    code_column: Annotated[
        str, typer.Option(metavar="NAME", help="The column of codes, by its name or number.")
    ] = "",
    given_to_nobody: Annotated[
        bool,
        typer.Option(
            "--given-to-nobody",
            help="You know that nobody has any of these codes; those in doubt are free again.",
        ),
    ] = False,
    rejects: Rejects = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Import the shop's own codes into a pool, for offers with `source: pool`.

    Needs a column named code. They are given out in the order of the file, one
    to each recipient. Rows that cannot be used go to a second file with the
    reason. Importing again adds nothing twice. The exit code is 3 if no row
    could be used.

    Example: frontfoot codes import codes.csv --pool spring
    """
    imported = run(
        lambda engine: codes.import_codes(
            engine,
            file,
            pool,
            code_column=code_column,
            rejects=rejects,
            cleared=given_to_nobody,
        ),
        upgrade=True,
    )
    more = []
    if imported.already_there:
        more.append(f"{plural(imported.already_there, 'was', 'were')} in it already.")
    if imported.cleared:
        more.append(f"{plural(imported.cleared, 'was', 'were')} in doubt and can be given out.")
    if imported.in_another_pool:
        others = plural(imported.in_another_pool, "is", "are")
        more.append(f"{others} in another pool and will stay there.")
    say_imported(
        f"{plural(imported.added, 'code was', 'codes were')} added to the pool {imported.pool}.",
        more,
        imported.model_dump(exclude={"report"}),
        imported.report,
        as_json=as_json,
    )
    end(imported.report, strict=strict)


@app.command("pools")
def pools(as_json: Json = False) -> None:
    """List the imported pools, and how many codes each has left.

    Example: frontfoot codes pools
    """
    found = run(codes.list_pools)
    if as_json:
        say_json([one.model_dump() for one in found])
        return
    if not found:
        importing = NextStep(action=Action.IMPORT_CODES, advice="Import one.")
        say(f"There are no pools. {in_words(importing)}")
        return
    doubts = any(one.in_doubt for one in found)
    table = plain_table("POOL", "CODES", "LEFT", *(["IN DOUBT"] if doubts else []))
    for one in found:
        in_doubt = [f"{one.in_doubt:,}"] if doubts else []
        table.add_row(clean(one.name), f"{one.codes:,}", f"{one.left:,}", *in_doubt)
    show(table)
    if doubts:
        say(
            "Codes in doubt may be in somebody's mail: the ledger was put back since. Import new "
            "ones, or with --given-to-nobody those that you know nobody has."
        )


@app.command("export")
def export(
    slug: Slug,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write the CSV; - is the terminal."
        ),
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_mailed: Annotated[
        bool, typer.Option("--as-mailed", help="With dashes, as the mails show them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write every code of an incident to a CSV file, for the shop to load.

    Its columns are code, worth, currency and expires. The codes are as good as
    money, so only your user may read the file. If the shop compares codes
    letter by letter, dashes included, add --as-mailed.

    Example: frontfoot codes export site-down --output codes.csv
    """
    if str(output) == "-":
        run(lambda engine: codes.write_codes(engine, slug, sys.stdout, as_mailed=as_mailed))
        if why := why_not_written():
            raise ClientError(f"Not all codes could be written ({why}).", "Export them again.")
        return
    if output.exists() and not force:
        raise WrongInput(f"{output} exists already.", "Choose another name, or add --force.")
    count = run(lambda engine: codes.export_codes(engine, slug, output, as_mailed=as_mailed))
    if as_json:
        say_json({"incident": slug, "codes": count, "file": str(output)})
        return
    say(f"{plural(count, 'code is', 'codes are')} in {output}.")
    if not count:
        say("Codes are made when the offer's mail goes out.")


@app.command("check")
def check(code: CodeArgument, caller: Caller = "terminal", as_json: Json = False) -> None:
    """Show which incident a code belongs to, and whether it is valid; changes nothing.

    The exit code is 0 for every code of ours, whatever its state, and 3 for a
    code that is not ours or has a typing mistake.

    Example: frontfoot codes check QXAG-6HCQ-CKSVW
    """
    _tell(run(lambda engine: codes.check_code(engine, code, by=caller)), as_json)


@app.command("redeem")
def redeem(
    code: CodeArgument,
    reference: Annotated[
        str, typer.Option(metavar="ORDER", help="What it is used for, such as the order's number.")
    ],
    caller: Caller = "terminal",
    as_json: Json = False,
) -> None:
    """Redeem a code for an order.

    The same order again gets the same answer. Another order is refused, and the
    refusal says when the code was used. An expired code is refused.

    Example: frontfoot codes redeem QXAG-6HCQ-CKSVW --reference order-1042
    """
    found = run(lambda engine: codes.redeem_code(engine, code, reference, by=caller))
    _tell(found, as_json)


def _tell(found: CheckedCode, as_json: bool) -> None:
    if as_json:
        say_json(found.model_dump(mode="json"))
        return
    if found.state is CodeState.NOT_GIVEN_OUT:
        say("This code is in a pool, and has not been given to anybody.", "yellow")
        return
    say(f"{found.code} is {found.state}.", "bold")
    until = f", until {found.expires}" if found.expires else ""
    say(f"{found.title}: {found.worth} {found.currency}{until}; incident {found.incident}.")
    if found.redeemed_at is not None:
        say(f"It was redeemed at {clock(found.redeemed_at)} for {found.reference}.")


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="codes")
