"""The benchmarks run and add up; how fast anything was is not looked at."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
_OURS = ("FRONTFOOT_", "TEMPORAL_")

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a quick run has written, in a folder of its own."""
    folder = tmp_path_factory.mktemp("benchmarks")
    scratch = folder / "scratch"
    scratch.mkdir()
    rest = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--out", str(folder / "out")],
        cwd=ROOT,
        env={**rest, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert list(scratch.iterdir()) == [], "it left something behind"
    return folder / "out"


@pytest.fixture
def found(out: Path) -> Any:
    return json.loads((out / "results.json").read_text(encoding="utf-8"))


def test_every_recipient_of_the_broadcast_reached_the_sink_once(found: Any) -> None:
    [run] = found["frontfoot"]
    [size] = found["plan"]["sizes"]
    assert run["broadcast"]["recipients"] == run["received"] == size
    assert run["broadcast"]["requests"] * found["plan"]["batch_size"] == size


def test_the_first_acceptance_comes_before_the_last(found: Any) -> None:
    [run] = found["frontfoot"]
    assert 0 < run["broadcast"]["first_seconds"] < run["broadcast"]["seconds"]


def test_each_contestant_stands_between_two_measurements_of_the_limit(found: Any) -> None:
    brackets = [one["bracket"] for one in (*found["sampled"], *found["frontfoot"])]
    assert len(brackets) == 3
    for bracket in brackets:
        assert bracket["before"]["way"] == bracket["after"]["way"] == found["fastest"]
        assert bracket["before"]["recipients"] == found["plan"]["limit_recipients"]


def test_people_were_told_on_every_channel_after_each_approval(found: Any) -> None:
    seconds = found["approvals"]["seconds"]
    assert sorted(seconds) == ["email", "facebook", "twitter"]
    assert {len(each) for each in seconds.values()} == {found["plan"]["approvals"]}
    assert all(wait > 0 for each in seconds.values() for wait in each)


def test_posts_went_out_beside_a_broadcast_and_events(found: Any) -> None:
    [hour] = found["rush_hours"]
    assert len(hour["seconds"]) == found["plan"]["rush_approvals"]
    assert all(wait > 0 for wait in hour["seconds"])
    assert hour["per_second"] > 0
    assert hour["told"]["events"] > 0
    assert hour["told"]["refused"] == 0


def test_replies_went_out_beside_an_announcement_and_claims_had_one_owner(found: Any) -> None:
    run, race = found["replies"], found["claims"]
    assert 0 < run["replies"] <= run["limit"]
    assert [wait > 0 for wait in run["announced"]] == [True]
    assert race["one_owner"] == race["mentions"] == found["plan"]["claim_mentions"]


def test_the_page_says_that_a_quick_run_is_good_for_nothing(out: Path) -> None:
    assert "good for nothing" in (out / "README.md").read_text(encoding="utf-8")


def test_the_tables_show_the_rates_that_were_measured(out: Path, found: Any) -> None:
    [run] = found["frontfoot"]
    rate = run["broadcast"]["recipients"] / run["broadcast"]["seconds"]
    page = (out / "README.md").read_text(encoding="utf-8")
    [line] = re.findall(r"^\| Frontfoot, SQLite, 1 worker +\| .*$", page, re.MULTILINE)
    assert f" {rate:,.0f} " in line


def test_the_plot_is_a_picture_of_every_contestant(out: Path, found: Any) -> None:
    picture = ElementTree.parse(out / "results.svg")
    words = "".join(picture.getroot().itertext())
    names = [sample["name"] for sample in found["sampled"]]
    assert all(name in words for name in (*names, "physical limit", "Frontfoot, SQLite"))


def test_the_status_page_was_read_and_had_the_news(found: Any, out: Path) -> None:
    kinds = [(one["path"], one["status"]) for one in found["page_served"]]
    assert kinds == [
        (path, status) for path in ("/", "/api/v2/summary.json") for status in (200, 304)
    ]
    assert all(one["answers"] > 0 for one in found["page_served"])
    whole, own = (one["bytes"] / one["answers"] for one in found["page_served"][:2])
    assert whole > own, "a reader who has the newest copy gets it again"
    assert len(found["page_news"]["seconds"]) == found["plan"]["page_approvals"]
    assert "## The status page" in (out / "README.md").read_text(encoding="utf-8")
