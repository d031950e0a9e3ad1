"""``holding``: the statements that are approved in advance, for the first minutes."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Group

from client.engine import Engine
from client.holding import ApprovedView, approved_statements, propose_holding
from client.messages import load_document
from client.next_steps import to_sign
from client.playbooks import read_files
from domain.message import Document
from domain.status import MessageStatus
from surfaces.terminal.copy_view import document_view
from surfaces.terminal.holding_view import forms_view
from surfaces.terminal.options import By, Json, actor
from surfaces.terminal.printing import say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import command_of

app = typer.Typer(help="Statements that are approved in advance.", no_args_is_help=True)


@app.command("propose")
def propose(
    playbook: Annotated[str, typer.Argument(metavar="PLAYBOOK", help="Its name, or its folder.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Put the holding statements of a playbook before their gate, in an incident of their own.

    They are signed like a message. Close that incident once they are.

    Example: frontfoot holding propose site-compromised --as maya
    """
    who = actor(by)

    async def work(engine: Engine) -> tuple[str, MessageStatus, Document]:
        files = await asyncio.to_thread(read_files, engine.settings, playbook)
        slug, message = await propose_holding(engine, files, playbook, actor=who)
        return slug, message, await load_document(engine, slug, message)

    slug, message, document = run(work)
    if as_json:
        say_json({"incident": slug, "message": message.model_dump(mode="json")})
        return
    show(document_view(document, message.digest))
    say(f"Sign it: {command_of(to_sign(slug, message))}", "bold")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show which statements are approved, until when, and what their blanks take.

    Example: frontfoot holding list
    """
    found = run(approved_statements)
    if as_json:
        say_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        say("No holding statements are approved. frontfoot holding propose PLAYBOOK")
    for one in found:
        if one.newest:
            say(_heading(one), "bold red" if one.expired else "bold")
            show(Group(*forms_view(one.forms)))


def _heading(one: ApprovedView) -> str:
    state = "expired" if one.expired else "ends soon" if one.ends_soon else "approved"
    return f"{one.forms.playbook}: {state}, in {one.ref.incident} message {one.ref.number}"


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="holding")
