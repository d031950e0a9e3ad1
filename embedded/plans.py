"""How each part of the stack is run: its command, its environment, and when it is ready."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from client.stack.environment import for_python, plain
from client.stack.ports import LOOPBACK, Ports
from domain.delivery_events import events_path
from embedded.part import PartPlan, StackPart
from embedded.readiness import answers, temporal_answers
from embedded.starting import Command

LARGEST_PAYLOAD = 1_300_000
"""The largest value in bytes that Temporal takes from anybody, a good half of its own default.

Our own largest, the state of an incident with as many messages as it may have, is measured by a
test. One signal of 1.9 MB is refused so, and a few more do not fill a history.
"""

MOST_SIGNALS = 3_000
"""The most signals that one run takes, instead of 10,000. A worker that takes a run over goes
through all of them in one workflow task, which may take ten seconds: 10,000 took 2.4 s of an idle
processor, and on a busy machine more than ten, again and again."""

LARGEST_HISTORY = 100 * 1024 * 1024
"""The size in bytes at which the server ends a workflow, instead of 50 MiB. Sixty signals of 1.1 MB
that come within a second are more than that, and a run that is to be continued as new because of
them needs a moment for it. Above 128 MiB the server cannot hand a history to a worker."""

TEMPORAL_SETTINGS = (
    f"limit.blobSize.error={LARGEST_PAYLOAD}",
    # The server looks at the other limit only above this one.
    f"limit.blobSize.warn={LARGEST_PAYLOAD // 2}",
    f"history.maximumSignalsPerExecution={MOST_SIGNALS}",
    f"limit.historySize.error={LARGEST_HISTORY}",
)
"""Values of Temporal's dynamic configuration; deploy/temporal/dynamic.yaml has the same."""

AT_REST = (
    "metrics.breakdownByTaskQueue=false",
    "metrics.breakdownByPartition=false",
    'system.namespaceCacheRefreshInterval="30s"',
)
"""For the development server alone: what it does all the time, also while nothing happens. It has
metrics that nobody reads, and one namespace: what is changed of it is seen half a minute later."""


def addresses(ports: Ports, console_url: str = "", reading_url: str = "") -> dict[str, str]:
    """Where each part is: Temporal as host and port, the others as URLs.

    ``console_url`` is where people reach the console if a proxy stands in front of it,
    ``reading_url`` where they only read it, "" if nowhere.
    """
    return {
        "temporal": f"{LOOPBACK}:{ports.temporal}",
        "ui": f"http://{LOOPBACK}:{ports.ui}",
        "sandbox": f"http://{LOOPBACK}:{ports.sandbox}",
        "webhooks": f"http://{LOOPBACK}:{ports.webhooks}",
        # By its name: a passkey cannot be bound to an IP address.
        "console": console_url or f"http://localhost:{ports.console}",
        "reading": reading_url,
    }


def temporal(
    state: Path, ports: Ports, given: Mapping[str, str], binary: Path, more: Iterable[str] = ()
) -> PartPlan:
    """Temporal's development server, on a file; ``more`` goes into its dynamic configuration."""
    command = [str(binary), "server", "start-dev", "--ip", LOOPBACK]
    command += ["--port", str(ports.temporal), "--ui-port", str(ports.ui)]
    command += ["--db-filename", str(state / "temporal.db"), "--log-level", "warn"]
    for setting in (*TEMPORAL_SETTINGS, *AT_REST, *more):
        command += ["--dynamic-config-value", setting]

    async def ready(_: StackPart) -> bool:
        return await temporal_answers(ports.temporal)

    return PartPlan("temporal", Command(command), plain(given), ready, _log(state, "temporal"))


def sandbox(
    state: Path, ports: Ports, given: Mapping[str, str], event_channels: Iterable[str]
) -> PartPlan:
    """The stand-in for the providers; it sends the events of ``event_channels``."""
    where = addresses(ports)
    arguments = ["--host", LOOPBACK, "--port", str(ports.sandbox)]
    arguments += ["--state", str(state / "sandbox.db")]
    for channel in event_channels:
        arguments += ["--event-webhook-url", f"{where['webhooks']}{events_path(channel)}"]
    dials = {name: value for name, value in given.items() if name.startswith("FRONTFOOT_SANDBOX_")}

    async def ready(_: StackPart) -> bool:
        return await answers(f"{where['sandbox']}/_sandbox/health")

    environment = {**for_python(given), **dials}
    command = Command(arguments, "sandbox")
    return PartPlan("sandbox", command, environment, ready, _log(state, "sandbox"))


def webhooks(state: Path, ports: Ports, environment: Mapping[str, str]) -> PartPlan:
    """The receiver of events, and the page behind the links in mail: one process."""
    with_address = {
        **environment,
        "FRONTFOOT_WEBHOOK_HOST": LOOPBACK,
        "FRONTFOOT_WEBHOOK_PORT": str(ports.webhooks),
    }

    async def ready(_: StackPart) -> bool:
        return await answers(f"{addresses(ports)['webhooks']}/health")

    command = Command((), "surfaces.public.app")
    return PartPlan("webhooks", command, with_address, ready, _log(state, "webhooks"))


def console(
    state: Path, ports: Ports, environment: Mapping[str, str], where: Mapping[str, str]
) -> PartPlan:
    """The pages for people on duty; ``where`` are the addresses of the stack."""
    with_address = {
        **environment,
        "FRONTFOOT_CONSOLE_HOST": LOOPBACK,
        "FRONTFOOT_CONSOLE_PORT": str(ports.console),
        "FRONTFOOT_CONSOLE_URL": where["console"],
        "FRONTFOOT_CONSOLE_READING_URL": where["reading"],
    }

    async def ready(_: StackPart) -> bool:
        return await answers(f"http://{LOOPBACK}:{ports.console}/health")

    command = Command((), "surfaces.console.app")
    return PartPlan("console", command, with_address, ready, _log(state, "console"))


def worker(state: Path, environment: Mapping[str, str], console_url: str) -> PartPlan:
    """The worker, for every channel; ``console_url`` is where it tells others to look."""

    async def ready(part: StackPart) -> bool:
        return part.said("worker ready")

    # The worker waits 15 s for what is under way.
    return PartPlan(
        "worker",
        Command((), "worker"),
        {**environment, "FRONTFOOT_CONSOLE_URL": console_url},
        ready,
        _log(state, "worker"),
        stop_within=25.0,
    )


def _log(state: Path, name: str) -> Path:
    return state / "logs" / f"{name}.log"
