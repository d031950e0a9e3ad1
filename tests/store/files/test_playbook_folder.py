"""A playbook's folder is read whole, and what cannot be read is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from domain.errors import PlaybookInvalid
from store.files.playbook_folder import SIZE_LIMIT, read_playbook


def refusal(folder: Path) -> str:
    with pytest.raises(PlaybookInvalid) as refused:
        read_playbook(folder)
    return str(refused.value)


def test_the_plan_and_the_templates_are_read_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "playbook.yaml").write_text("name: x", encoding="utf-8")
    (tmp_path / "announcement.email.j2").write_text("Grüße", encoding="utf-8")
    (tmp_path / "README.md").write_text("for us", encoding="utf-8")
    (tmp_path / ".announcement.email.j2").write_text("an editor's copy", encoding="utf-8")
    (tmp_path / "folder.j2").mkdir()
    assert read_playbook(tmp_path) == {
        "announcement.email.j2": "Grüße",
        "playbook.yaml": "name: x",
    }


def test_the_mark_that_some_editors_put_first_is_not_part_of_the_plan(tmp_path: Path) -> None:
    (tmp_path / "playbook.yaml").write_bytes(b"\xef\xbb\xbfname: x")
    assert read_playbook(tmp_path)["playbook.yaml"] == "name: x"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("a: b\nc: é".encode("latin-1"), "playbook.yaml, line 2: is not UTF-8 text."),
        (
            "a: b".encode("utf-16"),
            "playbook.yaml, line 1: is not UTF-8 text: it is UTF-16 or UTF-32.",
        ),
        (
            "a: b".encode("utf-16-le"),
            "playbook.yaml, line 1: is not UTF-8 text: it is UTF-16 or UTF-32.",
        ),
    ],
)
def test_a_file_in_another_encoding_is_named_with_the_remedy(
    tmp_path: Path, content: bytes, place: str
) -> None:
    (tmp_path / "playbook.yaml").write_bytes(content)
    assert refusal(tmp_path) == f"{place} In the editor, choose Save As with the encoding UTF-8."


def test_every_file_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    for name in ("a.j2", "b.j2"):
        (tmp_path / name).write_bytes(b"\xff")
    told = refusal(tmp_path)
    assert "a.j2" in told
    assert "b.j2" in told


def test_a_file_that_is_far_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "playbook.yaml").write_bytes(b"#" * (SIZE_LIMIT + 1))
    assert "is larger than 1,000,000 bytes" in refusal(tmp_path)


def test_a_folder_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing") == (
        "nothing: is not there. Give the folder that contains the playbook.yaml."
    )


def test_a_file_in_place_of_the_folder_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "playbook.yaml").write_text("name: x", encoding="utf-8")
    assert "is a file and not a folder" in refusal(tmp_path / "playbook.yaml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "playbook.yaml").write_text("name: x", encoding="utf-8")
    (tmp_path / "playbook.yaml").chmod(0)
    assert "may not be read by this user" in refusal(tmp_path)


def test_the_people_beside_a_playbook_come_with_it_and_its_own_come_first(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    folder.mkdir()
    (folder / "playbook.yaml").write_text("name: plan", encoding="utf-8")
    (tmp_path / "people.yaml").write_text("people: shared", encoding="utf-8")
    assert read_playbook(folder)["people.yaml"] == "people: shared"
    (folder / "people.yaml").write_text("people: own", encoding="utf-8")
    assert read_playbook(folder)["people.yaml"] == "people: own"
