"""What a playbook says of regulations is checked where its file is read, with its line."""

from __future__ import annotations

import pytest
import yaml

from domain.playbook import Playbook
from domain.playbook_files import examine_playbook
from domain.regulations.applying import RegulationsPlan


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (["gdrp"], "names gdrp, which is no duty"),
        ({"apply": ["gdpr"], "owner": "lawyer"}, "names lawyer, which nobody"),
        ({"apply": ["gdpr"], "owner": "legal", "zone": "Europe/Bonn"}, "no time zone"),
        ({"apply": ["gdpr"], "owners": "legal"}, "`owners` is not a word"),
    ],
)
def test_what_could_never_work_is_refused(
    shipped_files: dict[str, str], said: object, problem: str
) -> None:
    found = examine_playbook(with_regulations(shipped_files, said))
    assert any(problem in str(one) for one in found.problems), found.problems


def test_a_list_is_short_for_what_applies_and_warns_that_nobody_is_reminded(
    shipped_files: dict[str, str],
) -> None:
    found = examine_playbook(with_regulations(shipped_files, ["gdpr", "nis2"]))
    assert found.playbook is not None, found.problems
    assert found.playbook.regulations == RegulationsPlan(apply=("gdpr", "nis2"))
    assert any("nobody is reminded" in str(one) for one in found.warnings)
    travelled = Playbook.model_validate_json(found.playbook.model_dump_json())
    assert travelled.regulations == found.playbook.regulations


def with_regulations(files: dict[str, str], said: object) -> dict[str, str]:
    """The files of a playbook that says this."""
    written = yaml.safe_load(files["playbook.yaml"]) | {"regulations": said}
    return dict(files) | {"playbook.yaml": yaml.safe_dump(written)}
