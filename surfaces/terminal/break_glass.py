"""``break-glass``: opening a gate out of policy, together with a second person."""

from __future__ import annotations

from typing import Annotated

import typer

from client.proofs import break_glass as approve_out_of_policy
from domain.explanation import Action, NextStep
from domain.gate import GateState
from surfaces.terminal.options import By, Json, Number, Slug, actor
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run
from surfaces.terminal.wording import command_of


def break_glass(
    slug: Slug,
    number: Number,
    digest: Annotated[
        str, typer.Option(metavar="DIGEST", help="What you approve, as shown beside the copy.")
    ],
    reason: Annotated[str, typer.Option(help="Why it cannot wait for those who should sign.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Approve a message out of policy: it takes two people who did not write it.

    The second one opens the gate. It is red everywhere, and somebody who had
    no part in it reviews it before the incident is closed.

    Example: frontfoot break-glass site-down 1 --digest 3f2a91bc --reason "All asleep" --as sam
    """
    who = actor(by)
    decided = run(
        lambda engine: approve_out_of_policy(
            engine, slug, number, actor=who, digest=digest, reason=reason
        )
    )
    if as_json:
        say_json(decided.model_dump(mode="json"))
    elif decided.gate is GateState.OPEN:
        say(f"Message {number} was opened out of policy and goes out now.", "bold red")
        step = NextStep(action=Action.REVIEW, incident=slug, message=number)
        say(f"Before the end, somebody else reviews that: {command_of(step)}")
    else:
        say(f"Your approval of message {number} out of policy is recorded.", "bold")
        say(f"Still missing: {decided.missing}.")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("break-glass")(break_glass)
