"""What the contract suite notices besides answers: words, log lines, clocks and loose ends."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any
from urllib.parse import parse_qsl

import pytest

from channels.contract import ChannelError
from channels.contract_suite.attempts import ADDRESS, WORDS
from channels.contract_suite.stand_in import ShowsPosts, StandIn

_SENTENCE = re.compile(r"[^\W\d]{2,}\s+[^\W\d]{2,}")
_OUTSIDE = {"connect", "getaddrinfo", "getrandbits", "now", "open", "random", "sleep", "time"}
_OUTSIDE |= {"time_ns", "today", "urandom", "utcnow", "choice", "randint", "monotonic"}


async def assert_words_are(signed: str, provider: StandIn) -> None:
    """The newest post says what was signed, and no word besides."""
    posts = await provider.posts() if isinstance(provider, ShowsPosts) else None
    if posts is not None:
        assert posts[-1].text == signed, "the post is not what was signed"
        return
    carried = _texts((await provider.accepted())[-1])
    if len(carried) == 1:
        # Neither JSON nor a form: what travelled beside the words cannot be told from them.
        assert signed in carried[0], "the post is not what was signed"
        return
    assert signed in carried, "the post is not what was signed"
    more = [one for one in carried if _SENTENCE.search(one) and one not in signed]
    assert not more, "words that nobody signed travelled with the post"


def _texts(carried: str) -> list[str]:
    """Every text in a body of JSON or a form; else the body itself."""
    try:
        return list(_leaves(json.loads(carried)))
    except ValueError:
        pass
    fields = parse_qsl(carried, keep_blank_values=True) if "\n" not in carried else []
    return [value for _, value in fields] or [carried]


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str):
        yield value


def assert_discreet(shown: str, provider: StandIn) -> None:
    """``shown``, which people, logs or histories get to see, holds nothing that is secret."""
    for secret in (*provider.secrets, WORDS, ADDRESS):
        assert secret not in shown, "a secret, an address or words of a message are shown"


def everything_of(error: ChannelError) -> str:
    """All that an error carries into logs and histories, other than the lines of our own files."""
    lines = traceback.format_exception(error)
    told = "".join(line for line in lines if not line.lstrip().startswith("File "))
    return f"{error} {error.args!r} {error.explanation!r} {vars(error)!r} {told}"


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged, the fields beside the words included."""
    return caplog.text + "".join(repr(vars(record)) for record in caplog.records)


def asked_outside(call: Callable[[], object]) -> set[str]:
    """The clocks, chances, files and connections that ``call`` asked, by the function's name."""
    asked: set[str] = set()

    def notice(frame: FrameType, event: str, called: Any) -> None:
        # Whoever logs, or imports a module at its first use, is not impure for that.
        module = frame.f_globals.get("__name__", "")
        if event == "c_call" and not module.startswith(("logging", "importlib", "pytest")):
            asked.update({called.__name__} & _OUTSIDE)

    before = sys.getprofile()
    sys.setprofile(notice)
    try:
        call()
    finally:
        sys.setprofile(before)
    return asked


async def still_running(before: set[asyncio.Task[Any]]) -> list[str]:
    """Tasks that were not there ``before`` and go on a moment after a call has returned."""
    await asyncio.sleep(0.05)
    return [str(one.get_coro()) for one in asyncio.all_tasks() - before if not one.done()]
