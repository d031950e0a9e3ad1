"""What one look of ``check`` found."""

from __future__ import annotations

from client.errors import ExitCode
from domain.model import Value


class Finding(Value):
    """One thing that works or does not; ``code`` is the exit code if it does not."""

    about: str
    ok: bool
    says: str
    next_step: str = ""
    code: ExitCode = ExitCode.FAILED
