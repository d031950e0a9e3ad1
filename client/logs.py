"""The log of every process that runs for long: one JSON object a line, and nothing personal in it.

A line about an incident has its facts as fields, in ``record.fields``: see ``activities.log_lines``
and docs/operating.md. An exception is shown by its class and by where it happened. Its words are
left out, because they may quote a row, an address or a provider.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO

OURS = "frontfoot"
QUIET = 60.0
"""Seconds in which a warning that is repeated is counted and not shown again."""

FEW = 10
"""How many different sentences of one kind are shown in that time."""

_FRAMES = 8
_REMEMBERED = 500
_LONGEST_KIND = 300
_NUMBERS = re.compile(r"0x[0-9a-f]+|\d+")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: ``at``, ``level``, ``logger``, ``text``, and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # What follows the first line of a foreign error repeats the exception's own words.
            "text": text.partition("\n")[0] if record.exc_info else text,
            **_fields(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])[-_FRAMES:]
            line["error"] = record.exc_info[0].__name__
            line["where"] = [f"{one.name} ({one.filename}:{one.lineno})" for one in frames]
        return json.dumps(line, default=str)


@dataclass
class _Kind:
    """What was logged of one kind since ``since``: the sentences shown, and how many were not."""

    since: float
    first: logging.LogRecord
    shown: set[str] = field(default_factory=set)
    more: int = 0


class LimitedHandler(logging.StreamHandler[TextIO]):
    """Shows a few warnings of one kind a minute, each sentence once; then how many more there were.

    A database that is down fails every activity, several times a second, and a stranger can send
    rubbish all day. What is told of an incident is below a warning, and always passes.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self._clock = clock
        self._kinds: dict[tuple[str, str], _Kind] = {}
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show ``record``, or count it."""
        try:
            self._end_old_kinds()
            shown = record.levelno < logging.WARNING or self._is_shown(record)
        except Exception:  # noqa: BLE001 - like a failure to write it
            self.handleError(record)
        else:
            if shown:
                super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say nothing: what logging prints by itself has no limit, and quotes what was logged."""

    def show_counts(self) -> None:
        """Show how many more there were of what is a minute old."""
        with self.lock or nullcontext():
            self._timer = None
            self._end_old_kinds()
            if self._kinds:
                self._remember_to_show()

    def _is_shown(self, record: logging.LogRecord) -> bool:
        key = self._key(record)
        kind = self._kinds.setdefault(key, _Kind(self._clock(), record))
        said = _said(record)
        if said in kind.shown or len(kind.shown) >= FEW:
            kind.more += 1
            self._remember_to_show()
            return False
        kind.shown.add(said)
        return True

    def _key(self, record: logging.LogRecord) -> tuple[str, str]:
        key = (record.name, _kind_of(record))
        # Whoever makes up new kinds is counted as one.
        return key if key in self._kinds or len(self._kinds) < _REMEMBERED else (record.name, "")

    def _end_old_kinds(self) -> None:
        now = self._clock()
        for key, kind in list(self._kinds.items()):
            if now - kind.since < QUIET:
                # They are in the order in which they began.
                return
            del self._kinds[key]
            if kind.more:
                super().emit(_count_of(kind))

    def _remember_to_show(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(QUIET, self.show_counts)
            self._timer.daemon = True
            self._timer.start()


def log_as_json(stream: TextIO | None = None) -> None:
    """Have everything that this process logs written to ``stream``, its standard error."""
    handler = LimitedHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Its request lines contain addresses of providers and, on reads, identifiers of accounts.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    fields: Mapping[str, object] = getattr(record, "fields", {})
    return fields


def _said(record: logging.LogRecord) -> str:
    """What counts as the same: our sentences as they are, others' before values are filled in."""
    return record.getMessage() if record.name.startswith(OURS) else _kind_of(record)


def _kind_of(record: logging.LogRecord) -> str:
    """A sentence before values are filled in, without the numbers that asyncio fills in itself."""
    error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    first_line = str(record.msg)[:_LONGEST_KIND].partition("\n")[0]
    return f"{_NUMBERS.sub('#', first_line)} {error}"


def _count_of(kind: _Kind) -> logging.LogRecord:
    """The line that stands for those that were not shown."""
    first = kind.first
    text = first.getMessage().partition("\n")[0]
    record = logging.LogRecord(
        first.name, first.levelno, first.pathname, first.lineno, "%d more like this: %s",
        (kind.more, text), None,
    )  # fmt: skip
    record.fields = {"repeated": kind.more}
    return record
