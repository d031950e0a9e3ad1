"""Commands as processes of their own, forked from one that has imported everything already."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.forkserver
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_WITHIN = 120.0

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["cli"])


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> tuple[int, str, str]:
    """Run ``frontfoot`` in ``folder``; returns its exit code, its output and its errors.

    For commands of which only that matters: their interpreter has started long before.
    """
    # The server finds our modules where it is started.
    with contextlib.chdir(ROOT):
        multiprocessing.forkserver.ensure_running()
    with tempfile.TemporaryDirectory() as state:
        said, errors = Path(state, "said"), Path(state, "errors")
        become = (list(arguments), str(folder), dict(environment), str(said), str(errors))
        process = _context.Process(target=_become, args=become)
        process.start()
        process.join(_WITHIN)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"frontfoot {arguments[0]} did not end")
        return process.exitcode, said.read_text("utf-8"), errors.read_text("utf-8")


def _become(
    arguments: list[str], folder: str, environment: dict[str, str], said: str, errors: str
) -> None:
    for number, path in ((1, said), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["frontfoot", *arguments]
    from cli import main

    main()
