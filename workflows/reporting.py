"""A child workflow reports its outcome so far to its incident, before it has ended."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain.ids import incident_workflow_id
    from domain.publication import Outcome
    from workflows.contract import ChannelNews, PublishMessage


async def report(
    order: PublishMessage, outcome: Outcome, *, told: bool = False, waits: bool = False
) -> None:
    """Tell the incident. If that fails the work goes on: it hears of the end in any case."""
    news = ChannelNews(message=order.message.number, outcome=outcome, told=told, waits=waits)
    incident = incident_workflow_id(order.message.incident)
    try:
        await workflow.get_external_workflow_handle(incident).signal("channel_news", news)
    except FailureError as error:
        workflow.logger.warning("the incident could not be told: %s", type(error).__name__)
