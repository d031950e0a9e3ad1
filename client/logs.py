"""The log of every process that runs for long: one JSON object a line, and nothing personal in it.

A line about an incident has its facts as fields, in ``record.fields``: see ``activities.log_lines``
and docs/operating.md. An exception is shown by its class and by where it happened. Its words are
left out, because they may quote a row, an address or a provider.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TextIO

OURS = "frontfoot"
QUIET = 60.0
"""Seconds in which a warning that is repeated is counted and not shown again."""

_FRAMES = 8
_REMEMBERED = 500


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


class Repeats(logging.Filter):
    """Passes a warning once a minute; the next one says how often it was repeated meanwhile.

    A database that is down fails every activity, several times a second. What is told of an
    incident is below a warning, and always passes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        now = self._clock()
        key = (record.name, _said(record))
        since, repeated = self._seen.get(key, (now - QUIET, 0))
        if now - since < QUIET:
            self._seen[key] = (since, repeated + 1)
            return False
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[key] = (now, 0)
        if repeated:
            record.fields = {**_fields(record), "repeated": repeated}
        return True


def log_as_json(stream: TextIO | None = None) -> None:
    """Have everything that this process logs written to ``stream``, its standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(Repeats())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Its request lines contain addresses of providers and, on reads, identifiers of accounts.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    fields: Mapping[str, object] = getattr(record, "fields", {})
    return fields


def _said(record: logging.LogRecord) -> str:
    """What counts as the same: our sentences as they are, others' before values are filled in."""
    error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    words = record.getMessage() if record.name.startswith(OURS) else str(record.msg)
    return f"{words} {error}"
