"""``deadlines``: what is due to authorities, recording that one was told, and fact sheets."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from client.deadlines import DeadlinesView, read_deadlines, read_fact_sheet, record_notified
from client.errors import WrongInput
from domain.deadlines import NOT_LEGAL_ADVICE, Deadline, DeadlineState
from domain.fact_sheet import due_in_words, in_markdown, state_in_words
from surfaces.terminal.options import By, Json, Slug, actor
from surfaces.terminal.printing import clean, how_long, plain_table, say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import told

_ACTIONS = ("notified", "sheet")
_STYLES = {
    DeadlineState.LATE: "bold red",
    DeadlineState.DONE_LATE: "red",
    DeadlineState.NEAR: "yellow",
}


def deadlines(
    slug: Slug,
    action: Annotated[
        str, typer.Argument(metavar="[notified|sheet]", help="Without it they are listed.")
    ] = "",
    what: Annotated[
        str, typer.Argument(metavar="[NAME]", help="As in the list: gdpr33, nis2_warning, …")
    ] = "",
    at: Annotated[
        str, typer.Option(metavar="TIME", help="When it was told, with a zone; now if left out.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why it was late.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Show what is due to authorities; record that one was told; print a fact sheet.

    Nothing is ever sent to an authority. Deadlines count from facts, such as aware_at.

    Example: frontfoot deadlines leak notified gdpr33 --at "2026-11-28 09:00 UTC" --as lena
    """
    if action == "":
        view = run(lambda engine: read_deadlines(engine, slug))
        say_json(view.model_dump(mode="json")) if as_json else _list(view)
    elif action == "notified" and what:
        who = actor(by)
        said = run(
            lambda engine: record_notified(engine, slug, what, actor=who, at=at, reason=reason)
        )
        if as_json:
            say_json(said.model_dump(mode="json"))
            return
        say(f"Recorded: {said.deadline.title}, {state_in_words(said.deadline)}.")
        if said.untold is not None:
            say(told(said.untold))
    elif action == "sheet" and what:
        sheet = run(lambda engine: read_fact_sheet(engine, slug, what))
        say_json(sheet.model_dump(mode="json")) if as_json else say(in_markdown(sheet).rstrip())
    else:
        wrong = f"{action} needs a name" if action in _ACTIONS else f"{action[:40]!r} is unknown"
        raise WrongInput(
            f"{wrong}.",
            f"Write frontfoot deadlines {slug} to see the names, and behind it notified or sheet "
            "with one of them.",
        )


def _list(view: DeadlinesView) -> None:
    if not view.deadlines:
        say(f"Nothing is due to an authority for {view.incident}, as far as it is known.")
        say("It depends on `regulations` in the playbook, and on the facts.", "dim")
        return
    table = plain_table("NAME", "WHAT", "DUE", "STATE")
    for one in view.deadlines:
        style = _STYLES.get(one.state, "")
        table.add_row(one.step, clean(one.title), due_in_words(one), Text(_state(view, one), style))
    show(table)
    say(f"{view.owner} is reminded." if view.owner else "Nobody is reminded: no owner is planned.")
    say(NOT_LEGAL_ADVICE, "dim")


def _state(view: DeadlinesView, one: Deadline) -> str:
    words = state_in_words(one)
    if one.due is None or one.state.ended:
        return words + (", without its reason" if one.reason_missing else "")
    seconds = (one.due - view.at).total_seconds()
    return f"{words}, {how_long(abs(seconds))} {'left' if seconds >= 0 else 'ago'}"


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("deadlines")(deadlines)
