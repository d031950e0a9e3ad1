"""A process of ours in which every write is as urgent as any other: what priority is held against.

Run as ``python -m benchmarks.without_priority MODULE``. Whoever came first is served first, as
before there was a priority; nothing else is different.
"""

from __future__ import annotations

import runpy
import sys

from store.kernel import turns

if __name__ == "__main__":
    turns.PATIENCE.update(dict.fromkeys(turns.PATIENCE, 0.0))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
