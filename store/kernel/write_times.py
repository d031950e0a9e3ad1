"""How long writes waited for the ledger, and how long each kept it from the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from store.kernel.priority import Priority

Tell = Callable[[Priority, float, float], None]
"""Told the priority of a write, and its seconds of waiting and of writing."""


class WriteTimes:
    """The times of the writes of one process; ``tell`` hears each of them, for metrics."""

    def __init__(self) -> None:
        self.longest = dict.fromkeys(Priority, 0.0)
        self.newest = dict.fromkeys(Priority, 0.0)
        self.tell: Tell | None = None

    @contextmanager
    def writing(self, priority: Priority, asked: float) -> Iterator[None]:
        """Time a write that asked for its turn at ``asked``, in monotonic seconds."""
        began = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - began
            self.newest[priority] = took
            self.longest[priority] = max(self.longest[priority], took)
            if self.tell is not None:
                self.tell(priority, began - asked, took)
