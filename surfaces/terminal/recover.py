"""``recover``: going on after the ledger or Temporal was lost or restored."""

from __future__ import annotations

from typing import Annotated

import typer

from client.engine import Engine
from client.errors import WrongInput
from client.recovery.incident import lost_incidents, recover_incident
from client.recovery.ledger import Answer, Comparison, recover_ledger
from domain.actor import Actor
from domain.plural import plural
from domain.status import IncidentStatus
from surfaces.terminal.batch_numbers import read_numbers, show_numbers
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.options import Audience, By, Json, actor, slug_of
from surfaces.terminal.printing import clean, clock, plain_table, say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import told


def recover(
    slug: Annotated[
        str,
        typer.Argument(
            metavar="[SLUG]", help="The incident; without it, all that Temporal has lost."
        ),
    ] = "",
    ledger_behind: Annotated[
        bool, typer.Option("--ledger-behind", help="The ledger is older than the incident.")
    ] = False,
    temporal_lost: Annotated[
        bool, typer.Option("--temporal-lost", help="Temporal no longer runs the incident.")
    ] = False,
    message: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="The message that the batches are of.")
    ] = None,
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="Which channel, if it is mailed on several.")
    ] = "",
    audience: Audience = None,
    went_out: Annotated[
        str, typer.Option(metavar="NUMBERS", help="Batches that you saw go out: 3,5-9.")
    ] = "",
    did_not: Annotated[
        str, typer.Option(metavar="NUMBERS", help="Batches that did not go out: 4.")
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Go on after the ledger or Temporal was restored or lost; nothing is sent by this.

    --ledger-behind compares the ledger with what went out: by the incident, by
    its workflows, by events. Batches that nobody knows of are listed; look for
    them at the provider, then say --went-out or --did-not. Once none is left
    the incident is unlocked. --temporal-lost starts the incident again from
    the state that the ledger keeps.

    Example: frontfoot recover site-down --ledger-behind --as maya
    """
    if ledger_behind == temporal_lost:
        raise WrongInput(
            "What was lost?",
            "Add --ledger-behind or --temporal-lost; `frontfoot check` says which.",
        )
    who = actor(by)
    if temporal_lost:
        _start_again(slug_of(slug) if slug else "", who, as_json)
        return
    if not slug:
        raise WrongInput("Which incident?", "Name it; `frontfoot check` lists those locked.")
    slug = slug_of(slug)
    answers = []
    if went_out or did_not:
        if message is None:
            raise WrongInput("Of which message?", "Add --message N; the list names it.")
        answers.append(
            Answer(
                message=message,
                channel=channel,
                audience=audience,
                went_out=read_numbers(went_out),
                did_not=read_numbers(did_not),
            )
        )
    found = run(lambda engine: recover_ledger(engine, slug, actor=who, answers=answers))
    if as_json:
        say_json({**found.model_dump(mode="json"), "unlocked": found.unlocked})
    else:
        _say(found)
    if not found.unlocked:
        raise typer.Exit(ExitCode.UNKNOWN)


def _start_again(slug: str, who: Actor, as_json: bool) -> None:
    async def work(engine: Engine) -> list[IncidentStatus]:
        slugs = [slug] if slug else await lost_incidents(engine)
        return [await recover_incident(engine, one, actor=who) for one in slugs]

    started = run(work)
    if as_json:
        say_json([one.model_dump(mode="json") for one in started])
        return
    for one in started:
        say(f"{one.incident} runs again, in stage {one.stage}: frontfoot status {one.incident}")
    if not started:
        say("Temporal runs every incident that is open in the ledger.")


def _say(found: Comparison) -> None:
    for notice in found.notices:
        say(told(notice), "yellow")
    if found.unlocked:
        say(f"Everything is known: {found.incident} is unlocked.", "bold green")
        say(f"Next: frontfoot status {found.incident}")
        return
    for place in found.under_way:
        say(
            f"{place} is still under way and ends when it notices the lock: try again in a moment. "
            "If it waits for its provider for long, withdraw the message."
        )
    if not found.in_doubt:
        return
    table = plain_table("MESSAGE", "CHANNEL", "AUDIENCE", "BATCH", "RECIPIENTS", "KEY", "SINCE")
    for one in found.in_doubt:
        table.add_row(
            str(one.message),
            clean(one.channel),
            clean(one.audience),
            str(one.number),
            f"{one.recipients:,}",
            one.key,
            clock(one.began) if one.began else "",
        )
    show(table)
    many, first = len(found.in_doubt), found.in_doubt[0]
    numbers = show_numbers(
        one.number
        for one in found.in_doubt
        if (one.message, one.channel, one.audience)
        == (first.message, first.channel, first.audience)
    )
    say(f"{plural(many, 'batch', 'batches')} may have gone out, and only the provider knows.")
    say("Look in its activity for the keys (the last number may differ), then say what you saw:")
    say(
        f"  frontfoot recover {found.incident} --ledger-behind --message {first.message} "
        f"--channel {first.channel} --audience {first.audience} --went-out {numbers}"
    )
    say("  … or --did-not, for those that are not there; both may name some of them")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("recover")(recover)
