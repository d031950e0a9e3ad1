"""``python -m chaos``: random incidents under random failures, for so many minutes.

Exit code 0 if nothing was lost, doubled, stuck, out of order, unapproved or broken; 1 otherwise,
with the command that plays the same round again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Coroutine
from pathlib import Path

from rich.console import Console
from temporalio.runtime import Runtime, TelemetryConfig

from chaos.display import Display, summarise
from chaos.drawing import draw
from chaos.ledgers import DatabaseName
from chaos.round import RoundResult, play_round
from client.errors import ClientError
from client.leaving import leave

_ROUND_TAKES = 45.0
"""Seconds that a round takes at least: with fewer left, no other one is begun."""


def main() -> int:
    """Run it; returns the exit code."""
    chosen = _arguments()
    console = Console()
    # Its client logs each lost server; we know, we killed it.
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))
    try:
        return asyncio.run(_until_told(_run(chosen, console)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Stopped. Every process of the round has ended.")
        return 1


async def _until_told(running: Coroutine[object, object, int]) -> int:
    """Run it; SIGTERM ends it as Ctrl-C does, with everything cleaned up."""
    task = asyncio.ensure_future(running)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="begin no round after so long")
    parser.add_argument("--rounds", type=int, default=0, help="so many rounds, whatever the time")
    parser.add_argument("--seed", type=int, help="the first round's; each later one adds one")
    parser.add_argument("--recipients", type=int, default=2_000, help="customers in the audience")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--keep", action="store_true", help="keep the files of good rounds too")
    chosen = parser.parse_args()
    if chosen.recipients < 50:
        parser.error("--recipients: fewer than 50 make no broadcast that can be interrupted")
    return chosen


async def _run(chosen: argparse.Namespace, console: Console) -> int:
    first = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    home = Path(tempfile.mkdtemp(prefix="frontfoot-chaos-"))
    until = time.monotonic() + chosen.minutes * 60
    display = Display(console, until)
    results: list[RoundResult] = []
    console.print(f"seed {first}, {chosen.recipients:,} recipients, {chosen.database}, in {home}")
    kept = bool(chosen.keep)
    try:
        while _another(chosen.rounds, len(results), until):
            seed = first + len(results)
            state = home / f"round-{seed}"
            display.begin(len(results) + 1, seed)
            try:
                result = await _one(seed, chosen, state, display)
            except Exception as error:  # noqa: BLE001 - a round that cannot be played has failed
                kept = True
                _tell_failure(console, error)
                _tell_replay(console, seed, chosen, state)
                return 1
            results.append(result)
            display.end(result)
            if not result.verdict.good:
                kept = True
                _tell_replay(console, seed, chosen, state)
            elif not chosen.keep:
                shutil.rmtree(state, ignore_errors=True)
    finally:
        display.close()
        if not kept:
            shutil.rmtree(home, ignore_errors=True)
    total = summarise(console, results)
    return 0 if total.good else 1


def _another(rounds: int, played: int, until: float) -> bool:
    if rounds:
        return played < rounds
    return played == 0 or time.monotonic() + _ROUND_TAKES < until


async def _one(seed: int, chosen: argparse.Namespace, state: Path, display: Display) -> RoundResult:
    database: DatabaseName = chosen.database
    return await play_round(draw(seed, chosen.recipients), state, database, display.watch)


def _tell_failure(console: Console, error: Exception) -> None:
    if isinstance(error, ClientError):
        console.print(f"The round could not be played. {error}", markup=False)
        if error.__cause__ is not None:
            # Whoever mends it needs to know more than somebody who uses it.
            console.print(f"{type(error.__cause__).__name__}: {error.__cause__}", markup=False)
    else:
        console.print("".join(traceback.format_exception(error)), markup=False)


def _tell_replay(console: Console, seed: int, chosen: argparse.Namespace, state: Path) -> None:
    console.print(
        f"Its files are kept in {state}. The same script and faults again, in the same order "
        "(their timing depends on the machine):",
        highlight=False,
    )
    console.print(
        f"    python -m chaos --seed {seed} --rounds 1 --recipients {chosen.recipients} "
        f"--database {chosen.database} --keep",
        highlight=False,
        soft_wrap=True,
    )


if __name__ == "__main__":
    leave(main())
