"""The shipped playbook, as files and as a plan, and an incident of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from domain.incident import IncidentState
from domain.playbook import Playbook
from domain.playbook_files import parse_playbook
from tests.domain.incidents import MAYA, NOW

# How long an example takes says how busy the machine is, and nothing of what it tests.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

FOLDER = Path(__file__).resolve().parents[2] / "playbooks" / "site-compromised"


@pytest.fixture(scope="session")
def shipped_files() -> Mapping[str, str]:
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in (FOLDER.parent / "people.yaml", *sorted(FOLDER.iterdir()))
        if path.suffix in (".yaml", ".j2")
    }


@pytest.fixture(scope="session")
def shipped_playbook(shipped_files: Mapping[str, str]) -> Playbook:
    return parse_playbook(shipped_files)


@pytest.fixture
def incident(shipped_playbook: Playbook) -> IncidentState:
    return IncidentState(
        incident="site-down",
        title="Spam from our accounts",
        plan=shipped_playbook,
        templates="0" * 64,
        audiences=("customers",),
        opened_by=MAYA,
        opened_at=NOW,
    )
