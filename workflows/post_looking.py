"""Looking for a post that nobody knows went out, as often as the plan says."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.signatures.posts import LOOK_FOR_POST, PublicationTask
    from domain.ids import channel_queue
    from domain.playbook import Looking
    from domain.publication import Finding, Sighting
    from workflows.calls import call, explanation_of
    from workflows.policies import LOOK


async def look_for_post(task: PublicationTask, looking: Looking, priority: Priority) -> Sighting:
    """The first look that tells, or else the last; *absent* only if every look said so."""
    sighting = Sighting(finding=Finding.CANNOT_TELL)
    for look in range(looking.looks):
        await workflow.sleep(looking.apart if look else looking.apart / 4)
        try:
            sighting = await call(
                LOOK_FOR_POST,
                task,
                LOOK,
                queue=channel_queue(task.channel),
                priority=priority,
                summary=f"{task.channel}: look {look + 1} of {looking.looks}",
            )
        except ActivityError as error:
            sighting = Sighting(finding=Finding.CANNOT_TELL, why=explanation_of(error).what)
        if sighting.finding is not Finding.ABSENT:
            break
    return sighting
