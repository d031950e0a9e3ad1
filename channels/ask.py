"""Asks channels a question and prints the answers, for callers without adapters of their own.

``python -m channels.ask suppressions CHANNEL`` prints what its provider lists, one address a line.
``python -m channels.ask find`` reads questions as JSON lines and prints whether each attempt can
be found at its provider. Credentials come from the environment, as for a worker. Each line of the
output is a JSON object; a line with ``error`` says why there is no more.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

import orjson
from pydantic import ValidationError

from channels import registry
from channels.configured import ChannelMisconfigured
from channels.contract import Channel, ChannelError, ListsSuppressions
from domain.message import Copy
from domain.model import Value
from domain.publication import Finding
from domain.times import UtcTime


class Question(Value):
    """Whether an attempt with ``key`` and ``copy``, begun at ``since``, is at the provider."""

    channel: str
    key: str
    copy_: Copy
    since: UtcTime


async def _suppressions(name: str) -> None:
    channel = registry.build([name])[name]
    try:
        if not isinstance(channel, ListsSuppressions):
            _say({"error": f"{name}: its provider has no lists that can be read."})
            return
        async for one in channel.suppressions():
            _say({"address": one.address, "reason": one.reason, "since": one.since})
        _say({"done": True})
    finally:
        await channel.close()


async def _find(lines: Sequence[bytes]) -> None:
    questions = [Question.model_validate_json(line) for line in lines if line.strip()]
    built: dict[str, Channel] = {}
    try:
        for question in questions:
            try:
                if question.channel not in built:
                    built |= registry.build([question.channel])
                sighting = await built[question.channel].find(
                    question.key, question.copy_, question.since
                )
            except ChannelMisconfigured as error:
                _answer(question, Finding.CANNOT_TELL, error.what)
            except ChannelError as error:
                _answer(question, Finding.CANNOT_TELL, error.message)
            else:
                receipt = sighting.receipt.id if sighting.receipt else None
                _answer(question, sighting.finding, sighting.why, receipt)
        _say({"done": True})
    finally:
        for channel in built.values():
            await channel.close()


def _answer(question: Question, finding: Finding, why: str, receipt: str | None = None) -> None:
    _say(
        {
            "channel": question.channel,
            "key": question.key,
            "finding": finding,
            "why": why,
            "receipt": receipt,
        }
    )


def _say(answer: dict[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")


def main(arguments: Sequence[str]) -> int:
    """Answer one question of the command line; return an exit code."""
    try:
        match arguments:
            case ["suppressions", name]:
                asyncio.run(_suppressions(name))
            case ["find"]:
                asyncio.run(_find(sys.stdin.buffer.readlines()))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except ChannelMisconfigured as error:
        _say({"error": error.what, "next_step": error.next_step})
        return 1
    except ChannelError as error:
        _say({"error": error.message, "next_step": error.next_step})
        return 1
    except ValidationError:
        _say({"error": "The questions cannot be read."})
        return 2
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)
