"""Asks the providers something, through a process that builds the channels as the worker would.

The caller needs no adapter: it starts ``channels.ask`` and reads lines of JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterable

import orjson
from pydantic import TypeAdapter

from client.checks.channels import accounts_of
from client.errors import ClientError
from client.stack.environment import for_python
from settings import Settings

SILENT_FOR = 120.0
"""Seconds without a line before a provider counts as down; adapters' time-outs are shorter."""

Answer = dict[str, object]
_ANSWER = TypeAdapter(Answer)


async def ask_channels(
    settings: Settings, *question: str, lines: Iterable[object] = ()
) -> AsyncIterator[Answer]:
    """The answers of ``python -m channels.ask`` to a question, as they come.

    ``lines`` go to it as JSON. Raises ``ClientError`` if it cannot be asked, if a channel says
    why there is no more, and if the answers break off.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "channels.ask",
        *question,
        env={**os.environ, **for_python(os.environ), **accounts_of(settings)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        # A child that has ended already says so by its answers, or by their absence.
        with contextlib.suppress(ConnectionError):
            for line in lines:
                process.stdin.write(orjson.dumps(line) + b"\n")
                await process.stdin.drain()
            process.stdin.close()
        while True:
            output = await asyncio.wait_for(process.stdout.readline(), SILENT_FOR)
            if not output:
                raise ClientError(_BROKE_OFF, "Try again; it is harmless.")
            answer = _ANSWER.validate_json(output)
            if "error" in answer:
                raise ClientError(str(answer["error"]), str(answer.get("next_step", "")))
            if "done" in answer:
                return
            yield answer
    except (TimeoutError, ValueError) as error:
        raise ClientError(_BROKE_OFF, "Try again; it is harmless.") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


_BROKE_OFF = "The channel's answers broke off before their end."
