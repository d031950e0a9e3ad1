"""Whether channels and workers do what they should, without asking any provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError

from client.engine import Engine
from client.errors import ClientError
from client.patience import soon
from domain.ids import MAIN_QUEUE
from domain.model import Value
from domain.plural import plural
from store.audit.channel_health import ChannelRecord, channel_records
from wiring import TemporalUnreachable

ASKED_WITHIN = timedelta(seconds=2)


class ChannelHealth(Value):
    """One channel in words: ``state`` is ``good``, ``problem`` or ``unused``."""

    channel: str
    state: str
    says: str
    last_success: datetime | None = None
    why: str = ""


class Health(Value):
    """All channels, and when a worker last asked for work; None if that is not known."""

    channels: tuple[ChannelHealth, ...] = ()
    worker_seen: datetime | None = None


async def health(engine: Engine) -> Health:
    """How everything is doing now. Raises ``StoreUnavailable``."""
    records = await channel_records(await engine.ledger())
    names = sorted({*records, *engine.settings.channels})
    channels = (_in_words(records.get(one, ChannelRecord(channel=one))) for one in names)
    return Health(channels=tuple(channels), worker_seen=await _worker_seen(engine))


def _in_words(record: ChannelRecord) -> ChannelHealth:
    counts = {
        "waiting to be tried again": record.waiting,
        "of unknown outcome": record.uncertain,
        "refused": record.refused,
    }
    wrong = [f"{plural(many, 'request')} {what}" for what, many in counts.items() if many]
    if record.on_the_wire:
        wire = f"{plural(record.on_the_wire, 'request')} on the wire"
        says = ", ".join([*wrong, wire])
    else:
        says = ", ".join(wrong) or ("nothing hangs" if record.last_success else "not used yet")
    good = "good" if record.last_success or record.on_the_wire else "unused"
    return ChannelHealth(
        channel=record.channel,
        state="problem" if wrong else good,
        says=says,
        last_success=record.last_success,
        why=record.why.what if record.why and record.waiting else "",
    )


async def _worker_seen(engine: Engine) -> datetime | None:
    async def ask() -> datetime | None:
        client = await engine.temporal()
        answer = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=MAIN_QUEUE),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
        seen = [one.last_access_time.ToDatetime(UTC) for one in answer.pollers]
        return max(seen, default=None)

    try:
        return await soon(ask(), ASKED_WITHIN)
    except (ClientError, RPCError, TemporalUnreachable):
        return None
