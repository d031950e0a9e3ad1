"""All commands as one Typer application, and how it reports a command that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Annotated

import typer
from typer.core import TyperGroup

from surfaces.terminal import (
    ack,
    advance,
    approve,
    audience,
    audit,
    backup,
    break_glass,
    briefing,
    broadcast,
    check,
    close,
    codes,
    deadlines,
    delegate,
    desk,
    facts,
    follow_up,
    holding,
    key,
    people,
    playbook,
    propose,
    quarantine,
    recipient,
    record,
    recover,
    reject,
    release,
    restore,
    resume_all,
    retry,
    review,
    revise,
    scorecard,
    settle,
    severity,
    show,
    sign_in,
    status,
    stop_all,
    subscribers,
    suppressions,
    timeline,
    token,
    webhook,
    withdraw,
)
from surfaces.terminal import list as listing
from surfaces.terminal import open as opening
from surfaces.terminal.failures import failure_of
from surfaces.terminal.options import refuse_no_text
from surfaces.terminal.printing import say, say_failure
from surfaces.terminal.session import prepare_environment

Register = Callable[[typer.Typer], None]
"""Adds a command, or a group of commands, to the command line."""

# In the order in which the help shows them.
_COMMANDS: tuple[Register, ...] = tuple(
    one.register
    for one in (
        check, audience, playbook, opening, listing, advance, severity, close, propose, revise,
        show, facts, deadlines, approve, reject, delegate, break_glass, review, release, holding,
        ack, key, people, status, scorecard, follow_up, broadcast, withdraw, stop_all, resume_all,
        quarantine, retry, settle, recipient, briefing, desk, timeline, record, codes, suppressions,
        subscribers, sign_in, token, webhook, audit,
        backup, restore, recover,
    )
)  # fmt: skip


class InWords(TyperGroup):
    """Reports expected failures with their exit code; bugs of ours go through."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the command line, if it is text."""
        for argument in args:
            refuse_no_text(argument)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            say_failure(failure.explanation)
            raise typer.Exit(failure.code) from error


def build(first: Sequence[Register]) -> typer.Typer:
    """The command line, with the commands ``first`` before those of this package."""
    app = typer.Typer(
        name="frontfoot",
        cls=InWords,
        no_args_is_help=True,
        # Locals in a traceback may contain keys.
        pretty_exceptions_show_locals=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, "
        "4 outcome unknown.",
    )
    app.callback()(_root)
    for register in (*first, *_COMMANDS):
        register(app)
    return app


def _show_version(asked: bool) -> None:
    if asked:
        say(f"frontfoot {_version()}")
        raise typer.Exit


def _root(
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


def _version() -> str:
    try:
        return metadata.version("frontfoot")
    except metadata.PackageNotFoundError:
        return "(not installed; run from its folder)"
