"""The only way to reach Temporal: a client with our plugin.

The plugin is the only place that configures how values are converted and which of our modules
workflow code shares.
"""

from __future__ import annotations

import dataclasses

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.worker import Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from domain.explanation import Action, Explanation, NextStep, explained

PASSED_THROUGH = ("domain", "activities", "pydantic", "pydantic_core", "annotated_types")
"""Modules that workflow code shares with the worker instead of loading its own copy.

All of ours or none: half of them would make two classes of one model, and pydantic
refuses the other one. Passing through switches the sandbox's checks off in them, so lint bans the
clock, randomness and I/O in ``domain`` instead. (``activities`` is only ever imported by a
workflow as ``activities.signatures``, which an import contract holds to.)
"""


LONGEST_TASK = 30
"""Seconds that a workflow task may take before the SDK calls it a deadlock."""


class TemporalUnreachable(Exception):
    """No Temporal server answered: what was tried, and what to do next."""

    def __init__(self, what: str, next_step: NextStep | str = "") -> None:
        self.explanation: Explanation = explained(what, next_step)
        super().__init__(str(self.explanation))


def _converter(_: DataConverter | None) -> DataConverter:
    return pydantic_data_converter


def _runner(runner: WorkflowRunner | None) -> WorkflowRunner:
    if isinstance(runner, SandboxedWorkflowRunner):
        return dataclasses.replace(
            runner,
            restrictions=runner.restrictions.with_passthrough_modules(*PASSED_THROUGH),
        )
    if runner is None:
        return SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
        )
    return runner


def plugin() -> SimplePlugin:
    """The plugin of every client, worker and replayer of ours."""
    return SimplePlugin("frontfoot", data_converter=_converter, workflow_runner=_runner)


def allow_long_tasks(worker: Worker) -> None:
    """Let a workflow task take as long as the server allows, on this worker.

    The SDK takes one of two seconds for a deadlock and gives the workflow up on this worker for
    good. Thousands of signals that came at once take longer on a busy machine, and this time has no
    public setting.
    """
    inner = worker._workflow_worker
    if inner is not None:
        inner._deadlock_timeout_seconds = LONGEST_TASK


async def connect(*, lazy: bool = False) -> Client:
    """Return a client for the server that ``TEMPORAL_…`` or Temporal's own file names.

    Raises ``TemporalUnreachable`` if nothing answers; with ``lazy`` that shows at the first call.
    """
    try:
        config = ClientConfig.load_client_connect_config()
    except (RuntimeError, ValueError) as error:
        raise TemporalUnreachable(
            "Temporal's settings cannot be read, so incidents cannot be reached.",
            "Check the TEMPORAL_ variables and the file that TEMPORAL_CONFIG_FILE names.",
        ) from error
    address = config.setdefault("target_host", "127.0.0.1:7233")
    try:
        return await Client.connect(**config, lazy=lazy, plugins=[plugin()])
    except ValueError as error:
        raise TemporalUnreachable(
            f"{address[:80]!r} is not the address of a Temporal server.",
            "Set TEMPORAL_ADDRESS to a host and a port, such as 127.0.0.1:7233, and check the "
            "TLS settings.",
        ) from error
    except RuntimeError as error:
        if _keeps_us_out(error):
            raise TemporalUnreachable(
                f"The Temporal server at {address} does not let us in.",
                "Check TEMPORAL_API_KEY, TEMPORAL_NAMESPACE and the TLS settings.",
            ) from error
        raise TemporalUnreachable(
            f"No Temporal server answers at {address}, so incidents cannot be reached.",
            NextStep(
                action=Action.START,
                advice="Set TEMPORAL_ADDRESS to your server and check its TLS settings, or start "
                "everything on this machine.",
            ),
        ) from error


def _keeps_us_out(error: RuntimeError) -> bool:
    # The SDK has no kind of its own for it.
    words = str(error).lower().replace(" ", "")
    return any(one in words for one in ("permissiondenied", "unauthenticated", "unauthorized"))
