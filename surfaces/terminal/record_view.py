"""What a check of the record found, and whose seals it has, on the screen."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from domain.explanation import Explanation
from domain.installation_check import CheckedInstallation
from domain.plural import plural
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.printing import say, say_failure, say_json


def say_findings(found: Sequence[Explanation]) -> None:
    """Print each finding to stderr, with what to do about it; JSON on stdout stays JSON."""
    for one in found:
        say_failure(one)


def sealed_by(key: str, *, compared: bool) -> str:
    """Whose seals the record has, and whether somebody still has to compare the key."""
    if not key:
        return "Nobody's key could be named."
    if compared:
        return f"Sealed by the key {key}, which is the one that was expected."
    return (
        f"Sealed by the key {key}. Compare it with the fingerprint that you have from elsewhere: "
        "whoever can replace the record can replace its keys too."
    )


def say_installation(
    checked: CheckedInstallation, *, as_json: bool, code: ExitCode = ExitCode.REFUSED
) -> None:
    """Print what a check of the installation's record came to; exit with ``code`` if it failed."""
    if as_json:
        say_json({"whole": not checked.found, **checked.model_dump(mode="json")})
    else:
        say_findings(checked.found)
        entries = plural(checked.entries, "entry", "entries")
        if not checked.found:
            say(f"The installation's record is whole: {entries}, each chained to the one before.")
        if checked.unsealed:
            waits = plural(checked.unsealed, "entry is", "entries are")
            say(f"Of these, {waits} not sealed yet.")
        say(sealed_by(checked.key, compared=checked.compared))
    if checked.found:
        raise typer.Exit(code)
