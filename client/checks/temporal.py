"""Whether Temporal answers, and whether a worker serves each task queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from client.checks.result import CheckResult, fails, works
from client.engine import Engine
from client.foreign_errors import STOPPED_ANSWERING
from domain.explanation import Action, NextStep
from domain.ids import MAIN_QUEUE, channel_queue
from settings import Settings


async def check_temporal(engine: Engine) -> list[CheckResult]:
    """Look at the namespace and at the queues. Raises ``TemporalUnreachable``."""
    client = await engine.temporal()
    target = client.service_client.config.target_host
    try:
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace)
        )
    except RPCError as error:
        if error.status in STOPPED_ANSWERING:
            raise
        return [
            fails(
                "temporal",
                f"{target} answers, but not for namespace {client.namespace} "
                f"({error.status.name.lower()}).",
                "Check TEMPORAL_NAMESPACE and TEMPORAL_API_KEY.",
            )
        ]
    return [
        works("temporal", f"{target}, namespace {client.namespace}"),
        await _workers(client, engine.settings),
    ]


_POLLS_WITHIN = timedelta(seconds=90)
"""A poll takes a minute, and the server lists pollers for five minutes after their last one."""


def _polls(last_seen: datetime) -> bool:
    return datetime.now(UTC) - last_seen < _POLLS_WITHIN


async def _workers(client: Client, settings: Settings) -> CheckResult:
    """Whether a worker serves each task queue that an incident uses."""
    queues = {
        "main": (MAIN_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        **{
            name: (channel_queue(name), TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
            for name in settings.channels
        },
    }
    idle = []
    for name, (queue, kind) in queues.items():
        answer = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
            )
        )
        if not any(_polls(one.last_access_time.ToDatetime(UTC)) for one in answer.pollers):
            idle.append(name)
    if not idle:
        return works("worker", f"takes work for {', '.join(queues)}")
    return fails(
        "worker",
        f"No worker takes work for {', '.join(idle)}.",
        NextStep(
            action=Action.START,
            advice="Start `python worker.py` where you deployed it, or everything on this machine.",
        ),
    )
