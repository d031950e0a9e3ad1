"""``key``: what people sign decisions with, so that nobody else can sign in their name."""

from __future__ import annotations

from typing import Annotated

import typer

from client import keys
from client.errors import WrongInput
from domain.plural import plural
from surfaces.terminal.options import By, Json, person
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, show
from surfaces.terminal.session import run

app = typer.Typer(help="The keys that people sign decisions with.", no_args_is_help=True)

_ID_DIGITS = 16


@app.command()
def create(by: By = "", as_json: Json = False) -> None:
    """Make your key, which `approve` and `reject` then sign with.

    The private half stays in a file that only this user can read. Where the
    stack of `frontfoot up` runs, the public half is enrolled at once; elsewhere
    it is shown, for an administrator to enrol. A key that is here is not
    replaced.

    Example: frontfoot key create --as noor
    """
    who = person(by)
    made = run(lambda engine: keys.create_key(engine, who), upgrade=True)
    if as_json:
        say_json(made.model_dump(mode="json"))
        return
    say(f"Your key {made.id[:_ID_DIGITS]} is in {made.file}, readable by this user only.")
    if made.enrolled:
        say("It is enrolled: approve and reject sign with it from now on.", "bold")
        return
    say("It is not enrolled yet. Have somebody who administrates this installation do it:", "bold")
    say(f"frontfoot key enrol {made.person} {made.public} --as THEIR_NAME")


@app.command()
def enrol(
    whose: Annotated[str, typer.Argument(metavar="PERSON", help="Whose key it is.")],
    public: Annotated[
        str, typer.Argument(metavar="PUBLIC", help="The line that key create has shown to them.")
    ],
    by: By = "",
    name: Annotated[str, typer.Option(help="What to call it, such as laptop.")] = "",
) -> None:
    """Enter the public half of somebody's key.

    Compare its id with them in another way than the one it came on: whoever
    has the private half signs in their name.

    Example: frontfoot key enrol noor MCowBQYDK2VwAyEA… --as maya
    """
    who = person(by)
    entered = run(
        lambda engine: keys.enrol_key(engine, whose.strip(), public, by=who, name=name),
        upgrade=True,
    )
    say(f"The key {entered.id[:_ID_DIGITS]} of {entered.person} is enrolled.", "bold")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show every key and passkey, and when it was enrolled or removed, by whom.

    Example: frontfoot key list
    """
    found = run(keys.list_keys)
    if as_json:
        say_json(
            [
                {
                    **one.credential.model_dump(mode="json", exclude={"public"}),
                    **one.model_dump(mode="json", exclude={"credential"}),
                }
                for one in found
            ]
        )
        return
    if not found:
        say("Nobody has a key yet. Make one: frontfoot key create --as PERSON")
        return
    table = plain_table("PERSON", "KIND", "ID", "NAME", "SINCE (UTC)", "BY", "STATE")
    for one in found:
        used = one.credential
        removed = f"{moment(one.removed_at)} by {one.removed_by}" if one.removed_at else ""
        if one.waits:
            removed = "waits to be confirmed"
        table.add_row(
            clean(used.person),
            str(used.kind),
            used.id[:_ID_DIGITS],
            clean(used.name),
            moment(one.created_at),
            clean(one.created_by),
            clean(removed),
        )
    show(table)


@app.command()
def confirm(
    named: Annotated[
        str, typer.Argument(metavar="ID", help="Which passkey: 8 or more digits of its id.")
    ],
    by: By = "",
) -> None:
    """Let a passkey count that somebody has added, and that waits for a second person.

    Compare its id with them first: from then on it signs in their name. In the
    console an administrator does the same; this is for the first of them.

    Example: frontfoot key confirm 3f7a09c2 --as maya
    """
    who = person(by)
    taken = run(lambda engine: keys.confirm_key(engine, named, by=who)).credential
    say(f"The {taken.kind} {taken.id[:_ID_DIGITS]} of {taken.person} counts from now on.", "bold")


@app.command()
def remove(
    named: Annotated[
        str, typer.Argument(metavar="[ID]", help="Which key: 8 or more digits of its id.")
    ] = "",
    all_of: Annotated[
        str, typer.Option(metavar="PERSON", help="Every key of somebody who left.")
    ] = "",
    by: By = "",
) -> None:
    """Let a key count for nothing from now on, also in incidents that are open.

    It cannot be undone. What was decided with it stays decided.

    Example: frontfoot key remove 3f7a09c2 --as maya
    """
    who = person(by)
    if bool(named) is bool(all_of):
        raise WrongInput("Which key?", "Give its id, or --all-of PERSON.")
    if all_of:
        many = run(lambda engine: keys.remove_keys_of(engine, all_of.strip(), by=who))
        say(f"{plural(many, 'key')} of {all_of.strip()} removed.", "bold")
        return
    taken = run(lambda engine: keys.remove_key(engine, named, by=who)).credential
    say(f"The {taken.kind} {taken.id[:_ID_DIGITS]} of {taken.person} is removed.", "bold")


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="key")
