"""``people test``: send contact tests, and show how they went."""

from __future__ import annotations

from typing import Annotated

import typer

from client.contact_tests import TestedMethod, TestState, begin_tests, methods_of
from domain.plural import plural
from domain.times import show_moment
from surfaces.terminal.options import Json
from surfaces.terminal.printing import say, say_json
from surfaces.terminal.session import run

_WORDS = {
    TestState.NEVER_TESTED: "not tested yet",
    TestState.WAITING: "sent, not acknowledged yet",
    TestState.ACKNOWLEDGED: "works",
    TestState.NOT_ACKNOWLEDGED: "nobody acknowledged the test",
    TestState.FAILED: "failed",
}


def add_to(group: typer.Typer) -> None:
    """Add the command to the group ``people``."""
    group.command("test")(send)


def send(
    who: Annotated[
        str, typer.Argument(metavar="[PERSON]", help="Whom to test; everybody without.")
    ] = "",
    show: Annotated[
        bool, typer.Option("--show", help="Send nothing, show how the newest tests went.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Send a contact test by each method of a person, or of everybody.

    Whoever gets one opens its link or types its code. A method whose test nobody has acknowledged
    after a day is red in `frontfoot check` and on the readiness page.

    Example: frontfoot people test noor
    """
    if not show:
        sent = run(lambda engine: begin_tests(engine, who))
        if not as_json:
            say(f"{plural(sent.methods, 'contact test')} will be sent.", "bold")
            if not sent.started:
                say("Temporal does not answer now. The workers send them once it does.")
            say("See who has acknowledged: frontfoot people test --show")
    found = run(lambda engine: methods_of(engine, who)) if show or as_json else []
    if as_json:
        say_json([one.model_dump(mode="json", exclude={"code"}) for one in found])
        return
    for one in found:
        say(_line(one))
    if show and not found:
        say("There is no contact method.")


def _line(one: TestedMethod) -> str:
    when = f", tested {show_moment(one.tested_at)}" if one.tested_at else ""
    why = f" {one.why}" if one.why else ""
    method = f"{one.method} ({one.kind.replace('_', ' ')})"
    return f"{one.person}  {method}: {_WORDS[one.state]}{when}.{why}"
