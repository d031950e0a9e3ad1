"""``record``: the key that seals the record, and exported records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client import installation, record_file, record_key
from client.errors import WrongInput
from domain.plural import plural
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.options import Json
from surfaces.terminal.printing import clean, plain_table, say, say_json, show
from surfaces.terminal.record_view import say_findings, say_installation, sealed_by
from surfaces.terminal.session import run

app = typer.Typer(help="The key that seals the record, and exported records.", no_args_is_help=True)

KeyOption = Annotated[
    str,
    typer.Option(
        "--key",
        metavar="FINGERPRINT",
        help="The fingerprint of the installation's key, which you have from elsewhere.",
    ),
]


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An exported record.")],
    key: KeyOption = "",
    as_json: Json = False,
) -> None:
    """Verify an exported record: its chain, its seals and its keys.

    Needs no ledger, no Temporal, no network and no secret. Without --key it
    says which key sealed the record, and that key has to be compared. The exit
    code is 3 if anything was changed.

    Example: frontfoot record verify site-down.json --key 3f7a09c2d4e81b65
    """
    of_installation = installation.verify_installation_file(file, key)
    if of_installation is not None:
        say_installation(of_installation[1], as_json=as_json)
        return
    record, checked = record_file.verify_file(file, key)
    if as_json:
        say_json(
            {
                "incident": record.incident,
                "whole": not checked.found,
                **checked.model_dump(mode="json"),
            }
        )
    else:
        say_findings(checked.found)
        if not checked.found:
            entries = plural(checked.entries, "entry", "entries")
            say(f"The record of {record.incident} is whole: {entries}, each sealed.")
        say(sealed_by(checked.key, compared=checked.compared))
    if checked.found:
        raise typer.Exit(ExitCode.REFUSED)


@app.command("new-key")
def new_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key is kept.")],
    after: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The key that it replaces, which endorses it."),
    ] = None,
    begin_anew: Annotated[
        bool,
        typer.Option("--begin-anew", help="The old key is lost: enter one that nobody endorses."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the key that seals the record, and enter its public half in the ledger.

    Only workers need the file: set FRONTFOOT_RECORD_KEY_FILE to it there. A
    file that is there already is used and not changed. With --after the key
    replaces an older one, whose seals stay valid; restart the workers then.

    Example: frontfoot record new-key /etc/frontfoot/record.key
    """
    if after is not None and begin_anew:
        raise WrongInput(
            "Either --after or --begin-anew.", "With the old key at hand, use --after."
        )
    made = run(
        lambda engine: record_key.enter_key(engine, file, after=after, begin_anew=begin_anew),
        upgrade=True,
    )
    if as_json:
        say_json({"key_id": made.key_id, "fingerprint": made.fingerprint, "file": str(file)})
        return
    say(f"The key is in {file}, readable by this user only. Keep a copy in a safe place.")
    say(f"Its fingerprint: {made.fingerprint}")
    say("Write that down where whoever can write to the database cannot.")


@app.command("key")
def key(as_json: Json = False) -> None:
    """Show the keys that seal the record, and the fingerprints to compare.

    Example: frontfoot record key
    """
    known = run(record_key.known_keys)
    if as_json:
        say_json(
            {
                "keys": [
                    {"fingerprint": one.fingerprint, **one.model_dump(mode="json")}
                    for one in known.keys
                ],
                "here": known.here,
            }
        )
        return
    if not known.keys:
        say("The ledger has no key yet. A worker enters its own when it starts.")
        return
    table = plain_table("FINGERPRINT", "SINCE", "ENDORSED BY")
    for one in known.keys:
        mine = " (in the file here)" if one.fingerprint == known.here else ""
        table.add_row(
            f"{one.fingerprint}{mine}", one.since[:19], clean(one.endorsed_by) or "nobody"
        )
    show(table)


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="record")
