"""``playbook``: checking a plan before it is needed."""

from __future__ import annotations

from typing import Annotated

import typer

from client.configuration import load_settings
from client.playbooks import Examined, examine
from domain.errors import Problem
from domain.message import MessageKind
from domain.plural import plural
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.options import Json
from surfaces.terminal.printing import say, say_json

app = typer.Typer(help="The plans made beforehand.", no_args_is_help=True)


@app.command("check")
def check(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="A playbook's folder or name.")],
    as_json: Json = False,
) -> None:
    """Check a playbook: every message is tried on every channel, with short and long facts.

    Lists every problem with file and line. Nothing is sent, and no credential is needed.

    Example: frontfoot playbook check playbooks/site-compromised
    """
    found = examine(load_settings(), folder)
    if as_json:
        say_json(
            {
                "valid": found.playbook is not None,
                "problems": [one._asdict() for one in found.problems],
                "warnings": [one._asdict() for one in found.warnings],
            }
        )
    else:
        _say(found)
    if found.playbook is None:
        raise typer.Exit(ExitCode.REFUSED)


def _say(found: Examined) -> None:
    for problem in found.problems:
        say(_line(problem), "red")
    for warning in found.warnings:
        say(_line(warning), "yellow")
    if found.playbook is None:
        count = len(found.problems)
        say(f"{plural(count, 'problem')}: this playbook cannot be used yet.", "bold")
        if found.plan is not None and MessageKind.ANNOUNCEMENT not in found.unusable:
            named = ", ".join(found.unusable) or "none"
            say(f"An incident can be opened with it; messages left out then: {named}.")
        return
    plan = found.playbook
    say(f"{plan.name}: {plan.title}", "bold")
    for kind, message in plan.messages.items():
        signers = ", ".join(plan.signers(kind))
        say(f"  {kind}: {', '.join(message.channels)}; {message.gate.quorum} of {signers} sign")
    if plan.replies is not None:
        signers = ", ".join(plan.signers(MessageKind.REPLY_RULES))
        many = plural(len(plan.replies.saved), "saved reply", "saved replies")
        where = ", ".join(plan.replies.channels)
        say(f"  reply_rules: {where}; {many}; {plan.replies.gate.quorum} of {signers} sign")
    if plan.holding is not None:
        signers = ", ".join(plan.signers(MessageKind.HOLDING_STATEMENTS))
        names = ", ".join(one.name for one in plan.holding.statements)
        say(f"  holding_statements: {names}; {plan.holding.gate.quorum} of {signers} sign")
    say("This playbook can be used.", "green")


def _line(problem: Problem) -> str:
    return f"{problem} {problem.next_step}".rstrip()


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="playbook")
