"""``check``: whether everything that an incident needs would work now."""

from __future__ import annotations

from typing import Annotated

import typer

from client.checks.everything import check_everything
from client.checks.result import CheckKind, CheckResult
from client.configuration import load_settings
from settings import Settings
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.options import Json
from surfaces.terminal.printing import clean, plain_table, say, say_json, show
from surfaces.terminal.session import run
from surfaces.terminal.wording import happened, in_words

_CODES = {
    CheckKind.SETTING: ExitCode.USAGE,
    CheckKind.PLAYBOOK: ExitCode.REFUSED,
    CheckKind.OTHER: ExitCode.FAILED,
}


def check(
    as_json: Json = False,
    no_channels: Annotated[
        bool, typer.Option("--no-channels", help="Do not ask the providers.")
    ] = False,
) -> None:
    """Check settings, ledger, Temporal, worker, playbooks and every channel; publishes nothing.

    Providers are asked whether the credentials work. The exit code is 0 if
    everything would work, 2 if a setting is wrong, 3 if a playbook is, and 1
    for anything else.

    Example: frontfoot check
    """
    settings = load_settings()
    results = run(lambda engine: check_everything(engine, ask_providers=not no_channels))
    if as_json:
        say_json(
            {
                "ok": all(one.ok for one in results),
                "findings": [_in_json(one) for one in results],
                "settings": settings.masked(),
            }
        )
    else:
        _say(results, settings)
    failed = [_CODES[one.kind] for one in results if not one.ok]
    if failed:
        raise typer.Exit(max(failed))


def _in_json(one: CheckResult) -> dict[str, object]:
    return {
        "about": one.about,
        "ok": one.ok,
        "detail": happened(one.explanation),
        "next_step": in_words(one.explanation.next_step),
        "code": _CODES[one.kind],
    }


def _say(results: list[CheckResult], settings: Settings) -> None:
    table = plain_table("", "", "")
    table.show_header = False
    for one in results:
        detail = clean(happened(one.explanation))
        table.add_row("ok" if one.ok else "FAILED", clean(one.about), detail)
        if one.explanation.next_step and not one.ok:
            table.add_row("", "", clean(in_words(one.explanation.next_step)))
    show(table)
    say("")
    say("The settings of this terminal:", "bold")
    for name, value in settings.masked().items():
        say(f"FRONTFOOT_{name.upper()}={value}")
    failed = sum(not one.ok for one in results)
    say("")
    if failed:
        say(f"{failed} of {len(results)} would not work now.", "bold red")
    else:
        say("Everything would work now.", "bold green")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("check")(check)
