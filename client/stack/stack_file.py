"""``stack.json``: how commands in a second terminal find the stack that runs in the first."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from client.stack.processes import is_running
from client.stack.state_folder import open_to_write
from domain.model import Value

NAME = "stack.json"


class Process(Value):
    """A process, and what distinguishes it from a later one with the same pid."""

    pid: int
    began: str


class StackFile(Value):
    """A running stack: its own process, its parts, and what its clients need in their environment.

    ``live``: credentials were used where there were some; ``real``: there were some. Contains no
    secret, only addresses.
    """

    owner: Process
    addresses: dict[str, str]
    environment: dict[str, str]
    parts: dict[str, Process]
    live: bool = False
    real: bool = False

    def runs(self) -> bool:
        """Whether the ``up`` that wrote it still lives."""
        return is_running(self.owner.pid, self.owner.began)

    def write(self, state: Path) -> None:
        """Write it to the state folder, atomically."""
        path = state / NAME
        fresh = path.with_suffix(".json.new")
        with open_to_write(fresh) as file:
            file.write(self.model_dump_json(indent=2))
        fresh.replace(path)


def read(state: Path) -> StackFile | None:
    """The stack in the folder's file, running or not; None without a readable file."""
    try:
        return StackFile.model_validate_json((state / NAME).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def forget(state: Path) -> None:
    """Remove the file: the stack was stopped properly."""
    (state / NAME).unlink(missing_ok=True)
