"""The end of a process that has used Temporal's SDK."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End this process with an exit code, once all that was printed is out.

    The SDK's threads can crash an interpreter before 3.14 while it exits by itself.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
