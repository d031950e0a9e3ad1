"""The order of a history's commands, in words: what a change of workflow code must not disturb.

``python -m tests.replay.commands`` writes ``commands.md`` anew, for review beside the code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COMMITTED = HERE / "commands.md"
HISTORIES = sorted((HERE / "histories").glob("*.json"))

_HEAD = """# The order of commands

What each recorded path asked of Temporal, in order. A running incident holds the code to this
order: a change that alters it needs `workflow.patched`.

Written by `python -m tests.replay.commands`.
"""


def fingerprint(file: Path) -> list[str]:
    """Each command of a recorded history, in order; repeated ones with their number."""
    events = json.loads(file.read_text().partition("\n")[2])["events"]
    lines = (line for event in events for line in _command(event))
    return [
        f"{line} x{many}" if (many := len(list(same))) > 1 else line
        for line, same in groupby(lines)
    ]


def page() -> str:
    """All fingerprints as one page."""
    parts = [_HEAD]
    for file in HISTORIES:
        parts.append(
            f"## {file.stem}\n\n" + "\n".join(f"- {one}" for one in fingerprint(file)) + "\n"
        )
    return "\n".join(parts)


def _command(event: dict[str, Any]) -> Iterator[str]:
    kind = event["eventType"].removeprefix("EVENT_TYPE_")
    match kind:
        case "ACTIVITY_TASK_SCHEDULED":
            name = event["activityTaskScheduledEventAttributes"]["activityType"]["name"]
            yield f"activity {name}"
        case "START_CHILD_WORKFLOW_EXECUTION_INITIATED":
            attributes = event["startChildWorkflowExecutionInitiatedEventAttributes"]
            yield f"child {attributes['workflowType']['name']}"
        case "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED":
            attributes = event["signalExternalWorkflowExecutionInitiatedEventAttributes"]
            yield f"signal {attributes['signalName']}"
        case "TIMER_STARTED":
            yield "timer"
        case (
            "TIMER_CANCELED"
            | "ACTIVITY_TASK_CANCEL_REQUESTED"
            | "WORKFLOW_EXECUTION_CONTINUED_AS_NEW"
            | "WORKFLOW_EXECUTION_COMPLETED"
            | "MARKER_RECORDED"
        ):
            yield kind.lower().replace("_", " ")


if __name__ == "__main__":
    COMMITTED.write_text(page(), encoding="utf-8")
