"""People of a house of their own, in a ``people.yaml`` that a test may change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol

from client.engine import Engine
from tests.terminal import ROOT


class HasEngine(Protocol):
    """A console, or an API."""

    engine: Engine


class House:
    """The playbooks of one console, and who the people beside them are."""

    def __init__(self, console: HasEngine, folder: Path) -> None:
        self.file = folder / "playbooks" / "people.yaml"
        shutil.copytree(ROOT / "playbooks", self.file.parent)
        settings = console.engine.settings.model_copy(update={"playbooks_dir": self.file.parent})
        console.engine._settings = settings
        self._written = 0

    def has(self, **people: str) -> None:
        """Who there is from now on, each with what follows their name: ``may: [open]``."""
        lines = ["people:"]
        for person, more in people.items():
            roles = "" if "roles:" in more else "roles: [founder], "
            lines.append(f"  - {{id: {person}, name: {person.title()}, {roles}{more}}}")
        # The playbook asks for people in each of its roles.
        lines.append("  - {id: rest, roles: [comms_lead, support, incident_lead, legal, finance,")
        lines.append("     security, founder], may: []}")
        self.file.write_text("\n".join(lines) + "\n")
        # A file that is written twice within one tick of the clock would look unchanged.
        self._written += 1
        moment = self.file.stat().st_mtime + self._written
        os.utime(self.file, (moment, moment))
