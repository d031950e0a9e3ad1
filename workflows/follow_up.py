"""The follow-up of an incident: on the day that a resolution named, its owner is asked."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures.follow_up import READ_FOLLOW_UP, ReadFollowUp
    from activities.signatures.notifications import NOTIFY, Notify
    from domain.follow_up import ABOUT, asked_at
    from domain.notifications import NotificationReason
    from workflows.calls import call
    from workflows.contract.names import FOLLOW_UP_WORKFLOW
    from workflows.contract.standing import FollowUp
    from workflows.policies import LEDGER


@workflow.defn(name=FOLLOW_UP_WORKFLOW)
class FollowUpWorkflow:
    """Waits for the day, however the incident has ended meanwhile.

    The day may be put off while it waits: facts can be corrected until the incident is closed.
    """

    @workflow.run
    async def run(self, order: FollowUp) -> bool:
        """Ask the owner on the day; whether there was anybody to ask about anything."""
        read = ReadFollowUp(incident=order.incident, roster=order.roster, otherwise=order.otherwise)
        while True:
            found = await call(READ_FOLLOW_UP, read, LEDGER)
            if found.due is None or not found.people:
                return False
            left = asked_at(found.due) - workflow.now()
            if left.total_seconds() <= 0:
                break
            workflow.set_current_details(f"The prevention is due on {found.due.isoformat()}.")
            await workflow.sleep(left, summary="until the prevention is due")
        notification = Notify(
            incident=order.incident,
            about=ABOUT,
            step=found.due.isoformat(),
            reason=NotificationReason.FOLLOW_UP,
            people=found.people,
            severity=order.severity,
            message=order.message,
            due=asked_at(found.due),
        )
        await call(NOTIFY, notification, LEDGER)
        return True
