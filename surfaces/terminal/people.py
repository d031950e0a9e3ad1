"""``people``: who they are, who can be asked now, and whom nobody could reach."""

from __future__ import annotations

from typing import Annotated

import typer

from client import on_call
from client.checks.methods import check_methods
from client.engine import Engine
from client.errors import WrongInput
from client.on_call import Asked
from client.people_check import check_people
from domain.finding import Finding
from domain.plural import plural
from domain.reaching import AskedAs, Reachable
from surfaces.terminal import people_notified, people_test
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.options import Json
from surfaces.terminal.printing import clean, moment, plain_table, say, say_json, show
from surfaces.terminal.session import run

app = typer.Typer(help="Who is asked to act, and how they are reached.", no_args_is_help=True)
people_test.add_to(app)
app.command("notified")(people_notified.notified)

_AS = {AskedAs.ON_CALL: "on call", AskedAs.DEPUTY: "deputy", AskedAs.OTHER: ""}


@app.command()
def check(as_json: Json = False) -> None:
    """Find roles without deputies, gates that nobody could pass, gaps on call, unset secrets.

    Every hour of the coming week is tried for every gate. The exit code is 2
    if somebody would be kept waiting.

    Example: frontfoot people check
    """
    found = run(_findings)
    serious = [one for one in found if one.serious]
    if as_json:
        findings = [one.model_dump(mode="json") for one in found]
        say_json({"ok": not serious, "findings": findings})
    elif not found:
        say("Who must sign can be reached at every hour of the coming week.", "bold green")
    else:
        for one in found:
            say(clean(one.what), "bold red" if one.serious else "bold")
            say(f"  {clean(one.next_step)}")
        say("")
        say(f"{plural(len(serious), 'thing')} would keep somebody waiting.", "bold")
    if serious:
        raise typer.Exit(ExitCode.USAGE)


async def _findings(engine: Engine) -> list[Finding]:
    found = [*await check_people(engine), *await check_methods(engine)]
    return sorted(found, key=lambda one: not one.serious)


@app.command()
def who(
    role: Annotated[str, typer.Argument(metavar="[ROLE]", help="A role, such as legal.")] = "",
    gate: Annotated[
        str, typer.Option(metavar="KIND", help="Who can sign this kind of message.")
    ] = "",
    playbook: Annotated[
        str, typer.Option(metavar="NAME", help="Whose gate, if there are several playbooks.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show who can be asked now, in which order, and how they are reached.

    Contact methods are shown by their names, never with an address.

    Example: frontfoot people who --gate announcement --playbook site-compromised
    """
    if role and gate:
        raise WrongInput("A role or a gate?", "Give one of them.")
    if gate:
        found = run(lambda engine: on_call.who_signs(engine, gate.strip(), playbook.strip()))
    else:
        found = run(lambda engine: on_call.who_now(engine, role.strip()))
    if as_json:
        say_json(found.model_dump(mode="json"))
        return
    _say_asked(found)


def _say_asked(found: Asked) -> None:
    if found.gate:
        must = f", {' and '.join(found.must_include)} among them" if found.must_include else ""
        say(
            f"{found.gate} of {found.playbook}: {found.quorum} of {' or '.join(found.roles)}"
            f"{must}. Whoever wrote it cannot sign it.",
            "bold",
        )
    table = plain_table("PERSON", "ROLES", "ASKED AS", "UNTIL (UTC)", "REACHED BY")
    for one in found.people:
        table.add_row(
            f"{clean(one.shown)} ({one.person})",
            ", ".join(one.roles),
            f"deputy of {one.deputy_of}" if one.deputy_of else _AS[one.asked_as],
            moment(one.until) if one.until else "",
            _reached(one),
        )
    show(table)


def _reached(one: Reachable) -> str:
    if not one.methods:
        return "cannot be reached"
    quiet = " (quiet hours: only at severity 1)" if one.quiet else ""
    return f"{', '.join(one.methods)}{quiet}"


@app.command("show")
def show_(as_json: Json = False) -> None:
    """Show everybody, with their roles, deputies and contact methods, and who is on call.

    Example: frontfoot people show
    """
    found = run(on_call.roster)
    if as_json:
        say_json(
            {
                "at": found.model_dump(mode="json")["at"],
                "people": [one.model_dump(mode="json", exclude={"oidc"}) for one in found.members],
                "on_call": {
                    name: [one.person for one in people] for name, people in found.now.items()
                },
            }
        )
        return
    table = plain_table("PERSON", "ROLES", "DEPUTIES", "ZONE", "REACHED BY")
    for member in found.members:
        table.add_row(
            f"{clean(member.shown)} ({member.id})",
            ", ".join(member.roles),
            ", ".join(member.deputies),
            member.zone,
            ", ".join(one.name for one in member.contact) or "cannot be reached",
        )
    show(table)
    for name, people in found.now.items():
        shown = ", ".join(clean(one.shown) for one in people) or "nobody"
        say(f"On call now as {name}: {shown}", "" if people else "bold red")


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="people")
