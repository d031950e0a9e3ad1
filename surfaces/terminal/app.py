"""All commands as one Typer application, and how it reports a command that fails."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperGroup

from surfaces.terminal.failures import failure_of
from surfaces.terminal.options import refuse_no_text
from surfaces.terminal.printing import say, say_failure
from surfaces.terminal.session import prepare_environment

# In the order in which the help shows them. The module of each, beside this one, has its name.
_COMMANDS = (
    "check", "open", "list", "advance", "severity", "close", "propose", "revise", "show", "facts",
    "deadlines", "approve", "reject", "delegate", "break-glass", "review", "release", "ack",
    "status", "scorecard", "follow-up", "withdraw", "stop-all", "resume-all", "retry", "settle",
    "recipient", "briefing", "timeline", "sign-in", "audit", "backup", "restore", "recover",
    "audience", "playbook", "holding", "key", "people", "broadcast", "quarantine", "desk", "record",
    "codes", "suppressions", "subscribers", "token", "webhook",
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


class _Commands(Mapping[str, Any]):
    """Commands by their names, each imported when it is asked for.

    ``modules`` names the module of each, whose ``register`` adds it to a Typer application. To
    import all of them takes longer than most commands run.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _loaded(self._modules[name], name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def _loaded(module: str, name: str) -> Any:
    """The command ``name``, as its module registers it."""
    alone = typer.Typer()
    try:
        importlib.import_module(module).register(alone)
        return typer.main.get_group(alone).commands[name]
    except KeyError as error:
        # From a mapping it would mean that there is no such command.
        raise RuntimeError(f"{module} does not register {name}") from error


def build(first: Mapping[str, str]) -> typer.Typer:
    """The command line; ``first`` are commands that come before those here, with their modules."""
    modules = {**first, **{name: _module(name) for name in _COMMANDS}}

    class Root(InWords):
        def __init__(self, **given: Any) -> None:
            super().__init__(**{**given, "commands": _Commands(modules)})

    app = typer.Typer(
        name="frontfoot",
        cls=Root,
        no_args_is_help=True,
        # Locals in a traceback may contain keys.
        pretty_exceptions_show_locals=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, "
        "4 outcome unknown.",
    )
    app.callback()(_root)
    return app


def _module(name: str) -> str:
    return f"{__package__}.{name.replace('-', '_')}"


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
