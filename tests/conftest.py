"""What holds for every test: a session that used Temporal leaves before the interpreter ends."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Generator

import pytest

_TEMPORAL_CORE = "temporalio.bridge.temporal_sdk_bridge"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Leave with pytest's own exit code once everything is reported, written and cleaned up.

    The threads of Temporal's SDK can crash CPython before 3.14 while it ends (sdk-python#300), and
    a suite that passed would be reported as failed.
    """
    code = yield
    if _TEMPORAL_CORE in sys.modules and sys.version_info < (3, 14) and isinstance(code, int):
        # Temporary folders are locked, and logs are closed, by functions that run at exit.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))
    return code
