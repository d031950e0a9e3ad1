"""``check``: whether everything that an incident needs would work now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from client.checks.check_channels import check_channels
from client.checks.finding import Finding
from client.checks.ledger_version import check_ledger
from client.errors import ExitCode, explain
from domain.ids import MAIN_QUEUE, channel_queue
from domain.playbook_files import PLAYBOOK_FILE
from settings import Settings
from surfaces.terminal.options import Json
from surfaces.terminal.playbook import examine
from surfaces.terminal.printing import clean, plain_table, say, say_json, show
from surfaces.terminal.session import load_settings, run
from wiring import TemporalUnreachable, connect


def check(
    as_json: Json = False,
    no_channels: Annotated[
        bool, typer.Option("--no-channels", help="Ask no provider anything.")
    ] = False,
) -> None:
    """Check settings, ledger, Temporal, worker, playbooks and every channel; publish nothing.

    Providers are asked whether the credentials work. The exit code is 0 if
    everything would work, 2 if a setting is wrong, 3 if a playbook is, and 1
    for anything else.

    Example: frontfoot check
    """
    settings = load_settings()
    findings = run(_findings(settings, ask_providers=not no_channels))
    if as_json:
        say_json(
            {
                "ok": all(one.ok for one in findings),
                "findings": [one.model_dump(mode="json") for one in findings],
                "settings": settings.masked(),
            }
        )
    else:
        _say(findings, settings)
    failed = [one.code for one in findings if not one.ok]
    if failed:
        raise typer.Exit(max(failed))


async def _findings(settings: Settings, *, ask_providers: bool) -> list[Finding]:
    asked: list[Awaitable[list[Finding]]] = [
        _safely("ledger", lambda: check_ledger(settings.database())),
        _safely("temporal", lambda: _temporal(settings)),
        asyncio.to_thread(_playbooks, settings),
    ]
    if ask_providers:
        asked.append(_safely("channels", lambda: check_channels(settings)))
    return [one for found in await asyncio.gather(*asked) for one in found]


async def _safely(about: str, look: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    """What a look found; an expected failure is a finding too, so that the others are told."""
    try:
        return await look()
    except Exception as error:
        failure = explain(error)
        if failure is None:
            raise
        return [Finding(about=about, ok=False, says=failure.what, next_step=failure.next_step)]


async def _temporal(settings: Settings) -> list[Finding]:
    try:
        client = await connect()
    except TemporalUnreachable as error:
        return [Finding(about="temporal", ok=False, says=str(error))]
    target = client.service_client.config.target_host
    try:
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace)
        )
    except RPCError as error:
        return [
            Finding(
                about="temporal",
                ok=False,
                says=f"{target} answers, but not for namespace {client.namespace} "
                f"({error.status.name.lower()}).",
                next_step="Check TEMPORAL_NAMESPACE and TEMPORAL_API_KEY.",
            )
        ]
    found = [Finding(about="temporal", ok=True, says=f"{target}, namespace {client.namespace}")]
    return [*found, await _worker(client, settings)]


async def _worker(client: Client, settings: Settings) -> Finding:
    """Whether somebody takes work from each task queue that an incident uses."""
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
        if not answer.pollers:
            idle.append(name)
    if idle:
        return Finding(
            about="worker",
            ok=False,
            says=f"No worker takes work for {', '.join(idle)}.",
            next_step="Start `frontfoot up`, or `python worker.py` where you deployed it.",
        )
    return Finding(about="worker", ok=True, says=f"takes work for {', '.join(queues)}")


def _playbooks(settings: Settings) -> list[Finding]:
    home = settings.playbooks_dir
    folders = sorted(path.parent for path in home.glob(f"*/{PLAYBOOK_FILE}"))
    if not folders:
        return [
            Finding(
                about="playbooks",
                ok=False,
                says=f"There is no playbook in {home}.",
                next_step="Set FRONTFOOT_PLAYBOOKS_DIR to the folder that holds them.",
                code=ExitCode.USAGE,
            )
        ]
    found = []
    for folder in folders:
        examined = examine(str(folder))
        problems = len(examined.problems)
        found.append(
            Finding(
                about=f"playbook {folder.name}",
                ok=examined.playbook is not None,
                says=f"{problems} problems" if problems else "can be used",
                next_step=f"frontfoot playbook check {folder.name}" if problems else "",
                code=ExitCode.REFUSED,
            )
        )
    return found


def _say(findings: list[Finding], settings: Settings) -> None:
    table = plain_table("", "", "")
    table.show_header = False
    for one in findings:
        table.add_row("ok" if one.ok else "FAILED", clean(one.about), clean(one.says))
        if one.next_step and not one.ok:
            table.add_row("", "", clean(one.next_step))
    show(table)
    say("")
    say("The settings of this terminal:", "bold")
    for name, value in settings.masked().items():
        say(f"FRONTFOOT_{name.upper()}={value}")
    failed = sum(not one.ok for one in findings)
    say("")
    if failed:
        say(f"{failed} of {len(findings)} would not work now.", "bold red")
    else:
        say("Everything would work now.", "bold green")


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("check")(check)
