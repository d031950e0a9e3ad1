"""Whether what is kept here is kept from the other users of this machine."""

from __future__ import annotations

import shlex
from pathlib import Path

from client.checks.result import CheckKind, CheckResult, fails, works
from domain.plural import plural
from settings import ENV_FILE, Settings
from store.kernel.engines import ledger_url
from store.kernel.private_files import exposed_below, is_exposed, ledger_files

ABOUT = "private files"


def check_private(settings: Settings) -> list[CheckResult]:
    """Look at the state folder, the file of the ledger and ``.env``. Blocks; changes nothing."""
    state = settings.state_dir.absolute()
    inside = exposed_below(state)
    apart = [
        file
        for file in (*_ledger(settings), ENV_FILE.absolute())
        if state not in file.parents and is_exposed(file)
    ]
    if not inside and not apart:
        return [works(ABOUT, "no other user of this machine can use them")]
    to_close = [*([state] if inside else []), *apart]
    files = " ".join(shlex.quote(str(one)) for one in to_close)
    what = plural(len(inside) + len(apart), "file or folder", "files and folders")
    return [
        fails(
            ABOUT,
            f"Other users of this machine can use {what} with addresses, codes or secrets: "
            f"{', '.join(map(str, to_close))}.",
            f"Type: chmod -R go-rwx {files}",
            CheckKind.SETTING,
        )
    ]


def _ledger(settings: Settings) -> list[Path]:
    parsed = ledger_url(settings.database())
    if parsed.get_backend_name() != "sqlite":
        return []
    return ledger_files(Path(str(parsed.database)).absolute())
