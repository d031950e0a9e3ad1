"""``people``: who is reached, and how."""

from __future__ import annotations

import typer

from surfaces.terminal import people_test

app = typer.Typer(help="See whether people can be reached.", no_args_is_help=True)
people_test.add_to(app)


def register(command_line: typer.Typer) -> None:
    """Add the group."""
    command_line.add_typer(app, name="people")
