"""An incident that somebody ended in Temporal itself is not passed off as open."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest

from domain.ids import incident_workflow_id
from tests.terminal import Terminal
from wiring import connect

pytestmark = pytest.mark.whole
_numbers = itertools.count(1)


@pytest.fixture
def terminated(second: Terminal) -> str:
    """The name of an incident that was open, with a message at its gate, and was terminated."""
    slug = f"terminated-{next(_numbers)}"
    (second.folder / "few.csv").write_text("email\na@example.org\n", encoding="utf-8")
    second.type("audience import few.csv --name few")
    second.type(f'open {slug} --title "Down, {slug}" --audience few --as maya')
    second.read(f"propose {slug} announcement --as maya")

    async def terminate() -> None:
        handle = (await connect()).get_workflow_handle(incident_workflow_id(slug))
        await handle.terminate("by hand")

    asyncio.run(terminate())
    return slug


def listed(terminal: Terminal, line: str) -> dict[str, str]:
    return {row["slug"]: row["stage"] for row in terminal.read(line)}


def test_the_list_says_how_it_ended(second: Terminal, terminated: str) -> None:
    everything, still_open = listed(second, "list"), listed(second, "list --open")
    assert (everything[terminated], terminated in still_open) == ("terminated, not closed", False)


def test_its_status_is_shown_and_nothing_is_urged(second: Terminal, terminated: str) -> None:
    page = " ".join(second.type(f"status {terminated}").stdout.split())
    told = "its workflow ended in Temporal (terminated)" in page
    assert (told, "announcement waits" in page, "Next:" in page) == (True, True, False)


def test_watching_it_ends(second: Terminal, terminated: str) -> None:
    assert second.type(f"status {terminated} --watch").exit_code == 0


@pytest.mark.parametrize(
    "line",
    [
        lambda slug: f"propose {slug} announcement --as maya",
        lambda slug: f"close {slug} --as maya",
    ],
    ids=["propose", "close"],
)
def test_whoever_tells_it_something_is_told_that_it_is_over(
    second: Terminal, terminated: str, line: Callable[[str], str]
) -> None:
    result = second.type(line(terminated))
    assert (result.exit_code, "recover --temporal-lost" in result.stderr) == (3, True)


def test_it_can_be_started_again_from_the_snapshot_that_the_ledger_has(
    second: Terminal, terminated: str
) -> None:
    result = second.type(f"recover {terminated} --temporal-lost --as maya")
    page = " ".join(second.type(f"status {terminated}").stdout.split())
    assert (result.exit_code, "announcement waits" in page) == (0, True), result.output
