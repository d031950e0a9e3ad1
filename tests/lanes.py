"""Which tests run after one another when several processes share them, and in which order.

What takes long to start, a Temporal server or a whole stack, lives as long as its process. So the
tests that use the same one make up a lane, which one process runs from its beginning to its end;
every other file is a lane by itself.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

LONG = (
    "tests/surfaces/console/",
    "tests/surfaces/terminal/",
    "tests/workflows/",
    "tests/chaos/",
    "tests/channels/",
    "tests/store/",
    "tests/benchmarks/test_quick.py",
    "tests/test_leaving.py",
)
"""Lanes to begin with, the longest first. Each process is given two of them at once, so with four
processes the first and the fifth are run by one."""

STORIES = (
    "tests/whole/",
    "tests/whole/test_n",
    "tests/whole/test_ow",
    "tests/whole/test_r",
    "tests/whole/test_s",
    "tests/whole/test_tw",
)
"""The lanes after them. The stories make up six, each from the file of its name on: a process that
has run one has its stack already. The files that nobody has run by then are short, so they even out
how long the processes took."""


def lane(nodeid: str) -> str:
    """The lane of a test."""
    file = nodeid.partition("::")[0]
    if file.startswith("tests/whole/"):
        return max(one for one in STORIES if one <= file)
    return next((one for one in LONG if file.startswith(one)), file)


def rank(lane: str) -> int:
    """Lanes of a lower rank are begun before those of a higher one."""
    first = (*LONG, *STORIES)
    return first.index(lane) if lane in first else len(first)


class Lanes(LoadScopeScheduling):
    """Gives a process that has little left to do the next lane that nobody has begun."""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(min(self.workqueue, key=rank), last=False)
        super()._assign_work_unit(node)
