"""A child workflow reports its outcome to its incident, while it works and when it has ended.

The incident may have continued as new, so it is addressed by its id alone. One that is closed, or
that somebody ended, hears nothing; the work goes on and ends in the ledger all the same.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from domain.ids import incident_workflow_id
    from domain.publication import Outcome
    from workflows.contract.publications import ChannelNews, PublishMessage
    from workflows.policies import TELL_AGAIN_AFTER, TELL_AGAIN_AT_MOST


def nobody_there(error: FailureError) -> bool:
    """Whether a signal found no open workflow of that id."""
    return isinstance(error, ApplicationError) and error.type == "ExternalWorkflowExecutionNotFound"


async def report(
    order: PublishMessage, outcome: Outcome, *, told: bool = False, waits: bool = False
) -> None:
    """Tell the incident. If that fails the work goes on: it hears of the end in any case."""
    try:
        await _tell(order, outcome, told=told, waits=waits)
    except FailureError as error:
        workflow.logger.info("the incident could not be told: %s", type(error).__name__)


async def report_end(order: PublishMessage, outcome: Outcome) -> None:
    """Tell the incident how it ended, until it has heard it or is not there any more."""
    pause: timedelta = TELL_AGAIN_AFTER
    while True:
        try:
            await _tell(order, outcome)
        except FailureError as error:
            if nobody_there(error):
                return
            workflow.logger.info("the incident could not be told yet: %s", type(error).__name__)
        else:
            return
        await workflow.sleep(pause)
        pause = min(pause * 2, TELL_AGAIN_AT_MOST)


async def _tell(
    order: PublishMessage, outcome: Outcome, *, told: bool = False, waits: bool = False
) -> None:
    news = ChannelNews(
        message=order.message.number, outcome=outcome, start=order.start, told=told, waits=waits
    )
    incident = incident_workflow_id(order.message.incident)
    await workflow.get_external_workflow_handle(incident).signal("channel_news", news)
