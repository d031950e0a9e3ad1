"""The documents name files that exist: their links, and the paths that they put in backquotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
QUOTED = re.compile(r"`([^`\s]+)`")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
# A path of ours begins with one of these folders; anything else in backquotes is a word.
FOLDERS = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != ".")
MADE_LATER = ("build/", "dist/")


def text_of(document: str) -> str:
    return FENCE.sub("", (ROOT / document).read_text(encoding="utf-8"))


def anchors_of(path: Path) -> set[str]:
    """The anchors that GitHub gives to a document's headings."""
    headings = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    words = [re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in words}


def dead_links(document: str) -> Iterator[str]:
    here = ROOT / document
    for link in LINK.findall(text_of(document)):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        place, _, anchor = link.partition("#")
        target = (here.parent / place).resolve() if place else here
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            yield link


def dead_paths(document: str) -> Iterator[str]:
    for quoted in QUOTED.findall(text_of(document)):
        first, slash, _ = quoted.partition("/")
        if not slash or first not in FOLDERS or quoted.startswith(MADE_LATER):
            continue
        if re.search(r"[<>{}…*]", quoted):
            continue
        if not (ROOT / quoted.partition(":")[0]).exists():
            yield quoted


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_links_and_names_only_what_exists(document: str) -> None:
    assert [*dead_links(document), *dead_paths(document)] == []


def test_every_document_is_reached_from_another_one() -> None:
    linked = {
        (ROOT / document).parent.joinpath(link.partition("#")[0]).resolve()
        for document in DOCUMENTS
        for link in LINK.findall(text_of(document))
        if not link.startswith("http")
    }
    lost = [name for name in DOCUMENTS if name != "README.md" and ROOT / name not in linked]
    assert lost == []
