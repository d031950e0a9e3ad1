"""Asks each channel whether it would work, in a separate process.

The caller needs no adapter: a child process builds the channels as the worker would, from the
same environment, and reports their answers.
"""

from __future__ import annotations

import asyncio
import os
import sys

from pydantic import TypeAdapter

from client.checks.result import CheckKind, CheckResult, fails
from client.stack import stack_file
from client.stack.accounts import ChosenAccounts, choose_accounts
from client.stack.environment import for_python
from client.stack.ports import LOOPBACK
from domain.explanation import explained
from domain.model import Value
from settings import Settings

WITHIN = 60.0
"""Seconds for all channels together; each adapter's own time-outs are shorter."""

_ASK = """
import asyncio, json, sys
from channels import registry
from channels.configured import ChannelMisconfigured
from channels.contract import ChannelError

async def look(name):
    try:
        channel = registry.build([name])[name]
    except ChannelMisconfigured as error:
        return dict(name=name, ok=False, detail=error.what, next_step=error.next_step, setting=True)
    try:
        health = await channel.check()
        return dict(name=name, ok=health.ok, detail=health.detail, account=health.account)
    except ChannelError as error:
        return dict(name=name, ok=False, detail=error.message, next_step=error.next_step)
    finally:
        await channel.close()

async def main():
    print(json.dumps(await asyncio.gather(*map(look, sys.argv[1:]))))

asyncio.run(main())
"""


class _Answer(Value):
    name: str
    ok: bool
    detail: str
    next_step: str = ""
    account: str = ""
    setting: bool = False


async def check_channels(settings: Settings) -> list[CheckResult]:
    """The check of every configured channel, with the credentials that the worker has."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        _ASK,
        *settings.channels,
        env={**os.environ, **for_python(os.environ), **accounts_of(settings)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), WITHIN)
        answers = TypeAdapter(list[_Answer]).validate_json(output)
    except (TimeoutError, ValueError):
        if process.returncode is None:
            process.kill()
            await process.wait()
        return [
            fails(
                "channels",
                "They could not be asked.",
                "Start `python worker.py` and read what it says.",
            )
        ]
    return [
        CheckResult(
            about=one.name,
            ok=one.ok,
            explanation=explained(
                f"{one.account}: {one.detail}" if one.account else one.detail, one.next_step
            ),
            kind=CheckKind.SETTING if one.setting else CheckKind.OTHER,
        )
        for one in answers
    ]


def accounts_of(settings: Settings) -> dict[str, str]:
    """The credentials of a stack that runs here; otherwise whatever the environment has."""
    chosen = chosen_accounts(settings)
    return {} if chosen is None else dict(chosen.environment)


def chosen_accounts(settings: Settings) -> ChosenAccounts | None:
    """Which accounts a stack that runs here uses; None if none runs."""
    running = stack_file.read(settings.state_dir)
    if running is None or not running.runs():
        return None
    sandbox = running.addresses.get("sandbox", f"http://{LOOPBACK}")
    return choose_accounts(
        settings.channels,
        os.environ,
        sandbox,
        live=running.live,
        public=running.addresses.get("webhooks", f"http://{LOOPBACK}"),
        state=settings.state_dir.resolve(),
    )
