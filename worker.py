"""The worker process: settings, ledger, channels and activities, put together.

``python worker.py`` runs everything; ``--queues main,email`` only those task queues, so that each
channel can have machines of its own. Nothing imports this module; its parts are in ``workers``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Collection, Sequence

from temporalio.runtime import Runtime

from activities.log_lines import leave_failures_to_us
from channels import registry
from channels.configured import ChannelMisconfigured
from client.configuration import load_settings, prepare_environment
from client.errors import WrongInput, explanation_of
from client.leaving import leave
from client.logs import log_as_json
from client.metrics import runtime
from client.record_key import read_key
from store import migrate
from wiring import TemporalUnreachable, connect
from workers.background import start_background
from workers.queues import workers
from workers.resources import open_resources


async def run(queues: Sequence[str]) -> None:
    """Work until SIGINT or SIGTERM, then let what is under way finish."""
    settings = load_settings()
    Runtime.set_default(runtime(settings.metrics_address))
    channels = registry.build(settings.channels, env_file=".env")
    chosen = choose(queues, channels)
    await migrate.upgrade_ledger(settings.database())
    # Every worker needs it: those that send verify with it that a gate was opened.
    key = await asyncio.to_thread(read_key, settings.record_key())
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await connect()
    async with contextlib.AsyncExitStack() as stack:
        resources = await open_resources(stack, client, settings, channels, key, chosen)
        start_background(stack, resources)
        made = workers(resources)
        for worker in made:
            await stack.enter_async_context(worker)
        spare_the_garbage_collector()
        print(f"worker ready: {', '.join(chosen)}", flush=True)
        await stop.wait()
        print("worker stopping: letting what is under way finish", flush=True)
        # All at once: one after the other, each would wait in turn.
        await asyncio.gather(*(worker.shutdown() for worker in made))


def choose(queues: Sequence[str], channels: Collection[str]) -> list[str]:
    """The task queues to work on: all, unless some are named."""
    strangers = sorted(set(queues) - {"main", *channels})
    if strangers:
        raise ChannelMisconfigured(
            f"No task queue for {', '.join(strangers)}: choose from main, {', '.join(channels)}."
        )
    return list(queues) or ["main", *channels]


def spare_the_garbage_collector() -> None:
    """Collect garbage rarely, and never look again at what was loaded at the start.

    A broadcast makes thousands of tuples and strings for each request and drops them all. At the
    default thresholds a profile showed full collections of some 80 ms each, in which the event
    loop is blocked.

    Not never: a workflow that is put out of memory is garbage that refers to itself, about 700
    objects and a third of a MiB, and beside thousands of open incidents nothing else frees it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 5, 2)


def main() -> int:
    """Run the worker; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--queues", default="", help="task queues, separated by commas: main, email, twitter, …"
    )
    arguments = parser.parse_args()
    log_as_json()
    leave_failures_to_us()
    queues = [name.strip() for name in arguments.queues.split(",") if name.strip()]
    try:
        prepare_environment()
        asyncio.run(run(queues))
    except Exception as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        print(explanation, file=sys.stderr)
        return (
            2 if isinstance(error, ChannelMisconfigured | TemporalUnreachable | WrongInput) else 1
        )
    return 0


if __name__ == "__main__":
    leave(main())
