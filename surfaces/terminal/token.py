"""``token``: what other systems say to the API in the name of a person."""

from __future__ import annotations

from typing import Annotated

import typer

from client import tokens
from client.engine import Engine
from client.tokens import MadeToken, expires_in, scopes_of
from domain.actor import Surface
from domain.times import in_utc
from domain.tokens import Scope
from surfaces.terminal.options import By, Json, person
from surfaces.terminal.printing import clean, moment, plain_table, say, say_aside, say_json, show
from surfaces.terminal.session import run

app = typer.Typer(help="Tokens for the API, each for one person.", no_args_is_help=True)


@app.command()
def create(
    whose: Annotated[
        str, typer.Option("--person", metavar="PERSON", help="In whose name it speaks.")
    ],
    scope: Annotated[
        list[str],
        typer.Option(metavar="SCOPE", help=f"What it opens; repeat it. {', '.join(Scope)}."),
    ],
    expires: Annotated[str, typer.Option(metavar="DAYS", help="How long it works.")] = "90d",
    name: Annotated[str, typer.Option(help="What to call it, such as monitoring.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Make a token, and show it once.

    It never opens more than its person may do. Whoever has it acts in their
    name, so keep it where your other secrets are.

    Example: frontfoot token create --person noor --scope incidents:read --as maya
    """
    who = person(by)

    async def work(engine: Engine) -> MadeToken:
        return await tokens.create_token(
            engine,
            whose.strip(),
            scopes_of(scope),
            by=who,
            surface=Surface.TERMINAL,
            lasts=expires_in(expires),
            name=name,
        )

    made = run(work, upgrade=True)
    if as_json:
        say_json({**made.token.model_dump(mode="json"), "token": made.secret})
        return
    say(made.secret)
    say_aside(
        f"Token {made.token.id} of {made.token.person}, until {moment(made.token.expires_at)} UTC. "
        "It is not shown again."
    )


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show every token, whose it is, what it opens, and when it was last used.

    Example: frontfoot token list
    """
    found = run(tokens.list_tokens)
    if as_json:
        say_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        say("There is no token. Make one: frontfoot token create --person PERSON --scope SCOPE")
        return
    table = plain_table("PERSON", "ID", "NAME", "SCOPES", "UNTIL", "LAST USED")
    for one in found:
        table.add_row(
            clean(one.person),
            one.id,
            clean(one.name),
            " ".join(one.scopes),
            f"{in_utc(one.expires_at):%Y-%m-%d}",
            f"{in_utc(one.used_at):%Y-%m-%d}" if one.used_at else "",
        )
    show(table)


@app.command()
def remove(
    named: Annotated[
        str, typer.Argument(metavar="ID", help="Which token: 8 or more digits of its id.")
    ],
    by: By = "",
) -> None:
    """Let a token open nothing from now on. It cannot be undone.

    Example: frontfoot token remove 3f7a09c2 --as maya
    """
    who = person(by)
    gone = run(lambda engine: tokens.remove_token(engine, named, by=who, surface=Surface.TERMINAL))
    say(f"The token {gone.id} of {gone.person} is removed.", "bold")


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="token")
