"""``python -m channels.contract_suite`` prints the guide to adding a channel."""

from __future__ import annotations

import sys
from pathlib import Path

NAME = "adding-a-channel.md"


def guide() -> str:
    """The guide: beside this file in an installed package, under ``docs/`` in the repository."""
    here = Path(__file__).resolve().parent
    shipped = here / NAME
    return (shipped if shipped.exists() else here.parents[1] / "docs" / NAME).read_text("utf-8")


if __name__ == "__main__":
    sys.stdout.write(guide())
