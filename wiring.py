"""The only way to reach Temporal: a client with our plugin.

The plugin is the only place that configures how values are converted, which of our modules
workflow code shares, and how a workflow's tasks are run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from temporalio.bridge.proto.workflow_activation import QueryWorkflow, WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.worker import Worker, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

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


EARLY_EVENTS = "The worker is taking this workflow over; ask it again."
OF_ENDED = " of an ended workflow"
"""Behind the name of a query: no task is to come, so the workflow was given all that there is."""


class GuardedInstance(WorkflowInstance):
    """Fails a query that came with events whose workflow task had not started.

    A query that waited for a worker is answered from the whole history that there is by then. The
    SDK applies the events after the last task, too, although a task is still to come for them
    (``take_next_wft_sequence`` in the core of temporalio 1.35.0). When that task comes, the
    workflow gets only the rest, so it orders its commands as no replay does, and stands still once
    its worker is gone. A failed query makes the SDK forget the workflow: its next task, and the
    query when it is put again, replay the history from its start.
    """

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner
        self._task_started = (0, 0)
        self._length = 0
        self._early = False

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """As the instance does, but a failure in place of an answer that cannot be used."""
        asked = [job.WhichOneof("variant") == "query_workflow" for job in act.jobs]
        started = (act.timestamp.seconds, act.timestamp.nanos)
        # New events come with the time at which their task started, so never with the last one's.
        if not all(asked) and started == self._task_started and act.history_length > self._length:
            self._early = True
        self._task_started, self._length = started, act.history_length
        ended = [_is_of_ended(job.query_workflow) for job in act.jobs]
        if self._early and any(asked) and not any(ended):
            failed = WorkflowActivationCompletion()
            failed.failed.failure.message = EARLY_EVENTS
            return failed
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: Any) -> Any:
        """As the instance does."""
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        """As the instance does."""
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Info:
        """As the instance does."""
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        """As the instance does."""
        return self._inner.get_thread_id()


def _is_of_ended(query: QueryWorkflow) -> bool:
    """Whether it was put to an ended workflow; gives it the name that the workflow knows."""
    name: str = query.query_type
    if not name.endswith(OF_ENDED):
        return False
    query.query_type = name.removesuffix(OF_ENDED)
    return True


@dataclasses.dataclass(frozen=True)
class GuardedRunner(WorkflowRunner):
    """A runner whose instances are guarded against early events."""

    inner: WorkflowRunner

    def prepare_workflow(self, defn: Any) -> None:
        """As the runner does."""
        self.inner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """The runner's instance, guarded."""
        return GuardedInstance(self.inner.create_instance(det))

    def set_worker_level_failure_exception_types(
        self, types: Sequence[type[BaseException]]
    ) -> None:
        """As the runner does."""
        self.inner.set_worker_level_failure_exception_types(types)


def _runner(runner: WorkflowRunner | None) -> WorkflowRunner:
    return GuardedRunner(_sharing(runner))


def _sharing(runner: WorkflowRunner | None) -> WorkflowRunner:
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
