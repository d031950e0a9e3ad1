"""The command line ``frontfoot``."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import metadata
from typing import Annotated

import typer
from typer.core import TyperGroup

from client.errors import ExitCode, explain
from embedded import up
from embedded.demo import command as demo
from surfaces.terminal import (
    approve,
    audience,
    audit,
    broadcast,
    check,
    codes,
    playbook,
    propose,
    settle,
    status,
    suppressions,
    timeline,
)
from surfaces.terminal import open as opening
from surfaces.terminal.printing import say, say_failure
from surfaces.terminal.session import prepare_environment


class InWords(TyperGroup):
    """Tells expected failures in words, with their exit code; faults of ours go through."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            failure = explain(error)
            if failure is None:
                raise
            say_failure(failure)
            raise typer.Exit(failure.code) from error


app = typer.Typer(
    name="frontfoot",
    cls=InWords,
    no_args_is_help=True,
    # Locals of a traceback may hold keys.
    pretty_exceptions_show_locals=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, 4 outcome unknown.",
)


def _show_version(asked: bool) -> None:
    if asked:
        say(f"frontfoot {_version()}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """Crisis communications that get on the front foot: approved, durable, never sent twice.

    Start with `frontfoot up` in one terminal and `frontfoot open` in another.
    """
    if context.invoked_subcommand is not None:
        prepare_environment()


for group in (
    up, demo, check, audience, playbook, opening, propose, approve, status, broadcast, settle,
    timeline, codes, suppressions, audit,
):  # fmt: skip
    group.register(app)


def _version() -> str:
    try:
        return metadata.version("frontfoot")
    except metadata.PackageNotFoundError:
        return "(not installed; run from its folder)"


def main() -> None:
    """Run one command and leave with its exit code."""
    code: int = ExitCode.FAILED
    try:
        app(prog_name="frontfoot")
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else ExitCode.FAILED
    except Exception:  # noqa: BLE001 - whatever it was, the exit below must be reached
        traceback.print_exc()
        sys.stderr.write("This is a fault in Frontfoot. Please report it with the lines above.\n")
    finally:
        # The SDK's threads can crash an interpreter before 3.14 while it exits.
        for stream in (sys.stdout, sys.stderr):
            _flush(stream)
        os._exit(code)


def _flush(stream: object) -> None:
    try:
        stream.flush()  # type: ignore[attr-defined]
    except (OSError, ValueError):
        return


if __name__ == "__main__":
    main()
