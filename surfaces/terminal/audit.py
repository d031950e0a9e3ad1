"""``audit``: whether the incident, the ledger, the events and the providers agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from client import installation
from client.audit.incident import audit_incident
from client.audit.model import Kind, Report
from client.errors import WrongInput
from domain.explanation import Action, NextStep
from domain.plural import plural
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.options import Json, slug_of
from surfaces.terminal.printing import clean, plain_table, say, say_json, show
from surfaces.terminal.record import KeyOption
from surfaces.terminal.record_view import say_installation
from surfaces.terminal.session import run
from surfaces.terminal.wording import happened, in_words


def _slug(text: str) -> str:
    return slug_of(text) if text else ""


_STYLES = {Kind.OPEN: "yellow", Kind.UNKNOWN: "bold yellow", Kind.UNREAD: "bold yellow"}


def audit(
    slug: Annotated[
        str,
        typer.Argument(metavar="[SLUG]", help="The incident's short name.", callback=_slug),
    ] = "",
    key: KeyOption = "",
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Without SLUG: write the installation's record to a file."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare four records: the incident's, the ledger's, the events', the provider's.

    Every post, batch and recipient must be in a named state, with a reason and
    a next step if it is not accepted. Whatever is stuck, unknown, lost, doubled
    or different is listed. The timeline is verified too. The exit code is 0 if
    everything agrees and 1 if not; what waits for a person is listed but does
    not count as a difference. Nothing is changed.

    Without SLUG it verifies the record of the installation: who signed in, whose
    passkeys and keys were added or removed, what people may do. That needs the
    ledger alone, neither Temporal nor a network.

    Example: frontfoot audit site-down
    """
    if slug and (export is not None or key):
        raise WrongInput(
            "--export and --key are for the installation's record.",
            NextStep(
                action=Action.VERIFY_TIMELINE,
                incident=slug,
                advice="Leave SLUG out, or verify and export the record of this incident",
            ),
        )
    if not slug:
        _installation(key, export, as_json=as_json)
        return
    report = run(lambda engine: audit_incident(engine, slug))
    if as_json:
        say_json(_document(report))
    else:
        _show(report)
    if not report.agrees:
        raise typer.Exit(ExitCode.FAILED)


def _installation(key: str, export: Path | None, *, as_json: bool) -> None:
    if export is not None:
        record = run(lambda engine: installation.export_installation(engine, export))
        say(f"{plural(len(record.entries), 'entry', 'entries')} of the record are in {export}.")
        say(f"Verify it anywhere: frontfoot record verify {export}")
        return
    checked = run(lambda engine: installation.verify_installation(engine, key))
    say_installation(checked, as_json=as_json, code=ExitCode.FAILED)


def _document(report: Report) -> dict[str, object]:
    found = [
        {
            "kind": one.kind.value,
            "where": one.where,
            "detail": happened(one.explanation),
            "next_step": in_words(one.explanation.next_step),
        }
        for one in report.found
    ]
    return {**report.model_dump(mode="json"), "found": found, "agrees": report.agrees}


def _show(report: Report) -> None:
    if report.intents:
        table = plain_table("MESSAGE", "CHANNEL", "INCIDENT", "LEDGER", "EVENTS", "PROVIDER")
        for one in report.intents:
            table.add_row(
                f"{one.message} {one.kind}".strip(),
                clean(one.channel),
                str(one.incident or "not asked"),
                one.ledger,
                one.events,
                clean(one.provider),
            )
        show(table)
        say("")
    for said in _decisions(report):
        say(said)
    for found in report.found:
        line = Text(f"{found.kind}: ", style=_STYLES.get(found.kind, "bold red"))
        line.append(f"{clean(found.where)}. {clean(happened(found.explanation))}", style="not bold")
        show(line)
        if found.explanation.next_step:
            show(Text(f"  {clean(in_words(found.explanation.next_step))}", style="dim"))
    if report.under_way:
        say("Something is still under way: audit again once it has ended.")
    if not report.agrees:
        say("The records do not agree.", "bold red")
    elif not report.intents:
        say("Nothing has been proposed yet, so there is nothing to compare.")
    else:
        say("The records agree.", "bold green")


def _decisions(report: Report) -> list[str]:
    """How many decisions were proven, and each that was not."""
    if not report.decisions:
        return []
    proven = [one for one in report.decisions if one.verified_by]
    lines = [
        f"{len(proven)} of {plural(len(report.decisions), 'decision')} "
        f"{'was' if len(proven) == 1 else 'were'} verified by proof."
    ]
    lines += [
        f"  without a proof: message {one.message}, {one.verdict} by {clean(one.person)}"
        for one in report.unproven
    ]
    return lines


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("audit")(audit)
