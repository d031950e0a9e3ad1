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
    "tests/channels/",
    "tests/chaos/",
    "tests/store/",
    "tests/workflows/",
    "tests/benchmarks/test_quick.py",
    "tests/test_leaving.py",
)
"""Lanes to begin with, the longest first, so that what is left can even out how long they took."""

LAST = (
    "tests/whole/",
    "tests/whole/test_n",
    "tests/whole/test_ow",
    "tests/whole/test_r",
    "tests/whole/test_s",
    "tests/whole/test_tw",
)
"""The last: their stacks would cost a tenth of a processor each until the session ends. The stories
make up six lanes, each from the file of its name on: they are longer than anything that could run
beside them, and no process is to have much left when the others have ended."""


def lane(nodeid: str) -> str:
    """The lane of a test."""
    file = nodeid.partition("::")[0]
    if file.startswith("tests/whole/"):
        return max(one for one in LAST if one <= file)
    return next((one for one in LONG if file.startswith(one)), file)


def rank(lane: str) -> int:
    """Lanes of a lower rank are begun before those of a higher one."""
    if lane in LONG:
        return LONG.index(lane)
    return len(LONG) + (lane in LAST and 1 + LAST.index(lane))


class Lanes(LoadScopeScheduling):
    """Gives a process that has little left to do the next lane that nobody has begun."""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(min(self.workqueue, key=rank), last=False)
        super()._assign_work_unit(node)
