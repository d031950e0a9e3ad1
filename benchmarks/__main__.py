"""``python -m benchmarks``: measure, print, and write tables, plot and raw results."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import plan, report
from benchmarks.children import ChildFailed
from benchmarks.plan import DATABASES, Plan
from benchmarks.run import Run, steps
from benchmarks.view import View
from client.errors import ClientError
from client.leaving import leave
from domain.errors import DomainError
from settings import HERE

SIZES = (10_000, 100_000, 1_000_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks and return an exit code."""
    given = _parser().parse_args(arguments)
    if given.quick:
        chosen = plan.quick(given.seed)
        out = given.out or HERE / "build" / "benchmarks-quick"
    else:
        chosen = plan.whole(given.recipients, given.databases, given.seed)
        out = given.out or HERE / "docs" / "benchmarks"
    console = Console()
    try:
        asyncio.run(_measure(chosen, out, console))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Stopped; nothing was written.")
        return 130
    except (ChildFailed, ClientError, DomainError, RuntimeError) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    return 0


async def _measure(chosen: Plan, out: Path, console: Console) -> None:
    this = asyncio.current_task()
    assert this is not None
    # As on Ctrl-C: the processes have to be ended and the databases removed.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    with (
        tempfile.TemporaryDirectory(prefix="ff-bench-") as folder,
        View(console, steps(chosen)) as view,
    ):
        try:
            found = await Run(chosen, Path(folder), view).results()
        except (ChildFailed, ClientError, DomainError, RuntimeError):
            console.print(f"Logs are in {_keep_logs(Path(folder))}.")
            raise
    report.write(found, out)
    # Not by rich, which would break the lines of the tables.
    print(f"\n{report.tables(found)}\n\nWritten to {out}.")


def _keep_logs(folder: Path) -> Path:
    """Copy the processes' logs to where they outlive the run."""
    kept = HERE / "build" / "benchmarks-logs"
    shutil.rmtree(kept, ignore_errors=True)
    for log in folder.rglob("*.log"):
        place = kept / log.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, place)
    return kept


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--recipients", type=_sizes, default=SIZES, help="sizes of broadcasts, by commas"
    )
    parser.add_argument(
        "--databases", type=_databases, default=DATABASES, help="sqlite, postgres, by commas"
    )
    parser.add_argument("--out", type=Path, help="folder to write to (default docs/benchmarks)")
    parser.add_argument("--seed", type=int, default=20131026, help="of codes in the bare loops")
    parser.add_argument(
        "--quick", action="store_true", help="only see whether everything runs: 1,000 recipients"
    )
    return parser


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(part.replace("_", "")) for part in text.split(","))
    if not all(2 <= size <= 10_000_000 for size in sizes):
        raise argparse.ArgumentTypeError("a broadcast has 2 to 10,000,000 recipients")
    return sizes


def _databases(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names or not set(names) <= set(DATABASES):
        raise argparse.ArgumentTypeError(f"choose from {', '.join(DATABASES)}")
    return names


if __name__ == "__main__":
    leave(main())
