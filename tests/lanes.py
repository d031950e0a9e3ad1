"""Which tests run after one another when several processes share them, and in which order.

What takes long to start, a Temporal server or a whole stack, lives as long as its process. So the
tests that use the same one make up a lane, which one process runs from its beginning to its end;
every other file is a lane by itself.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

LONGEST_FIRST = (
    "tests/whole/",
    "tests/surfaces/terminal/",
    "tests/workflows/",
    "tests/chaos/",
    "tests/store/",
    "tests/channels/",
    "tests/benchmarks/test_quick.py",
    "tests/test_leaving.py",
)
"""The lanes of more than one file, and the single files that take long."""


def lane(nodeid: str) -> str:
    """The lane of a test."""
    file = nodeid.partition("::")[0]
    return next((one for one in LONGEST_FIRST if file.startswith(one)), file)


class Lanes(LoadScopeScheduling):
    """Gives a process that has little left to do the longest lane that nobody has begun.

    With two processes a long lane that is begun last would keep one of them idle.
    """

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        longest = next((one for one in LONGEST_FIRST if one in self.workqueue), None)
        if longest is not None:
            self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)
