"""Whether the events of each channel that reports any could be verified."""

from __future__ import annotations

from client.checks.channels import chosen_accounts
from client.checks.result import CheckKind, CheckResult, fails, works
from client.events import build_readers
from settings import Settings


def check_events(settings: Settings) -> list[CheckResult]:
    """Read the keys that verify events, as the public service would. Blocks.

    What the sandbox signs is left out: ``up`` asks it for its key.
    """
    chosen = chosen_accounts(settings)
    in_sandbox = chosen.sandboxed if chosen is not None else ()
    found = build_readers(one for one in settings.channels if one not in in_sandbox)
    return [
        *(works(f"events of {channel}", "can be verified") for channel in found.readers),
        *(
            fails(
                f"events of {channel}",
                error.what,
                error.explanation.next_step,
                CheckKind.SETTING,
            )
            for channel, error in found.lacking.items()
        ),
    ]
