"""The workers of each task queue, and the activities that they run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig

import wiring
from activities.deadlines import DeadlineActivities
from activities.defined import Bound
from activities.follow_up import FollowUpActivities
from activities.heartbeat import TOLD_WITHIN
from activities.log_lines import FailureLines
from activities.on_call import OnCallActivities
from activities.outbox import OutboxActivities
from activities.outcomes import OutcomeActivities
from activities.proofs import ProofActivities
from activities.proposals import ProposalActivities
from activities.record import RecordActivities
from activities.settling import SettlingActivities
from activities.surges import SurgeActivities
from client.deadlines import start_watching
from domain.ids import MAIN_QUEUE, OUTBOX_QUEUE, channel_queue
from domain.surge import SurgeRule
from settings import Settings
from workers.desk import desk_activities
from workers.links import unsubscribe_links
from workers.publishing import Publishing
from workers.resources import Resources
from workflows.every import WORKFLOWS

GRACE = timedelta(seconds=15)
"""How long a stopping worker waits for its activities: longer than one provider request."""

MOST_CACHED = 200
"""Workflows that are kept in memory between their tasks: each takes almost a MiB, and any other is
gone through again from its history. By its own default the SDK keeps 1,000."""

STICKY = timedelta(seconds=2)
"""How long Temporal waits for a worker that has an incident in its memory before it asks another.
After a crash, an approver waits exactly that long; the default is ten seconds."""


def workers(resources: Resources) -> list[Worker]:
    """One worker for each task queue that was chosen.

    Who has ``main`` has the queue of the outbox, too.
    """
    publishing, desk = Publishing(resources), desk_activities(resources)
    made: list[Worker] = []
    for queue in resources.chosen:
        if queue == "main":
            made += [_main(resources, publishing), _outbox(resources)]
        else:
            on_the_wire = [*publishing.on_the_wire(), *desk]
            made.append(_wire(resources, channel_queue(queue), on_the_wire))
    return made


def _main(resources: Resources, publishing: Publishing) -> Worker:
    """The worker for workflows, and for activities that touch the ledger alone."""
    settings, database, people = resources.settings, resources.database, resources.people
    links = unsubscribe_links(settings)
    surges = SurgeRule(fold=settings.surge_fold, least=settings.surge_least)
    watch = partial(start_watching, resources.client)
    main = Worker(
        resources.client,
        task_queue=MAIN_QUEUE,
        workflows=WORKFLOWS,
        activities=[
            *RecordActivities(database, resources.key, resources.outbox).all(),
            *ProofActivities(database, resources.key).all(),
            *SettlingActivities(database, publishing.gates).all(),
            *OutcomeActivities(database).all(),
            *ProposalActivities(database, resources.channels, links=links is not None).all(),
            *SurgeActivities(database, surges).all(),
            *DeadlineActivities(database, watch).all(),
            *OnCallActivities(database, settings.playbooks_dir, people.secrets).all(),
            *FollowUpActivities(database).all(),
            *people.activities.ledger_only(),
            *publishing.ledger_only(),
        ],
        graceful_shutdown_timeout=GRACE,
        deployment_config=deployment(settings),
        interceptors=[FailureLines()],
        sticky_queue_schedule_to_start_timeout=STICKY,
        max_cached_workflows=MOST_CACHED,
    )
    wiring.allow_long_tasks(main)
    return main


def _outbox(resources: Resources) -> Worker:
    """The worker that sends to other systems, and to our own people."""
    people = resources.people
    sending = OutboxActivities(
        resources.database,
        resources.key,
        resources.requests,
        tell_room=people.contacts.tell_room,
    )
    return _wire(resources, OUTBOX_QUEUE, [*sending.all(), *people.activities.on_the_wire()])


def _wire(resources: Resources, queue: str, activities: Sequence[Bound]) -> Worker:
    """A worker for activities that wait for somebody outside."""
    return Worker(
        resources.client,
        task_queue=queue,
        activities=activities,
        graceful_shutdown_timeout=GRACE,
        deployment_config=deployment(resources.settings),
        interceptors=[FailureLines()],
        max_heartbeat_throttle_interval=TOLD_WITHIN,
    )


def deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    """The name of this build for Temporal, or None for an unversioned worker.

    Set here and nowhere else: a versioning behaviour on a workflow's definition makes an
    unversioned worker fail its tasks for ever. Open incidents move to a new build as soon as it is
    made current, which replayed histories and ``workflow.patched`` keep safe.
    """
    if not settings.build_id:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion("frontfoot", settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )
