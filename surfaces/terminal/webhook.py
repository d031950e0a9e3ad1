"""``webhook``: which other systems are told what happened, and whether they take it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from client import webhooks
from client.errors import WrongInput
from client.past_time import past_time
from client.webhooks import MadeSecret, Sent
from domain.outbox import ItemState, in_words
from domain.plural import plural
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.options import By, Json, person
from surfaces.terminal.printing import clean, say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.webhook_view import endpoint_lines, endpoint_table, item_table

app = typer.Typer(help="Tell other systems what happens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The endpoint's name.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it takes webhooks.")],
    name: Annotated[str, typer.Option(help="What to call it; otherwise after its host.")] = "",
    events: Annotated[
        str, typer.Option(metavar="TYPES", help="Only these, with commas between.")
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Tell another system from now on, and show the secret that it verifies webhooks with.

    The secret is shown once. Types are incident.opened, message.proposed,
    message.waiting, message.decided, message.outcome, message.told,
    promise.made, promise.kept, promise.kept_by_fallback, promise.moved,
    promise.broken and incident.closed; without --events it is told all of them.

    Example: frontfoot webhook add https://helpdesk.example.com/hooks --as maya
    """
    who = person(by)
    types = [one.strip() for one in events.split(",") if one.strip()]
    made = run(
        lambda engine: webhooks.add_endpoint(engine, url, name=name.strip(), events=types, by=who),
        upgrade=True,
    )
    _say_secret(made, as_json=as_json)
    if not as_json:
        say(f"Send it a test: frontfoot webhook test {made.endpoint}")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show every endpoint: whether it takes webhooks, what waits, and what is wrong.

    Example: frontfoot webhook list
    """
    found = run(webhooks.list_endpoints)
    if as_json:
        say_json([one.model_dump(mode="json", exclude={"url"}) for one in found])
        return
    if not found:
        say("No other system is told anything. Add one: frontfoot webhook add URL --as PERSON")
        return
    show(endpoint_table(found))
    for one in found:
        for line in endpoint_lines(one.problems):
            say(line)


@app.command("show")
def show_(name: Name, as_json: Json = False) -> None:
    """Show one endpoint, its whole address, and what it was sent last.

    Example: frontfoot webhook show helpdesk
    """
    looked = run(lambda engine: webhooks.look_at_endpoint(engine, name))
    if as_json:
        say_json(looked.model_dump(mode="json"))
        return
    one = looked.endpoint
    say(f"{one.name} takes {', '.join(one.events) or 'every event'} at {one.url}")
    show(endpoint_table([one]))
    for line in endpoint_lines(one.problems):
        say(line)
    if looked.items:
        say("")
        show(item_table(looked.items))


@app.command()
def remove(name: Name, by: By = "") -> None:
    """Tell a system nothing more. What waits for it is forgotten.

    Example: frontfoot webhook remove helpdesk --as maya
    """
    who = person(by)
    waited = run(lambda engine: webhooks.remove_endpoint(engine, name, by=who))
    lost = f" {plural(waited, 'webhook')} that waited for it will not be sent." if waited else ""
    say(f"{clean(name)} is removed.{lost}", "bold")


@app.command()
def rotate(name: Name, by: By = "", as_json: Json = False) -> None:
    """Make a new secret. For 24 hours webhooks are signed with the old one, too.

    Example: frontfoot webhook rotate helpdesk --as maya
    """
    who = person(by)
    made = run(lambda engine: webhooks.rotate_secret(engine, name, by=who))
    _say_secret(made, as_json=as_json)
    if not as_json:
        say("For the next 24 hours the old secret verifies webhooks, too.")


@app.command()
def disable(name: Name, by: By = "") -> None:
    """Send a system nothing until it is enabled again. What waits for it is kept.

    Example: frontfoot webhook disable helpdesk --as maya
    """
    who = person(by)
    run(lambda engine: webhooks.disable_endpoint(engine, name, by=who))
    say(f"{clean(name)} is disabled: it is sent nothing until it is enabled.", "bold")


@app.command()
def enable(name: Name, by: By = "") -> None:
    """Tell a system again that was disabled or had answered 410, beginning with what has waited.

    Example: frontfoot webhook enable helpdesk --as maya
    """
    who = person(by)
    sent = run(lambda engine: webhooks.enable_endpoint(engine, name, by=who))
    say(f"{clean(name)} is enabled; {_will_be_sent(sent)}")


@app.command()
def replay(
    name: Name,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Also what was taken: 2h, 3d or a time in UTC.")
    ] = "",
    event: Annotated[
        str, typer.Option("--id", metavar="ID", help="One event, by its webhook-id.")
    ] = "",
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="What was set aside; so it is without an option.")
    ] = False,
) -> None:
    """Send again what a system has taken, or what was set aside, with the same ids.

    What waits for its next attempt is sent at once.
    Everything of the last 30 days can be sent again, in the order in which it
    happened. A system that has taken it already knows it by its id.

    Example: frontfoot webhook replay helpdesk --since 2h
    """
    if bool(since) + bool(event) + set_aside > 1:
        raise WrongInput("Which of them?", "Give one of --since, --id and --set-aside.")
    begin = past_time(since, datetime.now(UTC)) if since else None
    sent = run(lambda engine: webhooks.replay(engine, name, since=begin, event_id=event.strip()))
    say(_will_be_sent(sent).capitalize())


@app.command("test")
def ping(name: Name, as_json: Json = False) -> None:
    """Send an event that tells of nothing, and show what came back. It is sent once.

    Example: frontfoot webhook test helpdesk
    """
    item = run(lambda engine: webhooks.ping(engine, name))
    if as_json:
        say_json(item.model_dump(mode="json"))
    elif item.ended is None or item.state is ItemState.WAITING:
        say(f"{item.event_id} waits. See it later: frontfoot webhook show {name}")
    else:
        say(f"{clean(name)}: {in_words(item.ended, item.status)} ({item.milliseconds or 0} ms)")
    if item.state is not ItemState.ACCEPTED:
        raise typer.Exit(ExitCode.FAILED)


def _say_secret(made: MadeSecret, *, as_json: bool) -> None:
    if as_json:
        say_json(made.model_dump(mode="json"))
        return
    say(f"The secret of {made.endpoint}, which is not shown again:", "bold")
    say(made.secret)


def _will_be_sent(sent: Sent) -> str:
    if not sent.items:
        return "nothing is to be sent."
    late = "" if sent.started else " Temporal does not answer; it begins when it does."
    return f"{plural(sent.items, 'webhook')} will be sent.{late}"


def register(root: typer.Typer) -> None:
    """Add these commands to the command line."""
    root.add_typer(app, name="webhook")
