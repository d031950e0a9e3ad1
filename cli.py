"""The command line ``frontfoot``."""

from __future__ import annotations

import os
import sys
import traceback

from surfaces.terminal.app import build
from surfaces.terminal.failures import ExitCode
from surfaces.terminal.output import make_lasting, say_lost

app = build({"up": "embedded.up", "demo": "embedded.demo.command"})


def main() -> None:
    """Run one command and exit with its exit code."""
    code: int = ExitCode.FAILED
    make_lasting()
    try:
        app(prog_name="frontfoot")
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else ExitCode.FAILED
    except Exception:  # noqa: BLE001 - whatever it was, the exit below must be reached
        traceback.print_exc()
        sys.stderr.write("This is a bug in Frontfoot. Please report it with the lines above.\n")
    finally:
        # The SDK's threads can crash an interpreter before 3.14 while it exits.
        say_lost()
        os._exit(code)


if __name__ == "__main__":
    main()
